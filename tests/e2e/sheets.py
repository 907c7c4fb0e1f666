"""Files as their senders write them, in the native profiles and with right trailers, and the recon.toml for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

JOURNAL = [
    *(
        "terminal_id",
        "merchant_id",
        "batch_no",
        "stan",
        "rrn",
        "auth_code",
        "txn_type",
        "channel",
        "card_no",
        "card_type",
    ),
    *("amount", "currency", "txn_time", "response_code", "status", "original_rrn", "order_no", "operator_id"),
]
SETTLEMENT = [
    *(
        "acquirer",
        "settlement_date",
        "payout_id",
        "record_type",
        "merchant_id",
        "terminal_id",
        "batch_no",
        "stan",
        "rrn",
    ),
    *("auth_code", "card_no", "card_type", "txn_time", "gross", "fee", "net", "currency", "original_rrn", "order_no"),
    "reason_code",
]
BANK = [
    *(
        "account",
        "booking_date",
        "value_date",
        "amount",
        "currency",
        "bank_ref",
        "remittance",
        "counterparty",
        "balance",
    ),
]

SHOP, TILL = "898310158120001", "10000101"
WALLET_SHOP = "1600000001"
MERCHANTS = {"UNIONPAY": SHOP, "WECHAT": WALLET_SHOP}
COUNTERPARTIES = {"UNIONPAY": "银联商务股份有限公司", "WECHAT": "财付通支付科技有限公司"}

Row = dict[str, str]


@dataclass(frozen=True)
class File:
    """One file that a source sends: its source's name and the date in its name."""

    source: str
    day: date

    @property
    def name(self) -> str:
        stem = {"pos": "journal", "bank-main": "bank"}.get(self.source, f"settlement_{self.source.upper()}")
        return f"{stem}_{self.day:%Y%m%d}.csv"


def _csv(header: Iterable[str], rows: Iterable[Row], trailer: str) -> str:
    names = list(header)
    return "\n".join([",".join(names), *(",".join(row[n] for n in names) for row in rows), trailer, ""])


def _sum(rows: Iterable[Row], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows), Decimal("0.00"))


def journal_text(rows: list[Row]) -> str:
    """A `pos_journal` file."""
    return _csv(JOURNAL, rows, f"# rows={len(rows)} amount={_sum(rows, 'amount')}")


def settlement_text(rows: list[Row]) -> str:
    """An `acquirer_csv` file; PAYOUT lines count in its rows and not in its sums."""
    lines = [row for row in rows if row["record_type"] != "PAYOUT"]
    sums = " ".join(f"{name}={_sum(lines, name)}" for name in ("gross", "fee", "net"))
    return _csv(SETTLEMENT, rows, f"# rows={len(rows)} {sums}")


def bank_text(rows: list[Row], opening: Decimal) -> str:
    """A `bank_csv` file whose balances go on from `opening`."""
    balance, written = opening, []
    for row in rows:
        balance += Decimal(row["amount"])
        written.append(row | {"balance": str(balance)})
    return _csv(BANK, written, f"# rows={len(rows)} opening={opening} closing={balance}")


def recon_toml(acquirers: Iterable[str], run: Mapping[str, object], lag: int, cutoff: str) -> str:
    """The configuration of contract.md's example, for these acquirers; `run` has precedence over its [run]."""
    clocks = {"settle_within_days": 2, "refund_within_days": 5} | dict(run)
    tables = [
        _table("[run]", timezone="Asia/Shanghai", calendar="CN", **clocks),
        _source("pos", "pos_journal", "journal_*.csv", "daily", cutoff=time.fromisoformat(cutoff)),
        *(_acquirer(name, time.fromisoformat(cutoff)) for name in acquirers),
        _source("bank-main", "bank_csv", "bank_*.csv", "business-day", account="CMB-001"),
        *(_contract(name, lag) for name in acquirers),
    ]
    return "\n".join(tables)


def _table(header: str, **values: object) -> str:
    written = (f"{k} = {v if isinstance(v, time) else json.dumps(v, ensure_ascii=False)}" for k, v in values.items())
    return "\n".join([header, *written, ""])


def _source(name: str, profile: str, pattern: str, expected: str, **more: object) -> str:
    return _table("[[sources]]", name=name, profile=profile, pattern=pattern, expected=expected, **more)


def _acquirer(name: str, cutoff: time) -> str:
    pattern = f"settlement_{name}_*.csv"
    more = {"acquirer": name, "arrives_after_days": 1, "cutoff": cutoff}
    return _source(name.lower(), "acquirer_csv", pattern, "daily", **more)


def _contract(acquirer: str, lag: int) -> str:
    return _table(
        "[[contracts]]",
        acquirer=acquirer,
        merchant_id=f"{MERCHANTS[acquirer][:4]}*",
        channels=[{"UNIONPAY": "CARD", "WECHAT": "WECHAT"}[acquirer]],
        payout_account="CMB-001",
        bank_counterparty=f"{COUNTERPARTIES[acquirer][:3]}*",
        payout_lag_business_days=lag,
    )
