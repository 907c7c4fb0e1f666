"""Runs matching rules over two frames: keyed pairing in time order, or unique both ways, never a pick."""

from __future__ import annotations

import polars as pl

from pipelines.matching.by_hand import PAIR, near, none_barred
from pipelines.matching.rules import Rule

PAIRS = {
    "journal_row_id": pl.Int64,
    "settlement_row_id": pl.Int64,
    "journal_place": pl.UInt32,
    "settlement_place": pl.UInt32,
    "rule": pl.String,
}


def no_pairs() -> pl.DataFrame:
    """An empty frame of pairs."""
    return pl.DataFrame(schema=PAIRS)


def run(
    rules: tuple[Rule, ...], journal: pl.DataFrame, settlement: pl.DataFrame, barred: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Pair rows by each rule in turn; a paired row is out for the rules after it.

    journal, settlement: the columns the rules name, `row_id`, `business_date`, `at` (the order of interchangeable
    rows), `place` (where the caller finds the row again without a search); settlement also `gross_minor`. barred: pairs
    that no rule may make. Returns `journal_row_id`, `settlement_row_id`, their places, and `rule`.
    """
    found = [no_pairs()]
    never = none_barred() if barred is None else barred
    for rule in rules:
        for mine, theirs in _passes(rule):
            left, right = _seen(rule, journal, mine), _seen(rule, settlement, theirs)
            if left.is_empty() or right.is_empty():
                continue
            pairs = _unique_pairs(rule, left, right) if rule.unique else _in_turn(rule, left, right, never)
            pairs = pairs.join(never, on=PAIR, how="anti", maintain_order="left") if never.height else pairs
            found.append(pairs.with_columns(rule=pl.lit(rule.name)).select(list(PAIRS)))
            journal = without(journal, pairs["journal_row_id"])
            settlement = without(settlement, pairs["settlement_row_id"])
    return pl.concat(found)


def _seen(rule: Rule, frame: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """Rows that a rule may look at, in the columns it needs."""
    needed = {"row_id", "place", "at", "business_date", "gross_minor", *rule.keys} & set(frame.columns)
    return frame.lazy().filter(condition).select(sorted(needed)).collect()


def without(frame: pl.DataFrame, taken: pl.Series) -> pl.DataFrame:
    """The frame without the rows whose `row_id` is taken."""
    if taken.is_empty():
        return frame
    return frame.join(taken.to_frame("row_id"), on="row_id", how="anti", maintain_order="left")


def _passes(rule: Rule) -> list[tuple[pl.Expr, pl.Expr]]:
    """Which rows of either side a rule may look at; where a column must be blank on a side, once for each side."""
    filled = pl.all_horizontal(pl.col(k).is_not_null() for k in rule.keys)
    kinds = pl.col("kind").is_in(rule.kinds) if rule.kinds else pl.lit(value=True)
    passes = [(filled, filled & kinds)]
    for column in (rule.blank, rule.also_blank):
        if column is None:
            continue
        blank = pl.col(column).is_null()
        passes = [part for mine, theirs in passes for part in ((mine, theirs & blank), (mine & blank, theirs & ~blank))]
    return passes


def _keyed(frame: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """`row_id`, `place`, the keys as two independent 64-bit hashes, and `turn`: how often the same key stood before it.

    128 bits of hash stand for the text of the keys: no two keys of a night meet in both by chance.
    """
    key = pl.struct(keys)
    hashed = frame.select("row_id", "place", "at", key=key.hash(seed=1), twin=key.hash(seed=2))
    if hashed["key"].n_unique() == hashed.height:
        return hashed.drop("at").with_columns(turn=pl.lit(0, pl.UInt32))
    many = hashed["key"].is_duplicated()
    once = hashed.filter(~many).with_columns(turn=pl.lit(0, pl.UInt32))
    again = hashed.filter(many).sort("at", "row_id")
    again = again.with_columns(turn=pl.int_range(pl.len(), dtype=pl.UInt32).over("key", "twin"))
    return pl.concat([once, again]).drop("at")


def _in_order(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """The n-th row of a key with the n-th line of the same key."""
    left, right = _keyed(journal, rule.keys), _keyed(settlement, rule.keys)
    on = ["key", "turn"] if left["turn"].max() or right["turn"].max() else ["key"]
    joined = left.join(right, on=on, how="inner", suffix="_there")
    same = joined.filter(pl.col("twin") == pl.col("twin_there"))
    return same.select(
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


def _dated(frame: pl.DataFrame, rule: Rule, *, spread: bool) -> pl.DataFrame:
    """Rows by key and day; spread over the window, so that an equal join on the day is a join within it."""
    rows = frame.select("row_id", *rule.keys, day="business_date")
    if rule.window_days is None:
        return rows.with_columns(day=pl.lit(None, pl.Date))
    if not spread:
        return rows
    window = range(-rule.window_days, rule.window_days + 1)
    shifted = [rows.with_columns(pl.col("day").dt.offset_by(f"{step}d")) for step in window]
    return pl.concat(shifted)


def _candidates(rule: Rule, mine: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """For each of my rows how many of the others fit, and one of them; by counting, never by crossing."""
    on = [*rule.keys, "day"]
    counted = _dated(others, rule, spread=False).group_by(on).agg(n=pl.len(), other=pl.col("row_id").min())
    spread = _dated(mine, rule, spread=True)
    found = spread.join(counted, on=on, how="inner", nulls_equal=True)
    return found.group_by("row_id").agg(pl.col("n").sum(), pl.col("other").min())


def _unique_pairs(rule: Rule, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    settlement = _sent_once(rule, settlement)
    lines = _candidates(rule, settlement, journal).filter(pl.col("n") == 1)
    rows = _candidates(rule, journal, settlement).filter(pl.col("n") == 1)
    pairs = lines.join(rows, left_on="other", right_on="row_id", how="inner").select(
        journal_row_id="other", settlement_row_id="row_id"
    )
    places = journal.select(journal_row_id="row_id", journal_place="place")
    there = settlement.select(settlement_row_id="row_id", settlement_place="place")
    return pairs.join(places, on="journal_row_id").join(there, on="settlement_row_id")


def _sent_once(rule: Rule, settlement: pl.DataFrame) -> pl.DataFrame:
    """Lines without those that say again what an earlier line said: a line sent twice is no second candidate.

    Within a window keys may meet by chance, so date and amount must be the same too.
    """
    same = [*rule.keys, *(("business_date", "gross_minor") if rule.window_days is not None else ())]
    return settlement.filter(pl.col("row_id") == pl.col("row_id").min().over(same))


def tied(rules: tuple[Rule, ...], journal: pl.DataFrame, settlement: pl.DataFrame, most: int) -> pl.DataFrame:
    """Candidates of the lines that unique rules could not decide: by the first rule that has any for the line.

    Returns `settlement_row_id`, `journal_row_id`, `found` (how many there are; at most `most` are listed).
    """
    schema = {"settlement_row_id": pl.Int64, "journal_row_id": pl.Int64, "found": pl.UInt32}
    listed = [pl.DataFrame(schema=schema)]
    for rule in rules:
        for mine, theirs in _passes(rule):
            left, right = journal.filter(mine), settlement.filter(theirs)
            on = [*rule.keys, "day"]
            groups = (
                _dated(left, rule, spread=False).group_by(on).agg(n=pl.len(), others=pl.col("row_id").sort().head(most))
            )
            found = _dated(right, rule, spread=True).join(groups, on=on, how="inner", nulls_equal=True)
            each = found.group_by("row_id").agg(
                found=pl.col("n").sum(), others=pl.col("others").list.explode(keep_nulls=False, empty_as_null=False)
            )
            flat = each.with_columns(pl.col("others").list.sort().list.head(most)).explode("others")
            listed.append(
                flat.select(
                    settlement_row_id="row_id",
                    journal_row_id="others",
                    found=pl.col("found").cast(pl.UInt32),
                )
            )
            settlement = without(settlement, flat["row_id"].unique())
    return pl.concat(listed).sort("settlement_row_id", "journal_row_id")
