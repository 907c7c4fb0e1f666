"""A shop and its nights: rows as the three parties write them, files as they arrive, and what `recon` then says.

Rows are told to a `Shop` first; `night` lets the files of the dates that have come arrive in the inbox, each with a
right trailer, runs the night without Prefect and keeps what it said. `story` reads one transaction across all nights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reading import KEYS, Night, rows_of
from sheets import (
    COUNTERPARTIES,
    JOURNAL,
    MERCHANTS,
    SETTLEMENT,
    SHOP,
    TILL,
    WALLET_SHOP,
    File,
    Row,
    bank_text,
    journal_text,
    recon_toml,
    settlement_text,
)

from pipelines import commands, config, nightly
from pipelines.checks.workdays import is_business_day

MON, TUE, WED, THU, FRI, SAT, SUN, MON2, TUE2, WED2 = (date(2026, 3, 30) + timedelta(days=n) for n in range(10))
"""Ten days in a row from Monday 30 March 2026. The banks are closed SAT to MON2: a weekend and Tomb-Sweeping Day."""


@dataclass
class Shop:
    """A merchant with a till, one or two acquirers and a bank account.

    run: keys of [run] that differ from the contract's example; acquirers: UNIONPAY for cards, WECHAT for wallets.
    """

    root: Path
    acquirers: tuple[str, ...] = ("UNIONPAY",)
    run: Mapping[str, object] = field(default_factory=dict)
    lag: int = 1
    cutoff: str = "00:00"
    rows: dict[File, list[Row]] = field(default_factory=dict)
    held: set[File] = field(default_factory=set)
    delivered: set[File] = field(default_factory=set)
    seen: list[Night] = field(default_factory=list)
    began: date | None = None
    _stan: int = 0

    def __post_init__(self) -> None:
        self.inbox.mkdir(parents=True)
        self.config.write_text(recon_toml(self.acquirers, self.run, self.lag, self.cutoff), encoding="utf-8")

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def config(self) -> Path:
        return self.root / "recon.toml"

    @property
    def published(self) -> Path:
        return self.root / "var" / "published" / "investigate.duckdb"

    # what the three parties write down

    def sale(self, rrn: str, amount: str, day: date, *, at: str = "12:00:00", kind: str = "SALE", **cells: Any) -> Row:
        """One journal row; its RRN is its own, its STAN the next."""
        self._stan += 1
        row = dict.fromkeys(JOURNAL, "") | {
            "terminal_id": TILL,
            "merchant_id": SHOP,
            "batch_no": "000001",
            "stan": f"{self._stan:06d}",
            "rrn": rrn,
            "txn_type": kind,
            "channel": "CARD",
            "amount": amount,
            "currency": "CNY",
            "txn_time": f"{day}T{at}",
            "response_code": "00",
            "status": "APPROVED",
            "operator_id": "01",
        }
        return self._note("pos", day, row | cells)

    def bought(self, ref: str, amount: str, *, wallet: bool = False) -> None:
        """A sale of MON that was settled on TUE: what a refund may name."""
        if wallet:
            self.wallet(ref, amount, MON)
            self.wallet_settled(ref, amount, TUE)
        else:
            self.sale(ref, amount, MON)
            self.settled(ref, amount, TUE)

    def refund(self, rrn: str, amount: str, day: date, *, of: str, **cells: Any) -> Row:
        """A refund of an earlier sale."""
        return self.sale(rrn, amount, day, kind="REFUND", original_rrn=of, **cells)

    def void(self, rrn: str, amount: str, day: date, *, of: str, kind: str = "VOID", **cells: Any) -> Row:
        """A void or a reversal of a sale."""
        return self.sale(rrn, amount, day, kind=kind, original_rrn=of, **cells)

    def wallet(self, order: str, amount: str, day: date, **cells: Any) -> Row:
        """A WeChat sale: its identity is the order number, the terminal's RRN stays in the shop."""
        theirs = {"channel": "WECHAT", "merchant_id": WALLET_SHOP, "order_no": order, "response_code": ""}
        return self.sale(cells.pop("rrn", f"T{order}"), amount, day, **(theirs | cells))

    def settled(
        self,
        rrn: str,
        gross: str,
        day: date,
        *,
        acquirer: str = "UNIONPAY",
        kind: str = "SALE",
        sold: date | None = None,
        fee: str = "0.00",
        **cells: Any,
    ) -> Row:
        """One line of the acquirer's file named `day`, for a transaction of the day before unless `sold` says so."""
        row = dict.fromkeys(SETTLEMENT, "") | {
            "acquirer": acquirer,
            "settlement_date": str(day),
            "record_type": kind,
            "merchant_id": MERCHANTS[acquirer],
            "terminal_id": TILL,
            "rrn": rrn,
            "txn_time": f"{sold or day - timedelta(days=1)}T12:00:00",
            "gross": gross,
            "fee": fee,
            "net": str(Decimal(gross) - Decimal(fee)),
            "currency": "CNY",
        }
        return self._note(acquirer.lower(), day, row | cells)

    def wallet_settled(self, order: str, gross: str, day: date, *, kind: str = "SALE", **cells: Any) -> Row:
        """One line of WeChat's file: order number, no RRN, no terminal."""
        return self.settled("", gross, day, acquirer="WECHAT", kind=kind, order_no=order, terminal_id="", **cells)

    def payout(self, payout_id: str, net: str, day: date, *, acquirer: str = "UNIONPAY", **cells: Any) -> Row:
        """A payout with the one sale that makes it up, sold by the shop the day before."""
        self.sale(f"of-{payout_id}", net, day - timedelta(days=1), merchant_id=MERCHANTS[acquirer], **cells)
        self.settled(f"of-{payout_id}", net, day, acquirer=acquirer, payout_id=payout_id, **cells)
        return self.declared(payout_id, net, day, acquirer=acquirer, **cells)

    def declared(self, payout_id: str, net: str, day: date, *, acquirer: str = "UNIONPAY", **cells: Any) -> Row:
        """A PAYOUT line alone."""
        blank: dict[str, Any] = {"terminal_id": "", "txn_time": ""}
        return self.settled("", net, day, acquirer=acquirer, kind="PAYOUT", payout_id=payout_id, **(blank | cells))

    def released(self, payout_id: str, net: str, day: date, *, acquirer: str = "UNIONPAY", **cells: Any) -> Row:
        """A payout made up of a reserve that is let go: nothing of it is in the journal."""
        self.settled("", net, day, acquirer=acquirer, kind="RESERVE_RELEASE", payout_id=payout_id, **cells)
        return self.declared(payout_id, net, day, acquirer=acquirer, **cells)

    def banked(self, remittance: str, amount: str, day: date, *, acquirer: str = "UNIONPAY", **cells: Any) -> Row:
        """One bank entry, from the acquirer unless `counterparty` says otherwise."""
        entries = len(self.rows.get(File("bank-main", day), []))
        row = {
            "account": "CMB-001",
            "booking_date": str(day),
            "value_date": str(day),
            "amount": amount,
            "currency": "CNY",
            "bank_ref": f"B{day:%m%d}{entries + 1}",
            "remittance": remittance,
            "counterparty": COUNTERPARTIES[acquirer],
            "balance": "",
        }
        return self._note("bank-main", day, row | cells)

    def _note(self, source: str, day: date, row: Row) -> Row:
        file = File(source, day)
        assert file not in self.delivered, f"{file.name} has been delivered already"
        self.rows.setdefault(file, []).append(row)
        return row

    # files and nights

    def hold(self, source: str, *days: date) -> None:
        """Files that do not arrive until they are released."""
        self.held |= {File(source, day) for day in days}

    def release(self, source: str, *days: date) -> None:
        """They come after all, with the next night."""
        self.held -= {File(source, day) for day in days}

    def text(self, source: str, day: date) -> str:
        """The file as its sender writes it."""
        file = File(source, day)
        rows = self.rows.get(file, [])
        if source == "pos":
            return journal_text(rows)
        if source == "bank-main":
            return bank_text(rows, self._closing_before(day))
        return settlement_text(rows)

    def put(self, name: str, content: str | bytes) -> Path:
        """A file of any name and content in the inbox."""
        path = self.inbox / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def arrive(self, until: date) -> None:
        """Every file of the dates up to `until` that is not held lies in the inbox."""
        self.began = self.began or until
        for file in self._expected(until):
            if file not in self.held and file not in self.delivered:
                self.put(file.name, self.text(file.source, file.day))
                self.delivered.add(file)

    def night(self, day: date) -> Night:
        """Files arrive, the night runs; what it said and left is kept."""
        self.arrive(day)
        said: list[str] = []
        summary = nightly.run(config.load(self.config), day, said.append)
        self.seen.append(Night(day, summary, said, commands.list_exceptions(self.config, None, None, "all")))
        return self.seen[-1]

    def nights(self, first: date, last: date) -> Night:
        """One night after the other; returns the last."""
        for day in days(first, last):
            self.night(day)
        return self.seen[-1]

    def story(self, key: str | None = None, **cells: object) -> list[tuple[date, str]]:
        """What the register says of one key, or of all rows with these cells: each night on which that changes.

        waiting · a type while it is open · the type and `cleared` once it is · `-` for nothing any more.
        """
        told = [(night.day, ", ".join(sorted(self._told(night, key, cells))) or "-") for night in self.seen]
        before = ["-", *(words for _, words in told)]
        return [(day, words) for (day, words), last in zip(told, before, strict=False) if words != last]

    def _told(self, night: Night, key: str | None, cells: Mapping[str, object]) -> Iterator[str]:
        for row in night.register:
            known_by = {row[k] for k in KEYS}
            if (key is None or key in known_by) and all(row[k] == str(v) for k, v in cells.items()):
                status = row["status"]
                yield {"open": row["type"], "waiting": "waiting"}.get(status, f"{row['type']} {status}")

    def exception(self, key: str, kind: str) -> dict[str, Any]:
        """The one exception of a type that bears the key, as the last night left it."""
        (found,) = [e for e in self.seen[-1].register if e["type"] == kind and key in {e[k] for k in KEYS}]
        return found

    def history(self, key: str) -> list[tuple[str, str, str]]:
        """Everything that ever happened to exceptions that bear the key: run date, type, event."""
        found = rows_of(self, "SELECT * FROM exception_history ORDER BY event_no")
        return [(str(e["run_date"]), e["type"], e["event"]) for e in found if key in {e[k] for k in KEYS}]

    def state(self, side: str, key: str) -> list[str]:
        """What became of the rows of a side that bear the key, in the order they were read."""
        columns = {"journal": "rrn, order_no", "settlement": "rrn, order_no, payout_id", "bank": "bank_ref, remittance"}
        found = rows_of(self, f"SELECT state, {columns[side]} FROM {side} ORDER BY row_id")  # noqa: S608
        return [row.pop("state") for row in found if key in row.values()]

    def _expected(self, until: date) -> list[File]:
        """What senders have sent by then: their due files from the first night on, and any with rows in it."""
        sources = ["pos", *(a.lower() for a in self.acquirers), "bank-main"]
        due = {File(source, day) for day in days(self.began or until, until) for source in sources}
        told = {file for file in self.rows if file.day <= until}
        return sorted({f for f in due if self._is_due(f, self.began or until)} | told, key=lambda f: (f.day, f.source))

    def _is_due(self, file: File, began: date) -> bool:
        if file.day < began:
            return False
        if file.source == "bank-main":
            return is_business_day(file.day, "CN")
        return file.source == "pos" or file.day > began

    def _closing_before(self, day: date) -> Decimal:
        entries = [row for f, rows in self.rows.items() if f.source == "bank-main" and f.day < day for row in rows]
        return Decimal("1000.00") + sum(Decimal(row["amount"]) for row in entries)


def days(first: date, last: date) -> list[date]:
    """Calendar days, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
