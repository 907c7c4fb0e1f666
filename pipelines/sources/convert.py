"""Text cells to the canonical frame of a side: amounts, dates, times, codes, masks, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl

import schemas
from pipelines.money import minor_units
from pipelines.sources.base import Context, Side
from pipelines.sources.layout import Amounts, Field, Layout
from pipelines.sources.pan import mask_card_expr, mask_text_series

COLUMNS_AT_ONCE = 2
"""Columns converted side by side: polars works outside Python's lock."""

FREE_TEXT = ("remittance", "counterparty", "operator_id", "reason_code")
MONEY = {"amount_minor", "gross_minor", "fee_minor", "net_minor", "balance_minor"}
NEGATIVE_TYPES = ("REFUND", "VOID", "REVERSAL", "CHARGEBACK", "RESERVE_HOLD")


def text_of(cells: pl.DataFrame, spec: Field, names: Mapping[int, str]) -> pl.Expr:
    """The text of one field: its constant, or its cells joined by a space (null if all are blank)."""
    if spec.constant is not None:
        return pl.lit(spec.constant)
    columns = [name if isinstance(name, str) else names[name] for name in spec.source]
    if not columns:
        return pl.lit(None, pl.String)
    if len(columns) == 1:
        return pl.col(columns[0])
    joined = pl.concat_str(columns, separator=" ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def parsed_dates(text: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Dates by the first format that reads each cell; null where none does."""
    found = pl.Series(text.name, [None], pl.Date).new_from_index(0, len(text))
    for pattern in formats:
        if not (found.is_null() & text.is_not_null()).any():
            break
        found = pl.select(pl.coalesce(found, text.str.to_date(pattern, strict=False))).to_series()
    return found


def parsed_times(text: pl.Series, formats: tuple[str, ...], context: Context) -> pl.Series:
    """Local times of the books; a time with an offset is converted, one without is the source's own zone."""
    found = pl.Series(text.name, [None], pl.Datetime("us")).new_from_index(0, len(text))
    for pattern in formats:
        if not (found.is_null() & text.is_not_null()).any():
            break
        if "z" in pattern:
            read = text.str.to_datetime(pattern, strict=False, time_unit="us", time_zone="UTC")
            read = read.dt.convert_time_zone(context.timezone).dt.replace_time_zone(None)
        else:
            read = _to_books(text.str.to_datetime(pattern, strict=False, time_unit="us"), context)
        found = pl.select(pl.coalesce(found, read)).to_series()
    return found


def _to_books(local: pl.Series, context: Context) -> pl.Series:
    if context.source_timezone == context.timezone:
        return local
    zoned = local.dt.replace_time_zone(context.source_timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone(context.timezone).dt.replace_time_zone(None)


def coded(text: pl.Expr, spec: Field) -> pl.Expr:
    """Canonical codes of the file's words; without a map the words themselves, in upper case."""
    if not spec.codes:
        return text.str.to_uppercase()
    return text.replace_strict(
        dict(spec.codes), default=pl.lit(spec.others, pl.String), return_dtype=pl.String
    )


def _amount_text(text: pl.Expr, amounts: Amounts) -> pl.Expr:
    if amounts.thousands:
        text = text.str.replace_all(amounts.thousands, "", literal=True)
    if amounts.decimal != ".":
        text = text.str.replace(amounts.decimal, ".", literal=True)
    return text


def amount_of(frame: pl.DataFrame, column: str, amounts: Amounts) -> pl.Series:
    """Int64 minor units of the text column, by the unit the file uses; needs the column `currency`."""
    frame = frame.with_columns(_amount_text(pl.col(column), amounts))
    if amounts.unit == "minor":
        whole = pl.col(column).str.contains(r"^[+-]?\d{1,18}$")
        return frame.select(
            pl.when(whole).then(pl.col(column).cast(pl.Int64, strict=False)).alias(column)
        ).to_series()
    return minor_units(frame, column, "currency")


def _signed(frame: pl.DataFrame, side: Side, amounts: Amounts, direction: pl.Series | None) -> pl.DataFrame:
    money = [c for c in ("amount_minor", "gross_minor", "net_minor") if c in frame.columns]
    if amounts.sign == "absolute":
        return frame.with_columns(pl.col(money).abs())
    if amounts.sign == "negate":
        return frame.with_columns(-pl.col(money))
    if amounts.sign == "by-type" and side == "settlement":
        minus = pl.col("record_type").is_in(NEGATIVE_TYPES)
        return frame.with_columns(pl.when(minus).then(-pl.col(money).abs()).otherwise(pl.col(money)))
    if direction is not None:
        sign = pl.when(direction.is_in(amounts.minus)).then(-1).when(direction.is_in(amounts.plus)).then(1)
        return frame.with_columns(pl.col(money).abs() * sign)
    return frame


def _completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill the one of gross, fee, net that a layout does not state from the other two."""
    gross, fee, net = (pl.col(c) for c in ("gross_minor", "fee_minor", "net_minor"))
    if frame["net_minor"].null_count() == frame.height:
        return frame.with_columns(net_minor=gross - fee.fill_null(0), fee_minor=fee.fill_null(0))
    if frame["gross_minor"].null_count() == frame.height:
        return frame.with_columns(gross_minor=net + fee)
    if frame["fee_minor"].null_count() == frame.height:
        return frame.with_columns(fee_minor=gross - net)
    return frame


def business_dates(times: pl.Expr, context: Context) -> pl.Expr:
    """Date of a time after the source's cut-off: with cut-off 23:00 a sale at 23:10 is the next day's."""
    cutoff = timedelta(hours=context.cutoff.hour, minutes=context.cutoff.minute, seconds=context.cutoff.second)
    ahead = timedelta(days=1) - cutoff if cutoff else timedelta()
    return (times + ahead).dt.date()


def to_canonical(cells: pl.DataFrame, layout: Layout, context: Context) -> pl.DataFrame:
    """Canonical columns of the layout's side, in order, with `line` and `unreadable`.

    cells: `line` and text columns. Amounts become minor units, signs are the merchant's, card numbers are masked.
    """
    wanted = schemas.canonical(schemas.BY_SIDE[layout.side])
    names = dict(enumerate((c for c in cells.columns if c != "line"), start=1))
    texts = cells.select(
        "line",
        *(
            text_of(cells, layout.fields[_field_name(c, layout)], names).alias(c)
            for c in wanted
            if _field_name(c, layout) in layout.fields
        ),
    )
    columns = [c for c in texts.columns if c != "line"]
    with ThreadPoolExecutor(COLUMNS_AT_ONCE) as pool:
        typed = dict(zip(columns, pool.map(lambda c: _typed(texts, c, layout, context), columns), strict=True))
    frame = texts.select("line").with_columns(
        *(typed[c] if c in typed else pl.lit(None, dtype).alias(c) for c, dtype in wanted.items() if c != "line")
    )
    frame = frame.with_columns(_unreadable(texts, frame, layout))
    direction = _direction(cells, layout, names)
    frame = _signed(frame, layout.side, layout.amounts, direction)
    return _finished(frame, layout.side, context).select(list(wanted))


def _field_name(column: str, layout: Layout) -> str:
    """Layouts name money without its unit suffix."""
    short = column.removesuffix("_minor")
    return short if short in layout.fields else column


def _direction(cells: pl.DataFrame, layout: Layout, names: Mapping[int, str]) -> pl.Series | None:
    source = layout.amounts.direction
    if source is None:
        return None
    return cells[source if isinstance(source, str) else names[source]]


def _typed(texts: pl.DataFrame, column: str, layout: Layout, context: Context) -> pl.Series:
    spec = layout.fields[_field_name(column, layout)]
    if column in MONEY:
        if column != "currency" and "currency" in texts.columns:
            texts = texts.with_columns(coded(pl.col("currency"), layout.fields["currency"]))
        return amount_of(texts, column, layout.amounts)
    if spec.kind == "date":
        return parsed_dates(texts[column], spec.formats)
    if spec.kind == "datetime":
        return parsed_times(texts[column], spec.formats, context)
    if spec.kind == "code":
        return texts.select(coded(pl.col(column), spec)).to_series()
    if spec.kind == "card":
        return _masked(texts[column])
    return mask_text_series(texts[column]) if column in FREE_TEXT else texts[column]


def _masked(cards: pl.Series) -> pl.Series:
    """Card numbers masked; most files come masked already, which one cheap look tells."""
    if not cards.str.contains(r"[0-9][0-9 -]{10}").any():
        return cards
    return cards.to_frame().select(mask_card_expr(pl.col(cards.name))).to_series()


_SAYS = {"amount": "is not an amount", "date": "is not a date", "datetime": "is not a time"}


def _unreadable(texts: pl.DataFrame, frame: pl.DataFrame, layout: Layout) -> pl.Series:
    """For each row the cells that hold text and gave no value, in words; null where all could be read."""
    found: list[pl.Expr] = []
    for column in texts.columns:
        spec = layout.fields.get(_field_name(column, layout))
        if spec is None or not (column in MONEY or spec.kind in ("date", "datetime", "code")):
            continue
        bad = texts[column].is_not_null() & frame[column].is_null()
        if spec.kind == "code" and spec.others is None and not spec.codes:
            continue
        if spec.kind == "code" and column == "card_type":
            continue
        if bad.any():
            says = _SAYS.get("amount" if column in MONEY else spec.kind, "is a word nobody declared")
            name = _field_name(column, layout)
            message = pl.format(f"{name} '{{}}' {says}", texts[column].fill_null(""))
            found.append(pl.when(bad).then(message))
    if not found:
        return pl.Series("unreadable", [None], pl.String).new_from_index(0, frame.height)
    joined = pl.concat_str(found, separator="; ", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then(joined).alias("unreadable")).to_series()


def _finished(frame: pl.DataFrame, side: Side, context: Context) -> pl.DataFrame:
    if side == "bank":
        return frame.with_columns(
            pl.col("account").fill_null(pl.lit(context.account, pl.String)),
            pl.col("value_date").fill_null(pl.col("booking_date")),
        )
    frame = frame.with_columns(business_date=business_dates(pl.col("txn_time"), context))
    if side == "journal":
        return frame
    frame = _completed(frame)
    return frame.with_columns(pl.col("acquirer").fill_null(pl.lit(context.acquirer, pl.String)))

