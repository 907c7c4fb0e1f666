"""No full card number leaves a parser (PCI DSS 3.3): not in rows, not in raw lines, not in reasons."""

import json

import pytest
from native_files import bank_file, bank_line, journal_file, journal_line, settlement_file, settlement_line

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources import PROFILES
from pipelines.sources.declared import Declaration, profile_of

CARD = "4111111111111111"
NO_LUHN = "6222801234567890123"


def all_of(done: intake.Read) -> str:
    """Everything that could be stored, shown or mailed."""
    told = [done.accepted.write_csv(), json.dumps(done.rejected.to_dicts(), ensure_ascii=False)]
    return "\n".join([*told, done.refusal.text if done.refusal else "", *done.parsed.warnings])


def read(profile: str, data: bytes) -> intake.Read:
    """A file as the night reads it."""
    return intake.read(PROFILES[profile], data, Settings(), Source(name="s", profile=profile, pattern="*"))


@pytest.mark.parametrize(
    "given",
    [
        {"card_no": CARD},
        {"card_no": NO_LUHN},
        {"card_no": "4111 1111 1111 1111"},
        {"card_no": "6222-8012-3456-7890-123"},
        {"operator_id": f"card {CARD}"},
        {"card_no": CARD, "amount": "?"},
        {"card_no": NO_LUHN, "amount": "?"},
        {"operator_id": CARD, "txn_type": "GIFT"},
        {"amount": CARD},
        {"amount": NO_LUHN},
        {"currency": CARD},
        {"currency": NO_LUHN},
        {"status": NO_LUHN},
        {"txn_time": NO_LUHN},
        {"txn_time": "4111 1111 1111 1111"},
        {"order_no": CARD, "amount": "?"},
    ],
)
def test_a_journal_shows_no_card_number(given: dict[str, str]) -> None:
    found = all_of(read("pos_journal", journal_file(journal_line(**given))))
    digits = found.replace(" ", "").replace("-", "")
    assert CARD not in digits
    assert NO_LUHN not in digits


@pytest.mark.parametrize(
    "line", [f"T1,{CARD}", f"T1,{NO_LUHN},x", f'"{NO_LUHN}', f"# {NO_LUHN}", f"{journal_line()},{NO_LUHN}"]
)
def test_a_line_that_is_no_row_shows_no_card_number(line: str) -> None:
    done = read("pos_journal", journal_file(journal_line(), line))
    assert done.rejected["line"].to_list() == [3]
    assert CARD not in all_of(done)
    assert NO_LUHN not in all_of(done)


def test_numbers_that_lead_to_the_line_stay() -> None:
    line = journal_line(merchant_id="898319849000018", rrn="603020000001", txn_type="GIFT", card_no=CARD)
    (raw,) = read("pos_journal", journal_file(line)).rejected["raw"]
    assert "898319849000018" in raw
    assert "603020000001" in raw
    assert "411111******1111" in raw


@pytest.mark.parametrize(
    "given", [{"card_no": NO_LUHN}, {"reason_code": f"pan {CARD}"}, {"card_no": NO_LUHN, "net": "1.00"}]
)
def test_a_settlement_file_shows_no_card_number(given: dict[str, str]) -> None:
    found = all_of(read("acquirer_csv", settlement_file(settlement_line(**given))))
    assert CARD not in found
    assert NO_LUHN not in found


@pytest.mark.parametrize(
    "given",
    [{"remittance": f"refund to {CARD}"}, {"counterparty": "4111-1111-1111-1111"}, {"remittance": CARD, "amount": "?"}],
)
def test_a_bank_statement_shows_no_card_number(given: dict[str, str]) -> None:
    found = all_of(read("bank_csv", bank_file(bank_line(**given))))
    assert CARD not in found.replace("-", "")


def test_a_declared_profile_masks_its_card_column_too() -> None:
    declared = Declaration(
        name="x",
        side="journal",
        header=False,
        delimiter="|",
        columns={"txn_time": 1, "amount": 2, "card_no": 3, "operator_id": 4},
        constants={"merchant_id": "M", "txn_type": "SALE", "channel": "CARD", "status": "APPROVED", "currency": "CNY"},
    )
    data = f"2026-03-02 10:00|1.00|{NO_LUHN}|{CARD}\n2026-03-02 10:00|?|{NO_LUHN}|\n2026-03-02 10:00|{NO_LUHN}\n"
    done = intake.read(profile_of(declared), data.encode(), Settings(), None)
    assert (done.accepted.height, done.rejected.height) == (1, 2)
    assert done.accepted["card_no"].item() == "622280*********0123"
    assert NO_LUHN not in all_of(done)
    assert CARD not in all_of(done)
