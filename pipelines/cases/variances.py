"""FEE_VARIANCE in bulk: a night may have tens of thousands of them, so its events are made column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import polars as pl

from pipelines.cases import sentences
from pipelines.cases.explain import Names, reference
from pipelines.cases.register import exception_id
from pipelines.cases.taxonomy import POLICY
from pipelines.money import money_text
from pipelines.row_ids import LINES_PER_FILE, line_of

TYPE = "FEE_VARIANCE"
CLEARED = "cleared"

CAUSES: Mapping[str, tuple[str, str]] = {
    "cap ignored": ("the cap was ignored", "未执行封顶"),
    "minimum ignored": ("the minimum was not applied", "未执行保底"),
    "rounding": ("it was rounded otherwise", "舍入方式不同"),
    "card type": ("the rate of another card type was taken", "按其他卡类型费率收取"),
    "unknown card type": (
        "the card type is not stated and no rate of the contract fits",
        "卡类型不明，且无合同费率相符",
    ),
    "promotion ignored": ("the promotional rate was ignored", "未执行优惠费率"),
    "volume tier": ("the rate of another volume tier was taken", "按其他阶梯费率收取"),
    "refund fee kept": ("the fee of a refund was not given back", "退货未退还手续费"),
    "refund fee returned": ("the fee of a refund was given back", "退货退还了手续费"),
    "another fee": ("another fee of the contract was taken", "按合同中的其他费率收取"),
    "fee of other days": ("a fee of other days was taken", "按其他日期的费率收取"),
    "rate": ("no rate of the contract gives this", "与合同任何费率均不符"),
}
"""What went wrong, in both languages."""

TOLD = {"amount_before": "amount_minor", "way_before": "direction", "fee_cause": "cause", "fee_term": "term"}
"""What an event says of a variance, and where tonight says it: it has changed where they differ."""

SAID = [
    "acquirer",
    "rrn",
    "order_no",
    "payout_id",
    "currency",
    "gross_minor",
    "fee_minor",
    "expected_minor",
    "cause",
    "detail",
]


def keyed(lines: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Lines with their `exception_id`: source, file and line make it the same tomorrow."""
    ids = [
        exception_id(TYPE, (*names[row_id // LINES_PER_FILE], str(row_id % LINES_PER_FILE)))
        for row_id in lines["row_id"]
    ]
    return lines.with_columns(exception_id=pl.Series(ids, dtype=pl.String))


class Handling(NamedTuple):
    """How urgent a variance is, and by when one that is opened today is due."""

    severity: str
    due: date | None


def opened(
    lines: pl.DataFrame, held: pl.DataFrame, names: Names, run_date: date, handling: Mapping[str, Handling]
) -> pl.DataFrame:
    """Events of lines that differ now: opened, opened again, or changed; none where nothing changes.

    lines: `keyed` variances; held: the newest event of each of their ids. handling: by acquirer, "" for all others.
    """
    before = held.select(
        *("exception_id", "fee_term", "fee_cause"),
        was="status",
        seen="first_seen",
        due_before="due_date",
        amount_before="amount_minor",
        way_before="direction",
    )
    differ = pl.col("fee_minor") - pl.col("expected_minor")
    found = lines.join(before, on="exception_id", how="left").with_columns(
        amount_minor=differ.abs(),
        direction=pl.when(differ > 0).then(pl.lit("short")).otherwise(pl.lit("long")),
    )
    found = found.with_columns(
        event=pl.when(pl.col("was").is_null())
        .then(pl.lit("opened"))
        .when(pl.col("was") == CLEARED)
        .then(pl.lit("reopened"))
        .when(pl.any_horizontal(pl.col(old).ne_missing(pl.col(new)) for old, new in TOLD.items()))
        .then(pl.lit("changed"))
    ).filter(pl.col("event").is_not_null())
    status = pl.when(pl.col("event") == "changed").then("was").otherwise(pl.lit("open"))
    return _worded(found, names).select(
        "event",
        "exception_id",
        "business_date",
        "amount_minor",
        "direction",
        *("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "currency"),
        *("explanation", "explanation_zh", "evidence"),
        type=pl.lit(TYPE),
        status=status,
        severity=_by_acquirer({name: each.severity for name, each in handling.items()}, pl.String()),
        leg=pl.lit(POLICY[TYPE].leg),
        bank_ref=pl.lit(None, pl.String),
        fee_term="term",
        fee_cause="cause",
        first_seen=pl.col("seen").fill_null(run_date),
        due_date=pl.coalesce(
            "due_before", _by_acquirer({name: each.due for name, each in handling.items()}, pl.Date())
        ),
    )


def _by_acquirer(values: Mapping[str, object], kind: pl.DataType) -> pl.Expr:
    others = pl.lit(values[""], kind)
    own = {name: value for name, value in values.items() if name}
    return pl.col("acquirer").replace_strict(own, default=others, return_dtype=kind) if own else others


def cleared(gone: pl.DataFrame) -> pl.DataFrame:
    """Events that clear: gone are the newest events of exceptions that do not hold any more."""
    kept = gone.drop("event_no", "run_no", "run_date")
    return kept.with_columns(event=pl.lit(CLEARED), status=pl.lit(CLEARED))


def _worded(found: pl.DataFrame, names: Names) -> pl.DataFrame:
    text = cache(money_text)
    told = [_words(row, text) for row in found.select(SAID).iter_rows(named=True)]
    files = [names[row_id // LINES_PER_FILE][1] for row_id in found["row_id"]]
    lines = [line_of(row_id) for row_id in found["row_id"]]
    return found.with_columns(
        pl.Series("explanation", [sentences.ENGLISH[TYPE].format_map(en) for en, _ in told], dtype=pl.String),
        pl.Series("explanation_zh", [sentences.CHINESE[TYPE].format_map(zh) for _, zh in told], dtype=pl.String),
        pl.Series("file", files, dtype=pl.String),
        pl.Series("line", lines, dtype=pl.Int32),
    ).with_columns(evidence=pl.concat_list(pl.struct(side=pl.lit("settlement"), file="file", line="line")))


def _words(row: Mapping[str, Any], text: Callable[[int, str], str]) -> tuple[dict[str, str], dict[str, str]]:
    """The words of the sentence, English and Chinese."""
    currency, fee, right = row["currency"], row["fee_minor"], row["expected_minor"]
    english, chinese = CAUSES.get(row["cause"], CAUSES["rate"])
    both = {
        "acquirer": row["acquirer"],
        "fee": text(fee, currency),
        "gross": text(abs(row["gross_minor"]), currency),
        "right": text(right, currency),
        "amount": text(abs(fee - right), currency),
        "ref": reference(row),
    }
    cause = f"{english} ({row['detail']})" if row["detail"] else english
    much = ("too much", "多收") if fee > right else ("too little", "少收")
    return {**both, "much": much[0], "cause": cause}, {**both, "much": much[1], "cause": chinese}
