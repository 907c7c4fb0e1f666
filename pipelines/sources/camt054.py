"""camt.054, notice of single entries (BankToCustomerDebitCreditNotification of ISO 20022), versions 01 to 13."""

from pipelines.sources.camt import CamtProfile

CAMT054 = CamtProfile(name="camt054", message="camt.054", report="Ntfctn", standing="notice")
