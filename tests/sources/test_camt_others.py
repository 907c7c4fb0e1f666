"""camt.052 and camt.054: told apart from statements, read alike, and without the last word on a day."""

import pytest
from test_camt053 import balance, entry, message

import schemas
from pipelines.sources.base import Context, Parsed
from pipelines.sources.camt import CamtProfile
from pipelines.sources.camt052 import CAMT052
from pipelines.sources.camt053 import CAMT053
from pipelines.sources.camt054 import CAMT054

ROOTS = {"camt052": "BkToCstmrAcctRpt", "camt053": "BkToCstmrStmt", "camt054": "BkToCstmrDbtCdtNtfctn"}
EVERY = (CAMT052, CAMT053, CAMT054)


def other(profile: CamtProfile, *inside: str, version: int = 8) -> bytes:
    """A message of a profile, with one report of account A-1."""
    data = message(*inside, namespace=f"urn:iso:std:iso:20022:tech:xsd:{profile.message}.001.{version:02}")
    data = data.replace(b"BkToCstmrStmt", ROOTS[profile.name].encode())
    return data.replace(b"Stmt>", profile.report.encode() + b">").replace(b"StmtPgntn", b"RptPgntn")


def parse(profile: CamtProfile, data: bytes) -> Parsed:
    return profile.parse(data, Context())


@pytest.mark.parametrize("version", range(1, 14))
@pytest.mark.parametrize("profile", EVERY, ids=lambda profile: profile.name)
def test_each_version_of_each_message_is_claimed_once_whatever_it_is_called(profile: CamtProfile, version: int) -> None:
    data = other(profile, entry("5.00"), version=version)
    assert [each.name for each in EVERY if each.identify("camt.053.xml", data)] == [profile.name]
    rows = schemas.check(schemas.BANK, parse(profile, data).rows).accepted
    assert rows.select("account", "amount_minor", "currency").rows() == [("A-1", 500, "EUR")]


def test_the_first_version_names_its_root_with_it() -> None:
    data = other(CAMT052, entry(), version=1).replace(b"BkToCstmrAcctRpt", b"BkToCstmrAcctRptV01")
    assert CAMT052.identify("x", data)
    assert parse(CAMT052, data).data_rows == 1


def test_a_report_within_the_day_speaks_for_no_day_and_need_not_tie() -> None:
    bals = balance("PRCD", "10.00"), balance("CLBD", "10.00")
    within = parse(CAMT052, other(CAMT052, *bals, entry("5.00")))
    assert (within.standing, within.covered, within.totals.agree) == ("interim", (), None)
    assert "the balances do not tie with its entries" in " ".join(within.warnings)
    assert parse(CAMT053, other(CAMT053, *bals, entry("5.00"))).totals.agree is False
    tied = parse(CAMT052, other(CAMT052, bals[0], balance("CLBD", "15.00"), entry("5.00")))
    assert tied.totals.agree is True


def test_a_notice_that_counts_its_entries_is_checked() -> None:
    summary = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries></TtlNtries></TxsSummry>"
    assert parse(CAMT054, other(CAMT054, summary.format(1), entry())).totals.agree is True
    lost = parse(CAMT054, other(CAMT054, summary.format(2), entry()))
    assert (lost.standing, lost.totals.agree) == ("notice", False)


def test_statement_page_reversal_and_batch_of_an_entry() -> None:
    batches = (
        "<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch></NtryDtls><NtryDtls><Btch><NbOfTxs>4</NbOfTxs></Btch></NtryDtls>"
    )
    inside = "<RvslInd>true</RvslInd>" + batches
    page = "<Id>S-7</Id><StmtPgntn><PgNb>{}</PgNb><LastPgInd>{}</LastPgInd></StmtPgntn>"
    named = {(1, "true"): "S-7", (1, "false"): "S-7 page 1", (2, "true"): "S-7 page 2"}
    for (number, last), name in named.items():
        data = message(page.format(number, last), entry(inside=inside), entry())
        rows = parse(CAMT053, data).rows.select("statement", "reversal", "batch_count").rows()
        assert rows == [(name, True, 7), (name, False, None)]


def test_balances_bear_the_line_of_their_statement() -> None:
    data = message("<Id>S-7</Id>", balance("OPBD", "10.00", day="2026-03-01"), balance("CLBD", "15.00"), entry())
    found = parse(CAMT053, data).balances
    assert found.drop("balance_date").rows() == [
        (1, "A-1", "S-7", "opening", 1000, "EUR"),
        (1, "A-1", "S-7", "closing", 1500, "EUR"),
    ]
    assert found["balance_date"].cast(str).to_list() == ["2026-03-01", "2026-03-02"]


def test_a_balance_that_cannot_be_read_is_none() -> None:
    assert parse(CAMT053, message(balance("OPBD", "1O"), balance("CLBD", "5"), entry())).balances.height == 1
