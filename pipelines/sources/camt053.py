"""camt.053, the bank's statement of account (ISO 20022 BankToCustomerStatement), versions 01 to 13."""

from pipelines.sources.camt import CamtProfile

CAMT053 = CamtProfile(name="camt053", message="camt.053", report="Stmt")
