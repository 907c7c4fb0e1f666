"""Runs matching rules over two frames: keyed pairing in time order, or unique both ways, never a pick."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from pipelines.matching.by_hand import PAIR, near, none_barred
from pipelines.matching.ranges import fitting
from pipelines.matching.rules import Rule

PAIRS = {
    "journal_row_id": pl.Int64,
    "settlement_row_id": pl.Int64,
    "journal_place": pl.UInt32,
    "settlement_place": pl.UInt32,
    "rule": pl.String,
    "rules_version": pl.Int32,
    "tolerance_minor": pl.Int32,
}
ORDER = ("at", "then")
"""Interchangeable rows are taken in the order of their times, lines of one time in that of their settlement dates."""

LISTED = {"settlement_row_id": pl.Int64, "journal_row_id": pl.Int64, "found": pl.UInt32}
MOST_LISTED = 200_000
"""Candidates listed of all lines that are looked at together (`gathering.Rest`)."""


def no_pairs() -> pl.DataFrame:
    """An empty frame of pairs."""
    return pl.DataFrame(schema=PAIRS)


def run(
    rules: tuple[Rule, ...],
    version: int,
    journal: pl.DataFrame,
    settlement: pl.DataFrame,
    barred: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Pair rows by each rule in turn; a paired row is out for the rules after it.

    journal, settlement: the columns the rules name, `row_id`, `business_date`, `at` (the order of interchangeable
    rows), `place` (where the caller finds the row again without a search); settlement also `gross_minor`. barred: pairs
    that no rule may make. Returns the columns of PAIRS: both rows, their places, the rule with its version, and by how
    much amounts may differ.
    """
    found = [no_pairs()]
    never = none_barred() if barred is None else barred
    for rule in rules:
        for mine, theirs in _passes(rule, journal, settlement):
            left, right = _seen(rule, journal, mine), _seen(rule, settlement, theirs)
            if left.is_empty() or right.is_empty():
                continue
            pairs = _unique_pairs(rule, left, right) if rule.unique else _in_turn(rule, left, right, never)
            pairs = pairs.join(never, on=PAIR, how="anti", maintain_order="left") if never.height else pairs
            told = {"rule": rule.name, "rules_version": version, "tolerance_minor": rule.tolerance_minor}
            pairs = pairs.with_columns(pl.lit(value, PAIRS[name]).alias(name) for name, value in told.items())
            found.append(pairs.select(list(PAIRS)))
            journal = without(journal, pairs["journal_row_id"])
            settlement = without(settlement, pairs["settlement_row_id"])
    return pl.concat(found)


def _seen(rule: Rule, frame: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Rows that a rule may look at, in the columns it needs."""
    needed = {"row_id", "place", *ORDER, "business_date", "txn_time", "gross_minor", *rule.keys} & set(frame.columns)
    return frame.lazy().filter(condition).select(sorted(needed)).collect()


def without(frame: pl.DataFrame, taken: pl.Series) -> pl.DataFrame:
    """The frame without the rows whose `row_id` is taken."""
    if taken.is_empty():
        return frame
    return frame.join(taken.to_frame("row_id"), on="row_id", how="anti", maintain_order="left")


def _passes(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame) -> list[tuple[pl.Expr, pl.Expr]]:
    """Which rows of either side a rule may look at; where a column must be blank on a side, once for each side.

    Nothing where one of the columns is blank in all rows of a side: so most rules end.
    """
    needed = (*rule.keys, "txn_time") if rule.window_minutes is not None else rule.keys
    if any(side[name].null_count() == side.height for side in (journal, settlement) for name in needed):
        return []
    filled = pl.all_horizontal(pl.col(k).is_not_null() for k in needed)
    kinds = pl.col("kind").is_in(rule.kinds) if rule.kinds else pl.lit(value=True)
    passes = [(filled, filled & kinds)]
    for column in (rule.blank, rule.also_blank):
        if column is not None:
            passes = [
                (mine & here, theirs & there)
                for mine, theirs in passes
                for here, there in _blank(column, rule.blank_on)
            ]
    return passes


def _blank(column: str, sides: tuple[str, ...]) -> list[tuple[pl.Expr, pl.Expr]]:
    """Conditions on either side under which the column is blank on one of the sides; no two overlap."""
    blank, anything = pl.col(column).is_null(), pl.lit(value=True)
    if sides == ("journal",):
        return [(blank, anything)]
    if sides == ("settlement",):
        return [(anything, blank)]
    return [(anything, blank), (blank, ~blank)]


def _keyed(frame: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """`row_id`, `place`, the keys as two independent 64-bit hashes, and `turn`: how often the same key stood before it.

    128 bits of hash stand for the text of the keys: no two keys of a night meet in both by chance.
    """
    key = pl.struct(keys)
    order = [name for name in ORDER if name in frame.columns]
    return turned(frame.select("row_id", "place", *order, key=key.hash(seed=1), twin=key.hash(seed=2)))


def turned(hashed: pl.DataFrame) -> pl.DataFrame:
    """Add `turn`: how often the same `key` and `twin` stood before in the order of ORDER, which is dropped."""
    order = [name for name in ORDER if name in hashed.columns]
    twice = standing_twice(hashed["key"])
    if twice.is_empty():
        return hashed.drop(order).with_columns(turn=pl.lit(0, pl.UInt32))
    many = hashed["key"].is_in(twice.implode())
    once = hashed.filter(~many).with_columns(turn=pl.lit(0, pl.UInt32))
    again = hashed.filter(many).sort(*order, "row_id")
    again = again.with_columns(turn=pl.int_range(pl.len(), dtype=pl.UInt32).over("key", "twin"))
    return pl.concat([once, again]).drop(order)


def standing_twice(numbers: pl.Series) -> pl.Series:
    """Values that stand more than once; of numbers that hardly repeat this is told by their order most quickly."""
    ordered = numbers.sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def met(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Rows that are `turned` with the lines of the same key and turn, whose columns end in `_there`.

    Nearly all come in their first turn, and by one number rows are joined three times as quickly as by two.
    """
    first, later = pl.col("turn") == 0, pl.col("turn") > 0
    again = {name: bool(side["turn"].max()) for name, side in (("left", left), ("right", right))}
    once = [left.filter(first) if again["left"] else left, right.filter(first) if again["right"] else right]
    found = [_joined(once[0], once[1], ["key"])]
    if all(again.values()):
        found.append(_joined(left.filter(later), right.filter(later), ["key", "turn"]))
    return pl.concat(found).filter(pl.col("twin") == pl.col("twin_there"))


def met_in_seats(left: pl.DataFrame, right: pl.DataFrame, seats: int) -> pl.DataFrame:
    """`met` of rows that nobody has `turned`: only those are that stand more than once, as few do.

    right: with `seat`, which is less than this number of seats. It tells which rows of the left stand more than once,
    for no line that stands once itself is joined to two of them; the others would be joined each with each.
    """
    order = [name for name in ORDER if name in left.columns or name in right.columns]
    several = standing_twice(right["key"])
    lone = right.filter(~pl.col("key").is_in(several.implode())) if several.len() else right
    here, there = (rows.drop(order, strict=False) for rows in (left, lone))
    once = _joined(here, there, ["key"]).filter(pl.col("twin") == pl.col("twin_there"))
    again = _again(once["seat_there"], seats)
    if again.any():
        several = pl.concat([several, once["key"].filter(again).unique()])
        once = once.filter(~pl.col("key").is_in(several.implode()))
    if several.is_empty():
        return once
    some = pl.col("key").is_in(several.implode())
    return pl.concat([once, met(turned(left.filter(some)), turned(right.filter(some))).select(once.columns)])


def _again(numbers: pl.Series, less_than: int) -> pl.Series:
    """Whether a number comes again further down; by a place for each, so that nothing is sorted or hashed."""
    places = pl.int_range(numbers.len(), dtype=pl.UInt32, eager=True)
    last = pl.zeros(less_than, dtype=pl.UInt32, eager=True).scatter(numbers, places)
    return last.gather(numbers) != places


def _joined(left: pl.DataFrame, right: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    here, there = (rows if "turn" in on else rows.drop("turn", strict=False) for rows in (left, right))
    return here.join(there, on=on, how="inner", suffix="_there").drop("turn", strict=False)


def _in_order(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """The n-th row of a key with the n-th line of the same key."""
    return met(_keyed(journal, rule.keys), _keyed(settlement, rule.keys)).select(
        journal_row_id="row_id",
        settlement_row_id="row_id_there",
        journal_place="place",
        settlement_place="place_there",
    )


def _in_turn(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame, never: pl.DataFrame) -> pl.DataFrame:
    """`_in_order`, but rows that are barred from a line choose first, each by itself, among the lines left to them."""
    barred = near(never, journal, settlement)
    if barred.is_empty():
        return _in_order(rule, journal, settlement)
    careful = journal.join(barred, left_on="row_id", right_on="journal_row_id", how="semi").sort("at", "row_id")
    close = settlement.join(careful, on=list(rule.keys), how="semi", maintain_order="left")
    found = []
    for row_id in careful["row_id"]:
        theirs = barred.filter(pl.col("journal_row_id") == row_id)["settlement_row_id"]
        found.append(_in_order(rule, careful.filter(pl.col("row_id") == row_id), without(close, theirs)))
        close = without(close, found[-1]["settlement_row_id"])
    taken = pl.concat([pairs["settlement_row_id"] for pairs in found])
    rest = _in_order(rule, without(journal, careful["row_id"]), without(settlement, taken))
    return pl.concat([*found, rest])


def _unique_pairs(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    settlement = _sent_once(rule, settlement)
    lines = fitting(rule, settlement, journal).counted().filter(pl.col("n") == 1)
    rows = fitting(rule, journal, settlement).counted().filter(pl.col("n") == 1)
    pairs = lines.join(rows, left_on="other", right_on="row_id", how="inner").select(
        journal_row_id="other", settlement_row_id="row_id"
    )
    places = journal.select(journal_row_id="row_id", journal_place="place")
    there = settlement.select(settlement_row_id="row_id", settlement_place="place")
    return pairs.join(places, on="journal_row_id").join(there, on="settlement_row_id")


def _sent_once(rule: Rule, settlement: pl.DataFrame) -> pl.DataFrame:
    """Lines without those that say again what an earlier line said: a line sent twice is no second candidate.

    Within a window keys may meet by chance, so date or time and amount must be the same too.
    """
    same = [*rule.keys]
    if rule.window_days is not None:
        same += ["business_date", "gross_minor"]
    if rule.window_minutes is not None:
        same += ["txn_time"]
    return settlement.filter(pl.col("row_id") == pl.col("row_id").min().over(same))


def repeated(rules: tuple[Rule, ...], lines: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Lines that fit one of the rows, which are all paired already: the identity was sent once more.

    Where a window decides, the amount must be the same too: a STAN comes back, a re-sent line is equal.
    """
    found = [pl.Series("row_id", [], pl.Int64)]
    for rule in rules:
        dated = rule.window_days is not None and "amount" not in rule.keys
        strict = replace(rule, keys=(*rule.keys, "amount")) if dated else rule
        for mine, theirs in _passes(strict, rows, lines):
            left, right = _seen(strict, lines, theirs), _seen(strict, rows, mine)
            if left.height and right.height:
                found.append(fitting(strict, left, right).counted()["row_id"])
    return pl.concat(found).unique()


@dataclass(frozen=True)
class Tied:
    """What unique rules could not decide.

    listed: LISTED, the candidates of each line, `found` of them in all; rows: ids of all journal rows that are one.
    """

    listed: pl.DataFrame
    rows: pl.Series

    @property
    def lines(self) -> pl.Series:
        """Ids of the undecided lines."""
        return self.listed["settlement_row_id"].unique()


def tied(rules: tuple[Rule, ...], journal: pl.DataFrame, settlement: pl.DataFrame, most: int) -> Tied:
    """Candidates of the lines that rules could not decide: by the first rule that has any for the line.

    most: so many are listed with one line at most, fewer where all lines together would have more than MOST_LISTED.
    """
    listed, rows = [pl.DataFrame(schema=LISTED)], [pl.Series("row_id", [], pl.Int64)]
    for rule in rules:
        for mine, theirs in _passes(rule, journal, settlement):
            left, right = _seen(rule, journal, mine), _seen(rule, settlement, theirs)
            if left.is_empty() or right.is_empty():
                continue
            found = fitting(rule, right, left).listed(most, MOST_LISTED)
            listed.append(found.select(**{name: pl.col(name).cast(dtype) for name, dtype in LISTED.items()}))
            undecided = found["settlement_row_id"].unique()
            again = right.join(undecided.to_frame("row_id"), on="row_id", how="semi")
            rows.append(fitting(rule, left, again).counted()["row_id"])
            settlement = without(settlement, undecided)
    return Tied(pl.concat(listed).sort("settlement_row_id", "journal_row_id"), pl.concat(rows).unique())
