"""Trailers of BAI2 against the records before them: control totals and counts of accounts, groups and the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pipelines.sources.bai2_details import amount_of
from pipelines.sources.bank_rows import Control, labelled
from schemas.validation import shown


@dataclass
class Account:
    """One account of a group: total of all amounts as written, physical records, and its trailer (49)."""

    line: int
    number: str | None
    currency: str
    total: int = 0
    records: int = 0
    broken: bool = False
    trailer: list[str] | None = None


@dataclass
class Group:
    """One group: accounts of one as-of date, physical records, and its trailer (98)."""

    line: int
    day: date | None
    stated_day: str
    currency: str
    interim: bool
    accounts: list[Account] = field(default_factory=list)
    records: int = 0
    trailer: list[str] | None = None

    @property
    def total(self) -> int:
        """Sum over its accounts."""
        return sum(account.total for account in self.accounts)

    @property
    def blank(self) -> bool:
        """Whether an account's trailer leaves out its total: banks then sum the others."""
        return any(account.trailer is not None and not account.trailer[0] for account in self.accounts)


def control(
    groups: list[Group], trailer: list[str] | None, records: int, last: int, against: list[tuple[int, str]]
) -> Control:
    """All that trailers declare, beside what their records give; a missing trailer means a file cut off."""
    found = Control()
    found.against(against)
    accounts = [account for group in groups for account in group.accounts]
    found.currencies = {account.currency for account in accounts}
    for number, group in enumerate(groups, 1):
        for account in group.accounts:
            label = account.number or f"line {account.line}"
            figures = {"account_total": account.total, "account_records": account.records}
            _held(found, account.trailer, "49", account.line, label if len(accounts) > 1 else "", figures)
        total = _total([group], group.trailer)
        figures = {"group_total": total, "group_accounts": len(group.accounts), "group_records": group.records}
        _held(found, group.trailer, "98", group.line, str(number) if len(groups) > 1 else "", figures)
    figures = {"total": _total(groups, trailer), "groups": len(groups), "records": records}
    _held(found, trailer, "99", last, "", figures)
    if any(account.broken for account in accounts):
        found.unchecked.append("an amount that could not be read keeps the control totals from being checked")
        for key in [key for key in found.declared if "total" in key]:
            del found.declared[key], found.computed[key]
    return found


def _total(groups: list[Group], trailer: list[str] | None) -> int:
    """The sum of a trailer; where accounts leave out theirs, the sum of those that are stated is right as well."""
    whole = sum(group.total for group in groups)
    if trailer is None or not any(group.blank for group in groups):
        return whole
    trailers = [account.trailer for group in groups for account in group.accounts if account.trailer]
    stated = sum(amount_of(cells[0]) or 0 for cells in trailers)
    return stated if amount_of(trailer[0]) == stated else whole


def _held(
    found: Control,
    trailer: list[str] | None,
    code: str,
    line: int,
    label: str,
    figures: dict[str, int],
) -> None:
    """Compare one trailer's figures; blank ones declare nothing."""
    if trailer is None:
        found.against([(line, f"its trailer (record {code}) is missing: the file is cut off")])
        return
    for (name, computed), text in zip(figures.items(), trailer, strict=False):
        declared = amount_of(text)
        if declared is not None:
            found.add(labelled(name, label), declared, computed)
        elif text:
            found.against([(line, f"{name} {shown(text)!r} of record {code} is no number")])
