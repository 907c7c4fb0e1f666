"""Nights over bank statements in camt: files as a bank writes them, in an inbox with nothing else in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from reading import Night

from pipelines import commands, config, nightly
from pipelines.store import Published

COUNTERPARTY = "银联商务股份有限公司"
ACCOUNT = "CMB-001"
ROOTS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
CONFIG = """
[run]
timezone = "Asia/Shanghai"
calendar = "CN"

[[sources]]
name = "unionpay"
profile = "acquirer_csv"
acquirer = "UNIONPAY"
pattern = "settlement_*.csv"
expected = "none"

[[contracts]]
acquirer = "UNIONPAY"
merchant_id = "8983*"
channels = ["CARD"]
payout_account = "CMB-001"
bank_counterparty = "银联商务*"
payout_lag_business_days = 1
"""
SOURCE = '[[sources]]\nname = "{0}"\nprofile = "{0}"\npattern = "{1}"\nexpected = "none"\n'


@dataclass
class Bank:
    """An inbox of bank files and the nights over it."""

    root: Path
    patterns: dict[str, str] = field(
        default_factory=lambda: {p: f"{p}_*.xml" for p in ("camt052", "camt053", "camt054")}
    )
    seen: list[Night] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "inbox").mkdir(parents=True)
        sources = "\n".join(SOURCE.format(*each) for each in self.patterns.items())
        (self.root / "recon.toml").write_text(CONFIG + sources, encoding="utf-8")

    def put(self, name: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.root / "inbox" / name).write_bytes(data)

    def night(self, day: date) -> Night:
        """One run without Prefect, and what it left."""
        said: list[str] = []
        path = self.root / "recon.toml"
        summary = nightly.run(config.load(path), day, said.append)
        assert summary["proof"]["balanced"]
        self.seen.append(Night(day, summary, said, commands.list_exceptions(path, None, None, "all")))
        return self.seen[-1]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """One query over the published copy."""
        with Published(self.root / "var" / "published" / "investigate.duckdb") as copy:
            return copy.frame(sql).to_dicts()

    def counted(self) -> dict[str, int]:
        """Sum of the bank entries that count, by account; minor units."""
        found = self.rows(
            "SELECT account, sum(amount_minor)::BIGINT AS amount FROM bank "
            "WHERE NOT regexp_matches(coalesce(reason, ''), '^(told again|replaced) by') GROUP BY account"
        )
        return {row["account"]: row["amount"] for row in found}

    def states(self, file: str) -> list[tuple[int, str, str]]:
        """Amount, state and reason of the entries of one file."""
        found = self.rows(f"SELECT amount_minor, state, reason FROM bank WHERE file = '{file}' ORDER BY row_id")  # noqa: S608
        return [(row["amount_minor"], row["state"], row["reason"] or "") for row in found]


def entry(amount: str, ref: str, day: date, text: str = "", party: str = COUNTERPARTY) -> str:
    """One booked Ntry; a minus makes a debit."""
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    roles = "Cdtr" if sign == "DBIT" else "Dbtr"
    details = (
        f"<RltdPties><{roles}><Pty><Nm>{party}</Nm></Pty></{roles}></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf>"
    )
    reference = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    return (
        f'<Ntry><Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{reference}"
        f"<NtryDtls><TxDtls>{details}</TxDtls></NtryDtls></Ntry>"
    )


def message(
    kind: str,
    day: date,
    entries: Iterable[str],
    ends: tuple[str, str] | None = None,
    *,
    name: str = "",
    account: str = ACCOUNT,
) -> str:
    """One message of one account; ends: opening and closing balance; name: the statement's Id."""
    root, report = ROOTS[kind]
    signs = {True: "DBIT", False: "CRDT"}
    balances = [
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount.lstrip("-")}</Amt><CdtDbtInd>{signs[amount.startswith("-")]}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, amount in zip(("OPBD", "CLBD"), ends or (), strict=False)
    ]
    inside = "\n".join([*balances, *entries])
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.08"><{root}>'
        f"<GrpHdr><MsgId>{name or kind}-{day}</MsgId></GrpHdr><{report}><Id>{name or f'{kind}-{day}'}</Id>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>\n{inside}\n</{report}></{root}></Document>"
    )
