"""camt.053: golden files, then one test a rule. Golden answers: `REGENERATE_GOLDEN=1 pytest <this file>`."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

import schemas
from pipelines.sources.base import Context, Parsed, Profile, SourceError
from pipelines.sources.camt053 import CAMT053

GOLDEN = Path(__file__).parent / "golden" / "camt053"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def balance(kind: str, amount: str, *, sign: str = "CRDT", day: str = "2026-03-02", currency: str = "EUR") -> str:
    """One Bal."""
    stated = f"<CdtDbtInd>{sign}</CdtDbtInd>" if sign else ""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{amount}</Amt>'
        f"{stated}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(amount: str = "5.00", sign: str = "CRDT", inside: str = "", *, status: str = "<Cd>BOOK</Cd>") -> str:
    """One Ntry, booked on 2026-03-02; `inside` comes last."""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt>{inside}</Ntry>"
    )


def message(*inside: str, namespace: str = NAMESPACE) -> bytes:
    """A message with one statement of account A-1, an element a line."""
    lines = "\n".join(inside)
    account = "<Acct><Id><Othr><Id>A-1</Id></Othr></Id></Acct>"
    statement = f"<BkToCstmrStmt><Stmt>{account}\n{lines}\n</Stmt></BkToCstmrStmt>"
    return f'<Document xmlns="{namespace}">{statement}</Document>'.encode()


def parse(data: bytes) -> Parsed:
    """Parse without any configuration; the file must be recognised first."""
    assert CAMT053.identify("any name", data[: 1 << 16])
    return CAMT053.parse(data, Context())


def answer(parsed: Parsed) -> dict[str, object]:
    """What a golden file states of a parsed file."""
    checked = schemas.check(schemas.BANK, parsed.rows)
    rows = parsed.rows.with_columns(pl.col(pl.Date).cast(pl.String)).drop("unreadable")
    return {
        "rows": rows.to_dicts(),
        "rejected": checked.rejected.to_dicts(),
        "agree": parsed.totals.agree,
        "declared": parsed.totals.declared,
        "computed": parsed.totals.computed,
        "balances": parsed.balances.with_columns(pl.col(pl.Date).cast(pl.String)).rows(),
        "covered": list(parsed.covered),
        "warnings": list(parsed.warnings),
    }


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    got = json.loads(json.dumps(answer(parse(path.read_bytes()))))
    beside = path.with_suffix(".json")
    if os.environ.get("REGENERATE_GOLDEN"):
        beside.write_text(json.dumps(got, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert got == json.loads(beside.read_text(encoding="utf-8"))


def test_it_is_a_bank_profile() -> None:
    profile: Profile = CAMT053
    assert (profile.name, profile.side) == ("camt053", "bank")


def test_rows_have_the_canonical_columns_even_without_entries() -> None:
    for data in (message(entry()), message()):
        canonical = schemas.canonical(schemas.BANK, ("statement", "reversal", "batch_count"))
        assert dict(parse(data).rows.schema) == canonical


def test_balance_that_does_not_follow_from_the_entries_is_a_disagreement() -> None:
    totals = parse(message(balance("OPBD", "10.00"), balance("CLBD", "14.99"), entry("5.00"))).totals
    assert totals.agree is False
    assert totals.disagreement() == "closing declared 1499, computed 1500"


def test_a_closing_balance_alone_declares_nothing_to_compare() -> None:
    assert parse(message(balance("CLBD", "14.99"), entry())).totals.agree is None


def test_opening_of_the_first_day_and_closing_of_the_last_frame_several_days() -> None:
    days = [
        balance("CLBD", "20.00", day="2026-03-03"),
        balance("OPBD", "10.00", day="2026-03-02"),
        balance("CLBD", "15.00", day="2026-03-02"),
        balance("OPBD", "15.00", day="2026-03-03"),
    ]
    assert parse(message(*days, entry(), entry())).totals.declared == {"opening": 1000, "closing": 2000}


def test_two_closing_balances_of_one_day_contradict_each_other() -> None:
    bals = (balance("OPBD", "1"), balance("CLBD", "6"), balance("CLBD", "7"))
    totals = parse(message(*bals, entry())).totals
    assert totals.agree is False
    assert "balance CLBD of 2026-03-02 is declared as 6.00 EUR and 7.00 EUR" in totals.disagreement()


@pytest.mark.parametrize(
    "bals",
    [
        (balance("OPBD", "1O.00"), balance("CLBD", "15.00")),
        (balance("OPBD", "10.00", sign="C"), balance("CLBD", "15.00")),
        (balance("OPBD", "10.00", currency="XXX"), balance("CLBD", "15.00", currency="XXX")),
    ],
)
def test_an_unreadable_balance_is_told_and_never_agrees(bals: tuple[str, str]) -> None:
    parsed = parse(message(*bals, entry()))
    assert parsed.totals.agree is None
    assert any("cannot be read and is not checked" in warning for warning in parsed.warnings)


def test_an_unreadable_entry_does_not_hide_that_another_statement_disagrees() -> None:
    good = message(balance("OPBD", "10.00"), balance("CLBD", "99.00"), entry())
    both = good.replace(
        b"</Stmt>", b"</Stmt><Stmt>" + balance("OPBD", "1").encode() + balance("CLBD", "2").encode()
        + entry("12..34").encode() + b"</Stmt>",
    )  # fmt: skip
    parsed = parse(both)
    assert parsed.totals.agree is False
    assert any("could not be read" in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    ("summary", "agree"),
    [
        ("<TtlNtries><NbOfNtries>2</NbOfNtries><Sum>8.00</Sum></TtlNtries>", True),
        ("<TtlNtries><NbOfNtries>3</NbOfNtries></TtlNtries>", False),
        ("<TtlCdtNtries><Sum>5.01</Sum></TtlCdtNtries>", False),
        ("<TtlNtries><TtlNetNtryAmt>2.00</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd></TtlNtries>", True),
        ("<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>three</Sum></TtlDbtNtries>", None),
    ],
)
def test_transaction_summary(summary: str, agree: bool | None) -> None:
    data = message(f"<TxsSummry>{summary}</TxsSummry>", entry("5.00"), entry("3.00", "DBIT"))
    assert parse(data).totals.agree is agree


def test_a_statement_in_no_known_currency_is_rejected_row_by_row() -> None:
    parsed = parse(message(*[entry().replace("EUR", "ZZZ")] * 3))
    assert schemas.check(schemas.BANK, parsed.rows).rejected.height == 3


def test_pending_and_information_entries_are_no_rows() -> None:
    parsed = parse(message(entry(), entry(status="<Cd>PDNG</Cd>"), entry(status="INFO")))
    assert parsed.data_rows == parsed.rows.height == 1
    assert "2 entries left out as not booked (INFO 1, PDNG 1)" in " ".join(parsed.warnings)


def test_reversal_is_booked_in_the_stated_direction() -> None:
    parsed = parse(message(entry("5.00", "DBIT", "<RvslInd>true</RvslInd>")))
    assert parsed.rows["amount_minor"].to_list() == [-500]


def test_details_never_become_money() -> None:
    details = "".join(f'<TxDtls><Amt Ccy="{code}">9</Amt></TxDtls>' for code in ("USD", "EUR"))
    inside = f"<NtryDtls>{details}</NtryDtls>"
    row = parse(message(entry("5.00", inside=inside))).rows.row(0, named=True)
    assert (row["amount_minor"], row["currency"]) == (500, "EUR")


@pytest.mark.parametrize(
    ("debtor", "creditor", "inside", "party"),
    [
        ("Payer", "We", "", "Payer"),
        ("We", "Paid", "<RtrInf/>", "Paid"),
        ("", "Paid", "<RtrInf/>", "Paid"),
        ("Payer", "", "<RtrInf/>", "Payer"),
    ],
)
def test_returned_payments_keep_the_roles_of_the_payment(
    debtor: str, creditor: str, inside: str, party: str | None
) -> None:
    parties = f"<Dbtr><Pty><Nm>{debtor}</Nm></Pty></Dbtr><Cdtr><Pty><Nm>{creditor}</Nm></Pty></Cdtr>"
    details = f"<NtryDtls><TxDtls><RltdPties>{parties}</RltdPties>{inside}</TxDtls></NtryDtls>"
    assert parse(message(entry(inside=details))).rows["counterparty"].to_list() == [party]


def test_undated_entry_of_a_statement_without_closing_balance_takes_the_day_it_was_written() -> None:
    undated = entry().replace("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", "")
    parsed = parse(message("<CreDtTm>2026-03-05T23:10:00+08:00</CreDtTm>", undated))
    assert parsed.rows["booking_date"].cast(pl.String).to_list() == ["2026-03-05"]
    assert "1 entry without booking date dated by their statement" in parsed.warnings


def test_undated_entry_takes_the_closing_day_or_is_rejected() -> None:
    undated = entry().replace("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", "")
    dated = parse(message(balance("CLBD", "5", day="2026-03-04"), undated)).rows
    assert dated["booking_date"].cast(pl.String).to_list() == ["2026-03-04"]
    assert "neither closing balance nor CreDtTm dates it" in parse(message(undated)).rows["unreadable"][0]


def test_account_of_the_configuration_serves_a_statement_without_one() -> None:
    data = message(entry()).replace(b"<Acct><Id><Othr><Id>A-1</Id></Othr></Id></Acct>", b"")
    parsed = CAMT053.parse(data, Context(account="CMB-001"))
    assert parsed.rows["account"].to_list() == ["CMB-001"]
    assert schemas.check(schemas.BANK, CAMT053.parse(data, Context()).rows).rejected["reason"][0] == "account is blank"


def test_lines_are_those_of_an_editor_far_beyond_65535() -> None:
    data = message(*(entry().replace("<Sts>", "\n\n<Sts>") for _ in range(40_000)))
    lines = data.split(b"\n")
    parsed = parse(data)
    assert parsed.rows["line"].to_list() == [n for n, line in enumerate(lines, 1) if b"<Ntry>" in line]
    last = parsed.rows["line"][-1]
    assert parsed.raw([last, 1])[last].startswith("<Ntry>")
    assert parsed.raw([last, 1])[1].startswith("<Document")


def test_raw_shows_the_unreadable_entry_of_a_file_on_one_line_cut_and_masked() -> None:
    filler = f"<AddtlNtryInf>card 4111111111111111 {'x' * 3000}</AddtlNtryInf>"
    data = message("".join([entry(), entry("12..34", inside=filler), entry()])).replace(b"\n", b"")
    text = parse(data).raw([1])[1]
    assert text.startswith('<Ntry><Amt Ccy="EUR">12..34</Amt>')
    assert "411111******1111" in text
    assert len(text) == 2001
    assert text.endswith("…")


@pytest.mark.parametrize(
    "name", ["camt.052.001.08", "camt.054.001.08", "camt.053", "pain.001.001.09", "head.001.001.01"]
)
def test_other_messages_are_not_claimed_and_the_refusal_says_what_they_are(name: str) -> None:
    data = message(entry(), namespace=f"urn:iso:std:iso:20022:tech:xsd:{name}")
    assert not CAMT053.identify("camt053.xml", data)
    assert name[:8] in CAMT053.explain("camt053.xml", data)
    with pytest.raises(SourceError) as refused:
        CAMT053.parse(data, Context())
    assert refused.value.profile is None


def test_every_known_version_is_read_and_a_newer_one_warned_of() -> None:
    for version in range(1, 15):
        parsed = parse(message(entry(), namespace=f"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}"))
        assert parsed.data_rows == 1
        assert any("newer" in warning for warning in parsed.warnings) is (version == 14)


def test_a_page_among_several_speaks_for_no_day_until_the_last_one_comes() -> None:
    page = "<StmtPgntn><PgNb>1</PgNb><LastPgInd>{}</LastPgInd></StmtPgntn>"
    data = message(page.format("false"), balance("CLBD", "5.00"))
    assert parse(data).covered == ()
    assert "not the last page" in parse(data).warnings[0]
    assert parse(message(page.format("true"), balance("CLBD", "5.00"))).covered == ("2026-03-02",)


def test_utf16_and_byte_order_mark() -> None:
    text = message(entry(inside="<AddtlNtryInf>贷记</AddtlNtryInf>")).decode()
    for data in (text.encode("utf-16"), text.encode("utf-8-sig"), text.encode("utf-16-le")):
        rows = parse(data).rows
        assert (rows["line"][0], rows["remittance"][0]) == (2, "贷记")
