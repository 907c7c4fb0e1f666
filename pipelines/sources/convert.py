"""Text cells to the canonical frame of a side: amounts, dates, times, codes, masks, and what could not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl

import schemas
from pipelines.columns import distinct
from pipelines.money import EXPONENTS, minor_of_scale
from pipelines.sources.amounts import amount_of, by_letter, completed, plain_text, signed, summed, with_rounded_fee
from pipelines.sources.base import MICRO, Context
from pipelines.sources.layout import Field, Given, Layout
from pipelines.sources.pan import mask_card_expr, mask_text, mask_text_series
from pipelines.sources.times import parsed_dates, parsed_times, with_year
from schemas.validation import LONGEST_SHOWN, shown

LONGEST_STARRED = 17
"""A card cell with six stars that is no longer than this has no room for the twelve digits of a card number."""
FREE_TEXT = ("remittance", "counterparty", "operator_id", "reason_code")
MONEY = {
    *("amount_minor", "gross_minor", "fee_minor", "net_minor", "balance_minor"),
    *("commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor"),
}
Places = Mapping[str | int, str]
"""Column of the cells by header name or 1-based position."""

Texts = Mapping[str, str | None]
"""What the file's name and head give, by the name of the group."""


def places_of(cells: pl.DataFrame, header: Sequence[str]) -> dict[str | int, str]:
    """Where each header name and position is among the cells; of two equal names the first one counts."""
    found: dict[str | int, str] = {int(c): c for c in cells.columns if c != "line"}
    return found | {name: str(number) for number, name in reversed([*enumerate(header, start=1)])}


def text_of(spec: Field, places: Places, given: Texts) -> pl.Expr:
    """The text of one field: its constant, or what it is made of joined by a space (null if all cells are blank)."""
    if spec.constant is not None:
        return pl.lit(spec.constant)
    if not spec.source or (spec.optional and not all(place in places for place in spec.source)):
        return pl.lit(None, pl.String)
    parts = [_part(place, places, given) for place in spec.source]
    text = parts[0]
    if len(parts) > 1:
        cells = [places[place] for place in spec.source if not isinstance(place, Given)]
        filled = pl.any_horizontal(pl.col(cells).is_not_null()) if cells else pl.lit(value=True)
        text = pl.when(filled).then(pl.concat_str(parts, separator=" ", ignore_nulls=True))
    if spec.near is not None:
        text = with_year(text, pl.col(places[spec.near]))
    return text if spec.default is None else text.fill_null(pl.lit(spec.default))


def _part(place: str | int | Given, places: Places, given: Texts) -> pl.Expr:
    return pl.lit(given.get(place.name), pl.String) if isinstance(place, Given) else pl.col(places[place])


def coded(text: pl.Expr, spec: Field) -> pl.Expr:
    """Canonical codes of the file's words; without a map the words themselves, in upper case."""
    if not spec.codes:
        return text.str.to_uppercase()
    text = text.str.to_uppercase() if _none_of(spec) else text
    return text.replace_strict(dict(spec.codes), default=pl.lit(None, pl.String), return_dtype=pl.String)


def business_dates(times: pl.Expr, context: Context) -> pl.Expr:
    """Date of a time after the source's cut-off: with cut-off 23:00 a sale at 23:10 is the next day's."""
    cutoff = timedelta(hours=context.cutoff.hour, minutes=context.cutoff.minute, seconds=context.cutoff.second)
    ahead = timedelta(days=1) - cutoff if cutoff else timedelta()
    return (times + ahead).dt.date()


def canonical_columns(layout: Layout) -> dict[str, pl.DataType]:
    """Canonical columns, and their types, of the frames that a layout gives."""
    schema = schemas.BY_SIDE[layout.side]
    named = {*layout.fields, *(name for kind in layout.kinds for name in kind.fields)}
    stated = [c for c in schemas.optional(schema) if {c, c.removesuffix("_minor")} & named]
    return schemas.canonical(schema, also=stated)


def to_canonical(
    cells: pl.DataFrame, layout: Layout, context: Context, header: Sequence[str], given: Texts | None = None
) -> pl.DataFrame:
    """Canonical columns of the layout's side, in order, with `line` and `unreadable`; then its fields of other names.

    cells: `line` and text columns 1, 2, 3 …; header: their names, none where fields are positions; given: what name
    and head of the file say. Amounts become minor units, signs are the merchant's, card numbers are masked.
    """
    context = replace(context, source_timezone=layout.timezone or context.source_timezone)
    wanted = canonical_columns(layout)
    places = places_of(cells, header)
    fields = {c: layout.fields[_field_name(c, layout)] for c in wanted if _field_name(c, layout) in layout.fields}
    if layout.derive:
        fields |= {n: spec for n, spec in layout.fields.items() if n not in wanted and f"{n}_minor" not in wanted}
    texts = cells.select("line", *(text_of(spec, places, given or {}).alias(c) for c, spec in fields.items()))
    coin = _coded(texts, "currency", fields["currency"]) if "currency" in fields else None
    typed = {
        column: _summed(cells, coin, column, layout, places)
        if spec.signs
        else _typed(texts, coin, column, layout, context)
        for column, spec in fields.items()
    }
    frame = texts.select("line").with_columns(
        *(pl.lit(None, dtype).alias(c) for c, dtype in wanted.items() if c not in typed and c != "line"),
        *(found.alias(c) for c, found in typed.items()),
    )
    direction = None if layout.amounts.direction is None else cells[places[layout.amounts.direction]]
    frame = frame.with_columns(_unreadable(texts, frame, layout, direction))
    lettered = [column for column, spec in fields.items() if spec.kind == "amount" and spec.codes]
    frame = signed(frame, layout.amounts, direction, lettered)
    frame = _finished(layout.derive(frame) if layout.derive else frame, layout, context)
    return frame.select(*wanted, pl.exclude(list(wanted)))


def _field_name(column: str, layout: Layout) -> str:
    """Layouts name money without its unit suffix."""
    short = column.removesuffix("_minor")
    return short if short in layout.fields else column


def _typed(texts: pl.DataFrame, coin: pl.Series | None, column: str, layout: Layout, context: Context) -> pl.Series:
    """The values of a column; coin: currencies, without which no amount can be read."""
    spec = layout.fields[_field_name(column, layout)]
    if column in MONEY or spec.kind in ("amount", "micro"):
        return _amount(texts, coin, column, spec, layout)
    if spec.kind == "date":
        return parsed_dates(texts[column], spec.formats)
    if spec.kind == "datetime":
        return parsed_times(texts[column], spec.formats, context)
    if spec.kind == "code":
        return _of_iso_4217(coin) if column == "currency" and coin is not None else _coded(texts, column, spec)
    if spec.kind == "card":
        return _masked(texts[column])
    return mask_text_series(texts[column]) if column in FREE_TEXT else texts[column]


def _amount(texts: pl.DataFrame, coin: pl.Series | None, column: str, spec: Field, layout: Layout) -> pl.Series:
    if spec.kind == "micro":
        return texts.select(minor_of_scale(plain_text(pl.col(column), layout.amounts), MICRO)).to_series()
    assert coin is not None  # noqa: S101 - a layout that states amounts states their currency
    if spec.codes:
        texts = texts.with_columns(by_letter(pl.col(column), spec.codes).alias(column))
    return amount_of(texts.with_columns(coin), column, layout.amounts)


def _summed(cells: pl.DataFrame, coin: pl.Series | None, column: str, layout: Layout, places: Places) -> pl.Series:
    """An amount that stands in several columns: debit beside credit, or the parts of a fee."""
    spec = layout.fields[_field_name(column, layout)]
    assert coin is not None  # noqa: S101 - a layout that states amounts states their currency
    columns = [places[place] for place in spec.source if not isinstance(place, Given)]
    terms = [pl.DataFrame([cells[name].alias(column), coin]) for name in columns]
    return summed(terms, column, layout.amounts, spec.signs, alone=spec.alone)


def _coded(texts: pl.DataFrame, column: str, spec: Field) -> pl.Series:
    """Codes of a column; words that are canonical already, as most are, are not written anew."""
    words = distinct(texts[column]).drop_nulls()
    if spec.codes and all(spec.codes.get(word) == word for word in words):
        return texts[column]
    if not spec.codes and not words.str.contains("[a-z]").any():
        return texts[column]
    return texts.select(coded(pl.col(column), spec)).to_series()


def _of_iso_4217(codes: pl.Series) -> pl.Series:
    """Null instead of what is no currency: a cell of a row whose cells have shifted may be a card number."""
    if set(distinct(codes)) <= {*EXPONENTS, None}:
        return codes
    return codes.to_frame().select(pl.when(pl.col(codes.name).is_in(list(EXPONENTS))).then(codes.name)).to_series()


def _masked(cards: pl.Series) -> pl.Series:
    """Card numbers masked; most files come masked already, which a cheap look for their stars tells."""
    starred = cards.str.contains("******", literal=True) & (cards.str.len_bytes() <= LONGEST_STARRED)
    odd = cards.filter(~starred.fill_null(value=True))
    if not odd.str.contains(r"[0-9][0-9 -]{10}").any():
        return cards
    return cards.to_frame().select(mask_card_expr(pl.col(cards.name))).to_series()


def _unreadable(texts: pl.DataFrame, frame: pl.DataFrame, layout: Layout, direction: pl.Series | None) -> pl.Series:
    """For each row the cells that hold text and gave no value, in words; null where all could be read."""
    found: list[pl.Expr] = []
    for column in (c for c in texts.columns if c != "line"):
        spec = layout.fields[_field_name(column, layout)]
        if spec.kind == "code" and column != "currency" and (not spec.codes or column == "card_type"):
            continue
        bad = texts[column].is_not_null() & frame[column].is_null()
        if bad.any():
            money = column in MONEY or spec.kind == "amount"
            if money:  # without a currency no amount can be read, and the currency says so
                bad &= frame["currency"].is_in(list(EXPONENTS)).fill_null(value=False)
            plain = pl.lit(_none_of(spec) or _SAYS.get(column, _SAYS.get(spec.kind)))
            says = _amount_says(texts[column], spec, frame, layout) if money else plain
            found.append(_sentences(texts[column], bad, _field_name(column, layout), says))
    if direction is not None:
        bad = ~direction.is_in([*layout.amounts.plus, *layout.amounts.minus]).fill_null(value=False)
        if bad.any():
            found.append(_sentences(direction, bad, "direction", pl.lit(_SAYS["code"])))
    if not found:
        return pl.Series("unreadable", [None], pl.String).new_from_index(0, frame.height)
    joined = pl.concat_str(found, separator="; ", ignore_nulls=True)
    return frame.select(pl.when(joined != "").then(joined).alias("unreadable")).to_series()


_SAYS = {
    "date": "is not a date in the format of the profile",
    "datetime": "is not a time in the format of the profile",
    "micro": "is not an amount of at most six decimals",
    "code": "is a word that the profile does not know",
    "currency": "is not an ISO 4217 currency",
}


def _none_of(spec: Field) -> str:
    """The words a cell may hold, where they are the canonical ones."""
    own = spec.codes and all(word == code for word, code in spec.codes.items())
    return f"is none of {', '.join(spec.codes)}" if own else ""


def _amount_says(text: pl.Series, spec: Field, frame: pl.DataFrame, layout: Layout) -> pl.Expr:
    if spec.alone:
        both = pl.lit(text).str.contains(r"^[^ ]*[1-9][^ ]* [^ ]*[1-9]")
        return pl.when(both).then(pl.lit("stands in more than one column")).otherwise(pl.lit("is not an amount"))
    if layout.amounts.unit == "minor":
        return pl.lit("is not a whole number of minor units")
    finer = pl.lit(text).str.contains(rf"^[+-]?[0-9]*{re.escape(layout.amounts.decimal)}[0-9]+$")
    too_fine = pl.format("has more decimals than {} allows", pl.lit(frame["currency"]))
    return pl.when(finer).then(too_fine).otherwise(pl.lit("is not an amount"))


def _sentences(text: pl.Series, bad: pl.Series, name: str, says: pl.Expr) -> pl.Expr:
    """`name 'cell' says` where bad; card numbers masked, for a cell in the wrong column may be one."""
    cells = text.filter(bad).fill_null("").str.slice(0, LONGEST_SHOWN * 2)
    quoted = pl.Series([shown(mask_text(cell)) for cell in cells], dtype=pl.String)
    whole = pl.Series(text.name, [None], pl.String).new_from_index(0, len(text)).scatter(bad.arg_true(), quoted)
    return pl.when(bad).then(pl.format(f"{name} '{{}}' {{}}", pl.lit(whole), says))


def _finished(frame: pl.DataFrame, layout: Layout, context: Context) -> pl.DataFrame:
    if layout.side == "bank":
        return frame.with_columns(
            pl.col("account").fill_null(pl.lit(context.account, pl.String)),
            pl.col("value_date").fill_null(pl.col("booking_date")),
        )
    frame = frame.with_columns(business_date=business_dates(pl.col("txn_time"), context))
    if layout.side == "journal":
        return frame
    if "fee_micro" in layout.fields:
        frame = with_rounded_fee(frame)
    frame = completed(frame, layout.stated)
    return frame.with_columns(pl.col("acquirer").fill_null(pl.lit(context.acquirer, pl.String)))
