"""What the slow judge says of whole lives: it reads the journals row by row and knows only contract.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth_oracle import Night

Verdict = tuple[str, dict, int, str]
DAY = timedelta(days=1)


def cents(row: dict) -> int:
    return int(Decimal(row["amount"]) * 100)


def at(row: dict) -> datetime:
    return datetime.fromisoformat(row["txn_time"])


def lives(night: Night) -> Iterator[Verdict]:
    run = night.folder.config["run"]
    window = timedelta(minutes=run["duplicate_window_minutes"])
    rows = sorted((r for r in night.good_journal if r["status"] == "APPROVED"), key=lambda r: (at(r), r["rrn"]))
    naming = defaultdict(list)
    for row in rows:
        if row["original_rrn"]:
            naming[row["merchant_id"], row["original_rrn"]].append(row)
    yield from charges(rows, naming, window)
    yield from refunds(night, rows, naming, window)
    yield from preauths(night, rows, naming, run["preauth_days"])
    yield from chargebacks(night)


def charges(rows: list[dict], naming: dict, window: timedelta) -> Iterator[Verdict]:
    cards = defaultdict(list)
    for row in rows:
        undone = naming.get((row["merchant_id"], row["rrn"]))
        if row["txn_type"] == "SALE" and row["card_no"] and not (row["rrn"] and undone):
            cards[row["merchant_id"], row["card_no"], row["amount"]].append(row)
    for sales in cards.values():
        for n, sale in enumerate(sales):
            if any(at(sale) - at(earlier) <= window for earlier in sales[:n]):
                yield "DUPLICATE_CHARGE", sale, cents(sale), "long"


def refunds(night: Night, rows: list[dict], naming: dict, window: timedelta) -> Iterator[Verdict]:
    sales = {(r["merchant_id"], r["rrn"]): cents(r) for r in rows if r["txn_type"] == "SALE"}
    sales |= {(r["merchant_id"], r["rrn"]): cents(r) for r in night.good_journal if r["txn_type"] == "SALE"}
    for line in night.good_lines:
        if line["record_type"] == "SALE" and line["rrn"]:
            sales.setdefault((line["merchant_id"], line["rrn"]), int(Decimal(line["gross"]) * 100))
    for key, named in naming.items():
        back = [row for row in named if row["txn_type"] == "REFUND"]
        for n, row in enumerate(back):
            if key not in sales:
                days = range((at(row).date() - night.folder.first).days + 1)
                if all(night.has("journal", night.folder.first + k * DAY) for k in days):
                    yield "REFUND_UNLINKED", row, cents(row), "short"
                continue
            same = [other for other in back[:n] if other["amount"] == row["amount"]]
            over = sum(cents(other) for other in back[: n + 1]) - sales[key]
            if same and (over > 0 or any(at(row) - at(other) <= window for other in same)):
                yield "REFUND_DUPLICATE", row, cents(row), "short"
            elif over > 0:
                yield "REFUND_EXCESS", row, over, "short"


def preauths(night: Night, rows: list[dict], naming: dict, within: int) -> Iterator[Verdict]:
    for row in rows:
        if row["txn_type"] != "PREAUTH":
            continue
        ends = naming.get((row["merchant_id"], row["rrn"]), [])
        due = at(row).date() + within * DAY
        days = range((due - night.folder.first).days + 1)
        known = all(night.has("journal", night.folder.first + k * DAY) for k in days)
        if not ends and night.run > due and known:
            yield "PREAUTH_NOT_COMPLETED", row, cents(row), "none"
        for end in ends:
            over = cents(end) - cents(row) * 115 // 100
            if end["txn_type"] == "PREAUTH_COMPLETION" and over > 0:
                yield "PREAUTH_EXCESS", end, over, "long"


def chargebacks(night: Night) -> Iterator[Verdict]:
    """Listed on the newest line that took the sale back, while it is taken back more often than claimed again."""
    taken, claimed = defaultdict(list), defaultdict(int)
    for line in sorted(night.good_lines, key=lambda row: row["settlement_date"]):
        sale = (line["merchant_id"], line["order_no"] or line["original_rrn"])
        if line["record_type"] == "CHARGEBACK":
            taken[sale].append(line)
        if line["record_type"] == "REPRESENTMENT":
            claimed[sale] += 1
    for sale, lines in taken.items():
        if len(lines) > claimed[sale]:
            yield "CHARGEBACK", lines[-1], abs(int(Decimal(lines[-1]["gross"]) * 100)), "short"
