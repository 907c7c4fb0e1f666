"""What the journal says of itself: cards charged twice, refunds and pre-authorisations that do not fit their originals.

Judged beside the matching, on the rows that a night brings and those it still watches; history is asked by key only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import charges, preauths, refunds
from pipelines.matching.engine import standing_twice
from pipelines.matching.frames import journal_frame
from pipelines.matching.lifecycle import links
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, by_id, history

REFUND, PREAUTH, CHARGE, COMPLETION = "refund", "preauth", "charge", "completion"
"""Why a row is watched: a refund that does not fit, a pre-authorisation without end, one of two charges, a completion
above its pre-authorisation."""


@dataclass(frozen=True)
class Tonight:
    """What the journal rows of a night may be judged for.

    spans: first and last time of the sales by card of each file: `file_id`, `first`, `last`. charges: `row_id` and
    `charge` of these sales; again: ids of those whose charge stands twice among them. refers: ids of rows that refer to
    another, or may be referred to.
    """

    spans: pl.DataFrame
    charges: pl.DataFrame
    again: pl.Series
    refers: pl.Series

    @classmethod
    def of(cls, some: Iterable[Tonight]) -> Tonight:
        """Those of all partitions together."""
        told = [*some]
        spans = pl.concat([one.spans for one in told])
        return cls(
            spans.group_by("file_id").agg(pl.col("first").min(), pl.col("last").max()),
            pl.concat([one.charges for one in told]),
            pl.concat([one.again for one in told]),
            pl.concat([one.refers for one in told]),
        )


def tonight(rows: pl.DataFrame, files: Collection[int]) -> Tonight:
    """What the narrow journal rows of some merchants may be judged for, those of these files alone.

    rows: `row_id`, `at`, `charge`, `refers`. A charge is one of its merchant.
    """
    file_id = pl.col("row_id") // LINES_PER_FILE
    mine = rows.filter(file_id.is_in(files)).lazy()
    sales = mine.filter(pl.col("charge").is_not_null()).select("row_id", "at", "charge").collect()
    times = {"first": pl.col("at").min(), "last": pl.col("at").max()}
    return Tonight(
        sales.group_by(file_id=file_id).agg(**times),
        sales.select("row_id", "charge"),
        sales.filter(pl.col("charge").is_in(standing_twice(sales["charge"]).implode()))["row_id"],
        mine.filter("refers").select("row_id").collect()["row_id"],
    )


@dataclass(frozen=True)
class Reviewed:
    """breaks: one row per exception of these types that holds now. watched: `kind`, `row_id` to look at next night."""

    breaks: pl.DataFrame
    watched: pl.DataFrame


def review(
    store: Store,
    new: Tonight,
    run_date: date,
    arrivals: Arrivals,
    with_acquirer: Callable[[pl.DataFrame], pl.DataFrame],
) -> Reviewed:
    """Judge tonight's journal rows and the watched ones together with all that they name or that names them.

    new: what there is of the journal rows loaded since the last run.
    """
    watched = history.watched_rows(store)
    window = timedelta(minutes=arrivals.settings.run.duplicate_window_minutes)
    pool = _pool(store, new, watched, window)
    curious = _curious(store, new, watched, pool)
    story = _story(store, curious)
    undone = links(story)["row_id"]
    sound = story.filter((pl.col("status") == "APPROVED") & ~pl.col("row_id").is_in(undone.implode()))
    again = _charges(pool, story, undone, window).join(
        curious.unique("row_id"), on="row_id", how="left", suffix="_same"
    )
    judged = _refunds(store, story, sound, window)
    waiting = preauths.left_open(sound)
    above = preauths.breaks_of_completions(with_acquirer(sound))
    listed = [
        charges.breaks_of_charges(with_acquirer(again)),
        refunds.breaks_of_refunds(with_acquirer(judged), arrivals.journals_complete_until),
        preauths.breaks_of_preauths(
            with_acquirer(waiting), run_date, arrivals.settings.run.preauth_days, arrivals.journals_complete_until
        ),
        above,
    ]
    return Reviewed(pl.concat(listed, how="diagonal"), _to_watch(again, judged, waiting, above))


def _pool(store: Store, new: Tonight, watched: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Sales among which one may be a second charge: tonight's, the watched, and earlier ones close in time."""
    spans = new.spans.with_columns(first=pl.col("first") - window, last=pl.col("last") + window)
    older = [
        charges.sales(watched.filter(pl.col("kind") == CHARGE)),
        charges.sales(history.journal_between(store, spans)),
    ]
    before = pl.concat(older).unique("row_id")
    known = before.select(charge=charges.alike_hash()).to_series()
    like_one = new.charges.filter(pl.col("charge").is_in(known.implode()))["row_id"]
    mine = pl.concat([new.again, like_one]).unique()
    return charges.alike(pl.concat([charges.sales(by_id.rows_of(store, "journal", mine)), before]))


def _curious(store: Store, new: Tonight, watched: pl.DataFrame, pool: pl.DataFrame) -> pl.DataFrame:
    """Rows whose story must be known: what refers to another row, pre-authorisations, possible second charges."""
    told = by_id.rows_of(store, "journal", pl.concat([new.refers, pool["row_id"]]).unique())
    return pl.concat([told, watched.select(told.columns)])


def _story(store: Store, curious: pl.DataFrame) -> pl.DataFrame:
    """The curious rows with all rows of the journal that they name or that name them, one step further each time."""
    keys = _keys(curious)
    story = history.journal_story(store, keys)
    further = _keys(story.filter(pl.col("original_rrn").is_not_null())).join(keys, on=keys.columns, how="anti")
    if further.height:
        story = pl.concat([story, history.journal_story(store, further)]).unique("row_id", maintain_order=True)
    return journal_frame(story).sort("row_id")


def _keys(rows: pl.DataFrame) -> pl.DataFrame:
    """`merchant_id`, `ref`: the references rows carry and those they name."""
    names = ("rrn", "order_no", "original_rrn")
    return pl.concat([rows.select("merchant_id", ref=name) for name in names]).drop_nulls().unique()


def _charges(pool: pl.DataFrame, story: pl.DataFrame, undone: pl.Series, window: timedelta) -> pl.DataFrame:
    """Second charges that nothing voided, reversed or refunded."""
    given = (pl.col("kind") == "REFUND") & (pl.col("status") == "APPROVED")
    paid_back = story.filter(given & ~pl.col("row_id").is_in(undone.implode()))
    named = paid_back.select("merchant_id", ref="original_rrn").drop_nulls().unique()
    left = pool.filter(~pl.col("row_id").is_in(undone.implode()))
    for key in ("rrn", "order_no"):
        left = left.join(named, left_on=["merchant_id", key], right_on=["merchant_id", "ref"], how="anti")
    return charges.charged_again(left, window)


def _refunds(store: Store, story: pl.DataFrame, sound: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Refunds that nothing undid, judged against the originals of both sides."""
    given = sound.filter(pl.col("kind") == "REFUND")
    mine = refunds.originals(story, history.no_sales())
    lost = given.join(mine, left_on=["merchant_id", "original_rrn"], right_on=["merchant_id", "ref"], how="anti")
    lost = lost.select("merchant_id", ref="original_rrn").drop_nulls().unique()
    settled = history.settled_sales(store, lost) if lost.height else history.no_sales()
    return refunds.judged(given, refunds.originals(story, settled), window)


def _to_watch(again: pl.DataFrame, judged: pl.DataFrame, waiting: pl.DataFrame, above: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([again["row_id"], again["earlier_row_id"]]).unique()
    odd = judged.filter(pl.col("type").is_not_null())["row_id"]
    of = ((CHARGE, both), (REFUND, odd), (PREAUTH, waiting["row_id"]), (COMPLETION, above["journal_row_id"]))
    return pl.concat([rows.alias("row_id").to_frame().select(kind=pl.lit(kind), row_id="row_id") for kind, rows in of])
