"""The narrow look at a night: hashes of identities in place of their texts, by which nearly all rows leave at once.

A row that agrees with its partner in every respect (identity, type, currency, amount) is paired here. All others are
left to the rules over whole rows, which pair them as if these pairs had never been there: the rules are the first two
of identity, in the same order, and within one key the n-th row meets the n-th line either way.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import polars as pl

import schemas
from pipelines.columns import as_text, hash_of
from pipelines.matching import engine
from pipelines.matching.charges import alike_hash, sale
from pipelines.matching.frames import EXPECTED, KINDS, line_time
from pipelines.matching.rules import IDENTITY, VERSION, Rule
from pipelines.matching.verdicts import MATCHED
from schemas.journal import TXN_TYPES
from schemas.settlement import RECORD_TYPES

AT_ONCE = tuple(rule for rule in IDENTITY if rule.name in ("rrn", "order_no"))
PAIRED = ("SALE", "REFUND")
"""Kinds that may leave at once; what undoes another row must be seen whole."""

PARTITIONS = 32
"""Rows of different merchants are never paired by their identity: so many partitions of them are apart."""

KIND = pl.Enum(list(dict.fromkeys([*TXN_TYPES, *RECORD_TYPES])))

JOURNAL = (
    *("row_id", "merchant_id", "terminal_id", "rrn", "order_no", "channel", "txn_type", "status", "amount_minor"),
    *("currency", "txn_time", "original_rrn", "card_no"),
)
SETTLEMENT = (
    *("row_id", "acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "record_type", "gross_minor", "currency"),
    "settlement_date",
    "txn_time",
)
CARRIED, CARRIED_THERE = ("row_id", "at", "currency", "amount_minor"), ("then", "acquirer")
"""Narrow columns that a pair is judged by, those of the settlement's beside them."""

COLUMNS = {"journal": JOURNAL, "settlement": SETTLEMENT}
"""Stored columns that the narrow look is made of."""


def narrowed(side: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Stored rows of journal or settlement as the narrow look has them, some 70 bytes each.

    Both: `row_id`, `home` (the partition of its merchant), two 64-bit hashes of each identity (`rrn`, `rrn_twin`, …;
    null where a key is blank), `bare` (no card RRN), `at`, `kind`, `currency`, `amount_minor` (signed as the acquirer
    should show it). Journal: `expects` (a settlement), `failed`, `refers` (to another row, or may be referred to),
    `charge` (hash of what two charges of one card have in common). Settlement: `acquirer`, `then` (orders lines of one
    time).
    """
    return _journal(rows) if side == "journal" else _settlement(rows)


def _journal(rows: pl.DataFrame) -> pl.DataFrame:
    kind, approved = pl.col("txn_type").replace(KINDS), pl.col("status") == "APPROVED"
    return rows.select(
        *_identities(rows, kind),
        row_id="row_id",
        home=_home(),
        bare=(pl.col("channel") != "CARD") | pl.col("rrn").is_null(),
        at="txn_time",
        kind=kind.cast(KIND),
        currency=pl.col("currency").cast(pl.Categorical),
        amount_minor=pl.when(kind == "SALE").then("amount_minor").otherwise(-pl.col("amount_minor")),
        expects=approved & pl.col("txn_type").is_in(EXPECTED),
        failed=~approved,
        refers=pl.col("original_rrn").is_not_null() | pl.col("txn_type").is_in(["REFUND", "PREAUTH"]),
        charge=pl.when(sale()).then(alike_hash()),
    )


def _settlement(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        *_identities(rows, pl.col("record_type")),
        row_id="row_id",
        home=_home(),
        bare=pl.col("rrn").is_null(),
        at=line_time(),
        then="settlement_date",
        kind=pl.col("record_type").cast(KIND),
        currency=pl.col("currency").cast(pl.Categorical),
        amount_minor="gross_minor",
        acquirer=pl.col("acquirer").cast(pl.Categorical),
    )


@cache
def nothing(side: str) -> pl.DataFrame:
    """No narrow rows of journal or settlement."""
    stored: dict[str, pl.DataType] = {"row_id": pl.Int64(), **schemas.canonical(schemas.BY_SIDE[side])}
    return narrowed(side, pl.DataFrame(schema={name: stored[name] for name in COLUMNS[side]}))


def _home() -> pl.Expr:
    return (pl.col("merchant_id").hash(seed=3) % PARTITIONS).cast(pl.UInt8)


def _identities(rows: pl.DataFrame, kind: pl.Expr) -> list[pl.Expr]:
    found = []
    for rule in AT_ONCE:
        named = [key for key in rule.keys if key != "kind"]
        blank = any(rows[key].null_count() == rows.height for key in named)
        keys = [kind.cast(KIND).to_physical() if key == "kind" else pl.col(key) for key in rule.keys]
        filled = pl.all_horizontal(pl.col(key).is_not_null() for key in named)
        for seed, name in enumerate((rule.name, f"{rule.name}_twin"), start=1):
            whole = pl.when(filled).then(hash_of(keys, seed))
            found.append((pl.lit(None, pl.UInt64) if blank else whole).alias(name))
    return found


def seated(rows: pl.DataFrame) -> pl.DataFrame:
    """The same with `seat`, a number by which rows are told apart without a search."""
    return rows.with_row_index("seat")


def unseated(rows: pl.DataFrame, all_rows: int, seats: pl.Series) -> pl.DataFrame:
    """Some of so many rows that were `seated` together, without those of these seats."""
    taken = pl.repeat(value=False, n=all_rows, dtype=pl.Boolean, eager=True).scatter(seats, True)
    return rows.filter(~taken.gather(rows["seat"]))


def pairs_at_once(journal: pl.DataFrame, settlement: pl.DataFrame, own_rules: Collection[str]) -> pl.DataFrame:
    """Pairs that agree in every respect, as `verdicts.judge` gives them, and `journal_seat`, `settlement_seat`.

    journal, settlement: open rows, `narrowed` and `seated`. own_rules: acquirers whose rules are others than the common
    ones.
    """
    all_rows = [_seats(side) for side in (journal, settlement)]
    keys = [name for rule in AT_ONCE for name in (rule.name, f"{rule.name}_twin")]
    here, there = pl.col("kind").is_in(PAIRED) & pl.col("expects"), pl.col("kind").is_in(PAIRED)
    if own_rules:
        there &= ~pl.col("acquirer").cast(pl.String).is_in(list(own_rules))
    mine = journal.lazy().filter(here).select("seat", "bare", *CARRIED, *keys).collect()
    theirs = settlement.lazy().filter(there).select("seat", "bare", *CARRIED, *CARRIED_THERE, *keys).collect()
    met, found = list[pl.DataFrame](), list[pl.DataFrame]()
    for rule, *sides in ((one, *sides) for one in AT_ONCE for sides in _passes(one)):
        rows = [frame.filter(condition) for frame, condition in zip((mine, theirs), sides, strict=True)]
        for side, name in enumerate(("journal_seat", "settlement_seat")):
            if met and rows[side].height:
                rows[side] = unseated(rows[side], all_rows[side], pl.concat([pairs[name] for pairs in met]))
        met.append(_met(rule, *rows, seats=all_rows[1]))
        found.append(met[-1].filter("agrees").drop("agrees"))
    return pl.concat(found)


def _seats(rows: pl.DataFrame) -> int:
    """How many rows were seated with these, at least."""
    return int(rows["seat"].max()) + 1 if rows.height else 0  # type: ignore[arg-type]


def _passes(rule: Rule) -> list[tuple[pl.Expr, pl.Expr]]:
    filled = pl.col(rule.name).is_not_null()
    if rule.blank is None:
        return [(filled, filled)]
    return [(filled, filled & pl.col("bare")), (filled & pl.col("bare"), filled & ~pl.col("bare"))]


def _met(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame, *, seats: int) -> pl.DataFrame:
    """The n-th row of a key with its n-th line, and whether they agree. seats: so many lines were seated together."""
    left, right = (
        rows.select("seat", *CARRIED, *more, key=rule.name, twin=f"{rule.name}_twin")
        for rows, more in ((journal, ()), (settlement, CARRIED_THERE))
    )
    both = engine.met_in_seats(left, right, seats)
    return both.select(
        journal_row_id="row_id",
        settlement_row_id="row_id_there",
        journal_seat="seat",
        settlement_seat="seat_there",
        rule=pl.lit(rule.name),
        rules_version=pl.lit(VERSION, pl.Int32),
        verdict=pl.lit(MATCHED),
        currency=as_text(both["currency"]),
        settlement_currency=as_text(both["currency_there"]),
        acquirer=as_text(both["acquirer"]),
        journal_amount_minor="amount_minor",
        settlement_amount_minor="amount_minor_there",
        agrees=(pl.col("currency") == pl.col("currency_there"))
        & (pl.col("amount_minor") == pl.col("amount_minor_there")),
    )
