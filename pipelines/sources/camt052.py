"""camt.052, the bank's report within the day (ISO 20022 BankToCustomerAccountReport), versions 01 to 13."""

from pipelines.sources.camt import CamtProfile

CAMT052 = CamtProfile(name="camt052", message="camt.052", report="Rpt", standing="interim")
