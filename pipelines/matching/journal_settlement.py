"""Journal against settlement: identify first, then with history, then say what each row left over means.

Two pure halves with one question between them. `identify` pairs what is open by identity and tells which keys history
must be asked for; `settle` takes what history knows of those keys, pairs the rest and gives every open row a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import by_hand, engine, rules
from pipelines.matching.by_hand import Decided
from pipelines.matching.engine import without
from pipelines.matching.frames import CANCELS, journal_frame, settlement_frame, with_counters
from pipelines.matching.lifecycle import links
from pipelines.matching.states import NOT_SETTLED, journal_states, settlement_states, with_clock
from pipelines.matching.verdicts import breaks_of_journal, breaks_of_lines, breaks_of_pairs, judge

MOST_CANDIDATES = 200
"""Candidates listed with one ambiguous line; the sentence says how many there are in all."""


@dataclass(frozen=True)
class Identified:
    """After the first half: pairs by hand and by identity, and what is left of either side.

    barred: pairs that no rule may make.
    """

    journal: pl.DataFrame
    settlement: pl.DataFrame
    pairs: pl.DataFrame
    journal_left: pl.DataFrame
    settlement_left: pl.DataFrame
    barred: pl.DataFrame


@dataclass(frozen=True)
class Settled:
    """After the second half.

    pairs: judged pairs (see `verdicts.judge`). journal_states, settlement_states: `row_id`, `state`, `reason` of
    every open row that found no partner. breaks: one row per exception that these rows and pairs mean now. undone:
    ids of journal rows that an approved void or reversal undoes, as far as tonight looked.
    """

    pairs: pl.DataFrame
    journal_states: pl.DataFrame
    settlement_states: pl.DataFrame
    breaks: pl.DataFrame
    undone: pl.Series


def identify(journal: pl.DataFrame, settlement: pl.DataFrame, decided: Decided) -> Identified:
    """Pair the open rows of both sides as people decided, then by their identity."""
    mine, theirs = journal_frame(journal).with_row_index("place"), settlement_frame(settlement).with_row_index("place")
    made = by_hand.made_by_hand(decided.pairs, mine, theirs).select(list(engine.PAIRS))
    left, lines = without(mine, made["journal_row_id"]), without(theirs, made["settlement_row_id"])
    pairs = pl.concat([made, engine.run(rules.IDENTITY, left, lines, decided.barred)])
    return Identified(
        mine,
        theirs,
        pairs,
        with_counters(without(mine, pairs["journal_row_id"])),
        with_counters(without(theirs, pairs["settlement_row_id"])),
        decided.barred,
    )


def wanted(found: Identified, run_date: date, arrivals: Arrivals) -> dict[str, pl.DataFrame]:
    """Keys that history must be asked for, by kind of key: `rrn`, `order_no`, `stan`, `cancels` of an RRN.

    Lines without partner ask for any row of their identity, also by what they undo; voids and reversals for their
    original; rows whose time is up for whatever undid them.
    """
    lines, rows = found.settlement_left, found.journal_left
    cancels = found.journal.filter(pl.col("kind").is_in(CANCELS) & pl.col("original_rrn").is_not_null())
    due = with_clock(rows, run_date, arrivals).filter(pl.col("over"))
    by_rrn = pl.concat([lines.select("merchant_id", "rrn"), cancels.select("merchant_id", rrn="original_rrn")])
    undoing = lines.filter(pl.col("kind").is_in(CANCELS)).select("merchant_id", rrn="original_rrn")
    undone = pl.concat([lines.select("merchant_id", "rrn"), undoing, due.select("merchant_id", "rrn")])
    counters = ("merchant_id", "terminal_id", "stan_key", "business_date")
    return {
        "rrn": by_rrn.drop_nulls().unique(),
        "order_no": lines.select("merchant_id", "order_no").drop_nulls().unique(),
        "stan": lines.select(*counters, blank=pl.col("rrn").is_null()).drop_nulls().unique(),
        "cancels": undone.drop_nulls().unique(),
    }


def settle(
    found: Identified,
    history: pl.DataFrame,
    run_date: date,
    arrivals: Arrivals,
) -> Settled:
    """Pair what is left with the help of history, judge all pairs, and give every row left over its state.

    history: journal rows of the wanted keys, with `consumed` (paired in an earlier run); rows that are still open may
    be among them.
    """
    past = with_counters(journal_frame(history))
    closed = without(past, found.journal["row_id"]).with_row_index("place", offset=found.journal.height)
    free = closed.filter(~pl.col("consumed")).drop("consumed")
    known = pl.concat([found.journal, closed.drop("consumed")], how="diagonal")
    undone = links(known)

    pairs, left, lines = _pair_with_history(found, free)
    judged = judge(_with_reversed(pairs, undone), known, found.settlement)
    taken = pl.concat([judged["journal_row_id"], past.filter(pl.col("consumed"))["row_id"]])

    candidates = by_hand.possible(engine.tied(rules.UNDECIDABLE, left, lines, MOST_CANDIDATES), found.barred)
    revived = _revived_cancels(free, left, undone, judged)
    waiting_rows = pl.concat([without(found.journal_left, judged["journal_row_id"]), revived], how="diagonal")
    mine = journal_states(waiting_rows, undone, taken, candidates, run_date, arrivals)
    settled_before = known.filter(pl.col("row_id").is_in(taken.implode()))
    theirs = settlement_states(lines, settled_before, candidates, arrivals)
    breaks = pl.concat(
        [
            breaks_of_pairs(judged, found.settlement),
            breaks_of_journal(waiting_rows, mine, undone, known),
            breaks_of_lines(lines, theirs, candidates),
        ],
        how="diagonal",
    )
    return Settled(judged, mine, theirs, breaks, undone["row_id"].unique())


def _pair_with_history(found: Identified, free: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """All pairs, the journal rows and the settlement lines that are left.

    A closed row that was approved comes before a failed one of the same identity; a different type comes after both.
    """
    approved = pl.col("status") == "APPROVED"
    expecting = pl.col("kind").is_in(list(NOT_SETTLED))
    steps = [
        (rules.IDENTITY, free.filter(approved & expecting)),
        (rules.IDENTITY, free.filter(~approved & expecting)),
    ]
    pairs, lines = [found.pairs], found.settlement_left
    for tier, rows in steps:
        pairs.append(engine.run(tier, rows, lines, found.barred))
        lines = without(lines, pairs[-1]["settlement_row_id"])
    left = pl.concat([found.journal_left, free], how="diagonal")
    for taken in pairs[1:]:
        left = without(left, taken["journal_row_id"])
    more, left, lines = _by_weaker_rules(left, lines, found.barred)
    return pl.concat([*pairs, more]), left, lines


def _by_weaker_rules(
    left: pl.DataFrame, lines: pl.DataFrame, barred: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Pairs of all rules below identity, the journal rows and the lines that are left.

    What a weak rule takes may leave a stronger one a single candidate, so they run until nothing changes: the same
    night again must find nothing new.
    """
    pairs = [engine.no_pairs()]
    while lines.height:
        before = lines.height
        for tier in (rules.ANY_TYPE, rules.WITHOUT_REFERENCE, rules.IDENTITY):
            pairs.append(engine.run(tier, left, lines, barred))
            left = without(left, pairs[-1]["journal_row_id"])
            lines = without(lines, pairs[-1]["settlement_row_id"])
        if lines.height == before:
            break
    return pl.concat(pairs), left, lines


def _with_reversed(pairs: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(reversed=pl.col("journal_row_id").is_in(undone["row_id"].implode()))


def _revived_cancels(
    free: pl.DataFrame, left: pl.DataFrame, undone: pl.DataFrame, judged: pl.DataFrame
) -> pl.DataFrame:
    """Closed voids and reversals whose original the acquirer shows after all: they wait for theirs again."""
    shown = undone.filter(pl.col("row_id").is_in(judged["journal_row_id"].implode()))["cancel_row_id"]
    return free.filter(pl.col("row_id").is_in(shown.implode()) & pl.col("row_id").is_in(left["row_id"].implode()))
