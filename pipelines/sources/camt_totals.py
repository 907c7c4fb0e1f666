"""Control totals of camt statements: opening balance + booked entries = closing balance, and TxsSummry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from pipelines.money import money_text
from pipelines.sources.base import Totals
from pipelines.sources.camt_statement import CLOSING, OPENING, Balance, Statement, minor


@dataclass(frozen=True)
class Sums:
    """What the booked entries of one statement and currency add up to (counts; minor units)."""

    rows: int = 0
    credit_rows: int = 0
    debit_rows: int = 0
    credit: int = 0
    debit: int = 0

    @property
    def net(self) -> int:
        """Credits less debits."""
        return self.credit - self.debit

    @property
    def sum(self) -> int:
        """Credits and debits without their signs, as TxsSummry/TtlNtries/Sum has it."""
        return self.credit + self.debit

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(
            self.rows + other.rows,
            self.credit_rows + other.credit_rows,
            self.debit_rows + other.debit_rows,
            self.credit + other.credit,
            self.debit + other.debit,
        )


@dataclass
class Added:
    """Booked entries of a file added up part by part: sums by statement (its index) and currency, rows by statement.

    unreadable: statements with an entry whose amount could not be read.
    """

    sums: dict[int, dict[str, Sums]] = field(default_factory=dict)
    rows: Counter[int] = field(default_factory=Counter)
    unreadable: set[int] = field(default_factory=set)

    def add(self, rows: pl.DataFrame) -> None:
        """One part more: `place`, `debit`, `currency`, `amount_minor`. In 128 bits, that no file can make wrap."""
        amount, debit = pl.col("amount_minor").cast(pl.Int128), pl.col("debit")
        found = (
            rows.filter(pl.col("amount_minor").is_not_null())
            .group_by("place", "currency")
            .agg(
                pl.len().alias("rows"),
                (~debit).sum().alias("credit_rows"),
                debit.sum().alias("debit_rows"),
                amount.filter(~debit).sum().alias("credit"),
                amount.filter(debit).sum().abs().alias("debit"),
            )
        )
        for place, currency, *figures in found.iter_rows():
            mine = self.sums.setdefault(place, {})
            mine[currency] = mine.get(currency, Sums()).plus(Sums(*map(int, figures)))
        self.rows.update(dict(rows.group_by("place").len().iter_rows()))
        self.unreadable.update(rows.filter(pl.col("amount_minor").is_null())["place"].to_list())


@dataclass
class Control:
    """What was found to compare, and what could not be compared."""

    declared: dict[str, int] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def add(self, key: str, declared: int, computed: int) -> None:
        """One figure that the file declares and its lines give."""
        self.declared[key], self.computed[key] = declared, computed

    def totals(self) -> Totals:
        """The verdict: a file of which a part could not be checked may disagree, but never agrees."""
        found = Totals(self.declared, self.computed, "; ".join(self.contradictions) or None)
        return Totals({}, self.computed) if self.unchecked and found.agree else found


def control(statements: list[Statement], found: Added, *, final: bool) -> tuple[Totals, list[str]]:
    """Compare what the statements declare with their entries; beside it, what could not be compared.

    final: a report within the day may tell only some of the entries that lie between its balances, so that balances
    which do not tie are told and refuse nothing.
    """
    result = Control()
    for index, (statement, label) in enumerate(zip(statements, _labels(statements), strict=True)):
        own, readable = found.sums.get(index, {}), index not in found.unreadable
        _balances(result, statement, label, own, readable=readable, final=final)
        _summary(result, statement, label, own, found.rows[index], readable=readable)
    return result.totals(), result.unchecked


def _labels(statements: list[Statement]) -> list[str]:
    """What tells the statements of a file apart: the account, numbered where it comes again."""
    if len(statements) == 1:
        return [""]
    labels: list[str] = []
    seen: Counter[str] = Counter()
    for statement in statements:
        account = statement.account or "account not stated"
        seen[account] += 1
        labels.append(account + (f" #{seen[account]}" if seen[account] > 1 else ""))
    return labels


def _key(name: str, label: str, currency: str = "") -> str:
    inside = " ".join(filter(None, (label, currency)))
    return f"{name}[{inside}]" if inside else name


def _balances(
    result: Control, statement: Statement, label: str, own: dict[str, Sums], *, readable: bool, final: bool
) -> None:
    """opening + entries = closing, by currency; the key names the currency only where there are several."""
    opening, closing = statement.ends(OPENING, last=False), statement.ends(CLOSING, last=True)
    both = [currency for currency in opening if currency in closing]
    if opening and closing and not both:
        what = f"the opening balance is in {'/'.join(opening)} and the closing balance in {'/'.join(closing)}"
        result.contradictions.append(f"{what}: they cannot be compared{_of(label)}")
    for currency in both:
        first = _one(result, opening[currency], label)
        last = _one(result, closing[currency], label)
        if first is None or last is None:
            continue
        if not readable:
            what = "an entry whose amount could not be read keeps the closing balance from being checked"
            result.unchecked.append(what + _of(label))
            continue
        computed = first + own.get(currency, Sums()).net
        if computed != last and not final:
            result.unchecked.append(
                f"the balances do not tie with its entries, as they need not within a day{_of(label)}"
            )
            continue
        shown = currency if label or len(both) > 1 else ""
        result.add(_key("opening", label, shown), first, first)
        result.add(_key("closing", label, shown), last, computed)


def _of(label: str) -> str:
    return f" ({label})" if label else ""


def _one(result: Control, balances: list[Balance], label: str) -> int | None:
    """The amount on which balances of one kind, day and currency agree; null, and told, without one."""
    balance = balances[0]
    amounts = [each.minor for each in balances]
    value = amounts[0]
    if value is None or None in amounts:
        what = f"balance {balance.kind} {balance.amount!r} {balance.currency} cannot be read and is not checked"
        result.unchecked.append(what + _of(label))
        return None
    if len(set(amounts)) > 1:
        texts = " and ".join(money_text(amount, balance.currency) for amount in amounts if amount is not None)
        result.contradictions.append(f"balance {balance.kind} of {balance.day} is declared as {texts}{_of(label)}")
        return None
    return value


def _summary(
    result: Control, statement: Statement, label: str, own: dict[str, Sums], rows: int, *, readable: bool
) -> None:
    """TxsSummry: counts always, sums (which name no currency) where the statement has a single one."""
    if not statement.summary:
        return
    if statement.not_booked:
        result.unchecked.append(f"TxsSummry may count entries not booked and is not checked{_of(label)}")
        return
    currencies = {*own, *(balance.currency for balance in statement.balances)}
    total = own.get(next(iter(currencies)), Sums()) if len(currencies) == 1 else None
    for key, declared, computed in _figures(statement, own, total, rows, currencies, readable=readable):
        if declared is None or computed is None:
            result.unchecked.append(f"TxsSummry {key} {statement.summary[key]!r} cannot be checked{_of(label)}")
        else:
            result.add(_key(key, label), declared, computed)


def _figures(
    statement: Statement,
    own: dict[str, Sums],
    total: Sums | None,
    rows: int,
    currencies: set[str],
    *,
    readable: bool,
) -> Iterator[tuple[str, int | None, int | None]]:
    """Key, declared, computed of each figure of TxsSummry; null where it cannot be known."""
    for key, text in statement.summary.items():
        if key == "rows":
            yield key, int(text) if text.isdecimal() else None, rows
        elif key.endswith("_rows"):
            counted = sum(getattr(each, key) for each in own.values())
            yield key, int(text) if text.isdecimal() else None, counted if readable else None
        else:
            unsigned = minor(text.removeprefix("-"), next(iter(currencies))) if total else None
            sign = -1 if text.startswith("-") else 1
            declared = sign * unsigned if unsigned is not None else None
            yield key, declared, getattr(total, key) if total and readable else None
