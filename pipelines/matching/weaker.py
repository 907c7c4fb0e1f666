"""What identity leaves over: paired by counters and cards, tied, told once more, or only suggested to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from pipelines.matching import by_hand, engine, rulebook
from pipelines.matching.engine import Tied, without
from pipelines.matching.frames import journal_frame, with_codes, with_counters
from pipelines.matching.rulebook import Rulebook
from pipelines.matching.states import EXCEPTED

MOST_CANDIDATES = 200
"""Candidates listed with one ambiguous line; the sentence says how many there are in all."""

MOST_SUGGESTED = 10
"""Rows listed with a line that none of them is known to be."""

BY_COUNTER = ("any_type", "without_reference", "identity")
EVERY = (*BY_COUNTER, "by_card")


def days(book: Rulebook) -> list[pl.Expr]:
    """The dates a line's row may have, and whether the line has no RRN: else only rows without one can be its."""
    day, window = pl.col("business_date"), timedelta(days=book.window_days)
    return [(day - window).alias("first"), (day + window).alias("last"), pl.col("rrn").is_null().alias("blank")]


def wanted(lines: pl.DataFrame, book: Rulebook) -> pl.DataFrame:
    """What history must be asked for lines left over: rows of their merchant that are near in date and amount."""
    return _by_amount(lines, book).select("merchant_id", "bucket", *days(book)).unique()


def _by_amount(lines: pl.DataFrame, book: Rulebook) -> pl.DataFrame:
    """Lines with each `bucket` in which amounts lie that a rule may take as equal."""
    width = book.tolerance_minor + 1
    steps = (0,) if width == 1 else (-1, 0, 1)
    return pl.concat([lines.with_columns(bucket=pl.col("amount") // width + step) for step in steps])


def near(lines: pl.DataFrame, rows: Sequence[pl.DataFrame], book: Rulebook) -> dict[str, pl.Series]:
    """Ids, by side, of lines left over and of the journal rows that the rules by card may pair them with."""
    lines = _by_amount(lines, book).select("row_id", "merchant_id", "bucket", "card_rrn")
    blank, on = pl.col("card_rrn").is_null(), ["merchant_id", "bucket"]
    bucket = pl.col("amount_minor") // (book.tolerance_minor + 1)
    found: dict[str, list[pl.Series]] = {
        side: [pl.Series("row_id", [], pl.Int64)] for side in ("journal", "settlement")
    }
    for frame in rows:
        some = journal_frame(frame.filter(bucket.is_in(lines["bucket"].unique().implode()))).with_columns(bucket=bucket)
        for mine, theirs in ((some, lines.filter(blank)), (some.filter(blank), lines.filter(~blank))):
            found["journal"].append(mine.join(theirs, on=on, how="semi")["row_id"])
            found["settlement"].append(theirs.join(mine, on=on, how="semi")["row_id"])
    return {side: pl.concat(ids).unique() for side, ids in found.items()}


def paired(
    book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame, tiers: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Pairs of these tiers, the journal rows and the lines that are left.

    What a weak rule takes may leave a stronger one a single candidate, so they run until nothing changes: the same
    night again must find nothing new. By card a failed row is taken only where no approved one fits the line.
    """
    pairs = [engine.no_pairs()]
    approved = pl.col("status") == "APPROVED"
    while lines.height:
        before = lines.height
        for tier in tiers:
            rows = left.filter(approved) if tier == "by_card" else left
            pairs.append(rulebook.run(tier, book, rows, lines))
            left = without(left, pairs[-1]["journal_row_id"])
            lines = without(lines, pairs[-1]["settlement_row_id"])
        if lines.height == before:
            break
    failed = left.filter(~approved)
    if "by_card" in tiers and lines.height and failed.height:
        open_to = without(lines, undecided(book, left.filter(approved), lines).lines)
        pairs.append(rulebook.run("by_card", book, failed, open_to))
        left = without(left, pairs[-1]["journal_row_id"])
        lines = without(lines, pairs[-1]["settlement_row_id"])
    return pl.concat(pairs), left, lines


def undecided(book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame) -> Tied:
    """Lines for which a rule that pairs only what is unique has several candidates, or one that several lines want."""
    parts = [engine.tied(rules.undecidable, left, mine, MOST_CANDIDATES) for rules, mine in book.parts(lines)]
    listed = by_hand.possible(pl.concat([part.listed for part in parts]), book.decided.barred)
    return Tied(listed, pl.concat([part.rows for part in parts]).unique())


def again(book: Rulebook, lines: pl.DataFrame, settled_before: pl.DataFrame, codes: pl.DataFrame) -> pl.Series:
    """Lines whose identity the journal holds, but whose every row there is paired already."""
    if lines.is_empty():
        return pl.Series("row_id", [], pl.Int64)
    keys = ["rrn", "order_no", "original_rrn"]
    same = [(["merchant_id", key], lines.select("merchant_id", key).drop_nulls().unique()) for key in keys]
    asked = [settled_before.join(some, on=on, how="semi") for on, some in same if some.height]
    before = pl.concat([*asked, settled_before.join(codes, on="row_id", how="semi")]).unique("row_id")
    before = with_codes(with_counters(before), codes)
    found = [engine.repeated((*rules.identity, *rules.weaker), mine, before) for rules, mine in book.parts(lines)]
    return pl.concat(found).unique()


def suggested(book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Journal rows that a line without any may mean, as far as no rule may decide it: LISTED of the engine."""
    alone = states.filter((pl.col("state") == EXCEPTED) & (pl.col("reason") == "NOT_IN_JOURNAL"))
    unknown = lines.join(alone.select("row_id"), on="row_id", how="semi")
    parts = [engine.tied(rules.suggestions, left, mine, MOST_SUGGESTED).listed for rules, mine in book.parts(unknown)]
    return by_hand.possible(pl.concat(parts), book.decided.barred)
