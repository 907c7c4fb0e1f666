"""Small native files for tests: a line by its cells, and a file with the trailer that fits."""

from __future__ import annotations

from collections.abc import Sequence

JOURNAL = (
    "terminal_id,merchant_id,batch_no,stan,rrn,auth_code,txn_type,channel,card_no,card_type,amount,currency,"
    "txn_time,response_code,status,original_rrn,order_no,operator_id"
)
SETTLEMENT = (
    "acquirer,settlement_date,payout_id,record_type,merchant_id,terminal_id,batch_no,stan,rrn,auth_code,card_no,"
    "card_type,txn_time,gross,fee,net,currency,original_rrn,order_no,reason_code"
)
BANK = "account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance"

_SALE = {
    "terminal_id": "T1",
    "merchant_id": "M1",
    "batch_no": "000001",
    "stan": "000002",
    "rrn": "603020000001",
    "txn_type": "SALE",
    "channel": "CARD",
    "amount": "12.50",
    "currency": "CNY",
    "txn_time": "2026-03-02T10:00:00",
    "status": "APPROVED",
}
_LINE = {
    "acquirer": "UNIONPAY",
    "settlement_date": "2026-03-03",
    "payout_id": "P1",
    "record_type": "SALE",
    "merchant_id": "M1",
    "terminal_id": "T1",
    "rrn": "603020000001",
    "gross": "12.50",
    "fee": "0.06",
    "net": "12.44",
    "currency": "CNY",
}
_ENTRY = {"account": "A1", "booking_date": "2026-03-04", "amount": "12.44", "currency": "CNY", "balance": "112.44"}


def _cells(header: str, defaults: dict[str, str], given: dict[str, str]) -> str:
    names = header.split(",")
    assert set(given) <= set(names)
    return ",".join((defaults | given).get(name, "") for name in names)


def journal_line(**given: str) -> str:
    """One line of a pos_journal: an approved sale of 12.50 CNY, but for what is given."""
    return _cells(JOURNAL, _SALE, given)


def settlement_line(**given: str) -> str:
    """One line of an acquirer_csv: the settlement of that sale, fee 0.06, but for what is given."""
    return _cells(SETTLEMENT, _LINE, given)


def bank_line(**given: str) -> str:
    """One line of a bank_csv: a credit of 12.44 CNY, but for what is given."""
    return _cells(BANK, _ENTRY, given)


def journal_file(*lines: str, amount: str = "12.50", rows: int | None = None) -> bytes:
    """A pos_journal; its trailer counts the lines."""
    return _file(JOURNAL, lines, f"# rows={len(lines) if rows is None else rows} amount={amount}")


def settlement_file(*lines: str, sums: str = "gross=12.50 fee=0.06 net=12.44", rows: int | None = None) -> bytes:
    """An acquirer_csv; its trailer counts the lines."""
    return _file(SETTLEMENT, lines, f"# rows={len(lines) if rows is None else rows} {sums}")


def bank_file(*lines: str, sums: str = "opening=100.00 closing=112.44", rows: int | None = None) -> bytes:
    """A bank_csv; its trailer counts the lines."""
    return _file(BANK, lines, f"# rows={len(lines) if rows is None else rows} {sums}")


def _file(header: str, lines: Sequence[str], trailer: str) -> bytes:
    return "\n".join([header, *lines, trailer, ""]).encode()
