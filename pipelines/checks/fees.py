"""Fees recomputed line by line from the contract in force on the line's day (contract.md, FEE_VARIANCE).

fee = rate × gross + fixed, at least the minimum, at most the cap, rounded to the minor unit on the absolute value, then
the sign. All numbers are integers; rates with decimals are scaled, so that nothing is lost before the rounding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.checks.terms import (
    Line,
    Offer,
    Volume,
    contract_of_line,
    mistakes,
    no_volume,
    offers,
    stand_in,
    text_of,
    why_none,
)
from pipelines.columns import differing, hash_of
from pipelines.contracts import FEE_PARTS, Contract
from pipelines.money import EXPONENTS

KEYS = ("acquirer", "merchant_id", "channel", "card_type", "day", "currency", "refund")
KEYS_GONE = [key for key in KEYS if key != "currency"]
NEAREST_MICRO = 10
"""The last decimal of a source that states fees to five: what lies below is its rounding, not a difference."""

JUDGED = {
    "row_id": pl.Int64,
    "term": pl.Int32,
    "expected_minor": pl.Int64,
    "cause": pl.String,
    "detail": pl.String,
}
UNKNOWN_TYPE = "unknown card type"
_NUMBERS = ("sign", "scale", "rate", "fixed", "least", "most")
_MOST = 2**62
_WIDE = 2**120


@dataclass(frozen=True)
class Judged:
    """lines: what each should have cost: `row_id`, `term`, `expected_minor`, `cause`, `detail`. terms: fees in words,
    each with its numbers as JSON.

    term: place in terms, null where no fee governs the line; then `detail` says why. expected_minor: the whole fee,
    what the contract leaves to others included. cause: null where the fee is right, else what went wrong.
    """

    lines: pl.DataFrame
    terms: dict[str, str]


@dataclass(frozen=True)
class _Alike:
    """Lines governed alike: `group` by `alike`; what the contract says of each as a table, and as offers by group."""

    groups: pl.DataFrame
    main: pl.DataFrame
    offered: dict[int, tuple[Line, list[Offer]]]
    terms: dict[str, str]


def judge(lines: pl.DataFrame, contracts: tuple[Contract, ...], volume: Volume = no_volume) -> Judged:
    """What each line should have cost by the contract in force on its day, in the order of the lines.

    lines: SALE and REFUND lines by ascending `row_id`: this, KEYS, `gross_minor`, `fee_minor`, `fee_micro` and the fee
    parts.
    """
    if lines.is_empty():
        return Judged(pl.DataFrame(schema=JUDGED), {})
    lines = lines.with_columns(alike=hash_of([pl.col(key) for key in differing(lines, KEYS)], seed=0))
    alike = _alike(lines, contracts, volume)
    grouped = lines.drop(KEYS_GONE).join(alike.groups, on="alike", how="left", maintain_order="left").drop("alike")
    priced = _nearest(_priced(grouped, alike.main), alike)
    off = _different(priced)
    told = _told(off, alike, volume)
    found = priced.select("row_id", "term", expected_minor="expected")
    found = found.join(told, on="row_id", how="left", maintain_order="left").select(list(JUDGED))
    none = grouped.filter(pl.col("none").is_not_null()).select("row_id", detail="none")
    if none.height:
        found = pl.concat([found, none], how="diagonal").select(list(JUDGED)).sort("row_id")
    return Judged(found, alike.terms)


def _alike(lines: pl.DataFrame, contracts: tuple[Contract, ...], volume: Volume) -> _Alike:
    distinct = lines.select("alike", *KEYS).unique("alike").sort(KEYS)
    standing, groups = stand_in(contracts), dict[tuple[Any, ...], int]()
    place = [
        groups.setdefault((acquirer, standing(acquirer, merchant, channel), channel, *more), len(groups))
        for acquirer, merchant, channel, *more in distinct.select(KEYS).iter_rows()
    ]
    reasons: list[str | None] = []
    offered: dict[int, tuple[Line, list[Offer]]] = {}
    for values, group in groups.items():
        line = Line(*values)
        contract = contract_of_line(contracts, line)
        found = offers(contract, line, volume) if contract else []
        reasons.append(None if found else why_none(contract, line))
        offered[group] = line, found
    numbers = pl.Series("group", place, dtype=pl.UInt32)
    none = pl.Series("none", reasons, dtype=pl.String).gather(numbers)
    said = [offer for _, found in offered.values() for offer in found]
    words = _words(said)
    main = [_row(group, 0, offer, words) for group, (_, found) in offered.items() for offer in found]
    fees = {words[id(offer.contract), id(offer.fee)]: offer.fee for offer in said}
    terms = {term: fees[term].model_dump_json(exclude_none=True) for term in sorted(fees)}
    return _Alike(distinct.select("alike", none, numbers), _table(main, _widest(lines), terms), offered, terms)


def _widest(lines: pl.DataFrame) -> int:
    return int(lines["gross_minor"].abs().max() or 0)  # type: ignore[arg-type]


def _words(offered: Iterable[Offer]) -> dict[tuple[int, int], str]:
    """Each fee in words, by contract and fee; thousands of merchants share a few."""
    fees = {(id(offer.contract), id(offer.fee)): offer for offer in offered}
    return {key: text_of(offer.contract, offer.fee) for key, offer in fees.items()}


def _mistaken(alike: _Alike, off: pl.DataFrame, volume: Volume) -> pl.DataFrame:
    """What may have gone wrong with these lines, as a table of offers."""
    tried = [
        (group, turn, wrong)
        for group in off["group"].unique().sort()
        for line, found in [alike.offered[group]]
        for offer in found
        for turn, wrong in enumerate(mistakes(offer, line, volume))
    ]
    words = _words(wrong for _, _, wrong in tried)
    return _table([_row(*each, words) for each in tried], _widest(off), alike.terms)


def _row(group: int, turn: int, offer: Offer, words: Mapping[tuple[int, int], str]) -> dict[str, object]:
    scaled, governed = offer.scaled, offer.fee.parts
    return {
        "group": group,
        "turn": turn,
        "term": words[id(offer.contract), id(offer.fee)],
        "cause": offer.cause,
        "detail": offer.detail,
        "rounding": scaled.rounding,
        "sign": scaled.sign,
        "scale": scaled.scale,
        "rate": scaled.rate,
        "fixed": scaled.fixed,
        "least": scaled.least,
        "most": scaled.most,
        **{f"of_{part}": part in governed for part in FEE_PARTS},
    }


def _table(offered: Iterable[Mapping[str, object]], widest: int, terms: Iterable[str]) -> pl.DataFrame:
    """Offers as a frame; 128-bit numbers only where a product could pass 64 bits."""
    place = {term: n for n, term in enumerate(terms)}
    rows = [{**row, "term": place.get(str(row["term"]))} for row in offered]
    wide = any(widest * int(r["rate"]) + int(r["fixed"]) + int(r["scale"]) >= _MOST for r in rows)  # type: ignore[call-overload]
    wide = wide or any(int(r[name] or 0) >= _MOST for r in rows for name in ("least", "most"))  # type: ignore[call-overload]
    number = pl.Int128 if wide else pl.Int64
    schema = {
        "group": pl.UInt32,
        "turn": pl.Int32,
        "term": pl.Int32,
        "cause": pl.String,
        "detail": pl.String,
        "rounding": pl.String,
        "sign": pl.Int8,
        **dict.fromkeys(("scale", "rate", "fixed", "least", "most"), number),
        **{f"of_{part}": pl.Boolean for part in FEE_PARTS},
    }
    capped = [{**row, "most": row["most"] if row["most"] is not None else (_WIDE if wide else _MOST)} for row in rows]
    return pl.DataFrame(capped, schema=schema, orient="row")


def _priced(lines: pl.DataFrame, table: pl.DataFrame, *also: str) -> pl.DataFrame:
    """Each line with each of its offers: adds `exact` (in 1/scale minor units) and `expected`, the whole fee.

    also: columns of the table that are wanted beside those that the fee is made of.
    """
    modes = table["rounding"].unique().to_list()
    governed = [f"of_{part}" for part in FEE_PARTS]
    by_parts = table.select(pl.any_horizontal(pl.col(governed).any())).item()
    asked = ["group", "term", *_NUMBERS, *also, *["rounding"] * (len(modes) > 1), *(governed if by_parts else [])]
    rows = lines.lazy().join(table.lazy().select(asked), on="group", how="inner", maintain_order="left")
    size = pl.col("gross_minor").abs().cast(table.schema["rate"])
    exact = (size * pl.col("rate") + pl.col("fixed")).clip("least", "most")
    rows = rows.with_columns(exact=exact)
    fee = _rounded(modes).cast(pl.Int64) * pl.col("sign")
    if by_parts:
        fee = fee + _left_to_others()
    return rows.with_columns(expected=fee).collect()


def _rounded(modes: Collection[str]) -> pl.Expr:
    """By the column `rounding` where there is more than one way."""
    exact, scale = pl.col("exact"), pl.col("scale")
    rest, whole = exact % scale, exact // scale
    by_mode = {
        "half-up": (exact + scale // 2) // scale,
        "up": whole + (rest > 0).cast(pl.Int64),
        "down": whole,
        "half-even": whole + ((rest * 2 > scale) | ((rest * 2 == scale) & (whole % 2 == 1))).cast(pl.Int64),
    }
    found, *others = (by_mode[mode] for mode in sorted(modes)) if modes else [whole]
    for mode, other in zip(sorted(modes)[1:], others, strict=True):
        found = pl.when(pl.col("rounding") == mode).then(other).otherwise(found)
    return found


def _left_to_others() -> pl.Expr:
    """Parts of the fee that the contract does not fix: they are passed on as they are."""
    governs_all = pl.all_horizontal(~pl.col(f"of_{part}") for part in FEE_PARTS)
    passed = [pl.when(~pl.col(f"of_{part}")).then(f"{part}_minor").otherwise(0).fill_null(0) for part in FEE_PARTS]
    return pl.when(governs_all).then(0).otherwise(pl.sum_horizontal(passed))


def _nearest(priced: pl.DataFrame, alike: _Alike) -> pl.DataFrame:
    """Of several offers for a line the one that comes nearest to its fee; `unsure` where there were several."""
    if all(len(found) <= 1 for _, found in alike.offered.values()):
        return priced.with_columns(unsure=pl.lit(value=False))
    apart = (pl.col("fee_minor") - pl.col("expected")).abs()
    several = pl.len().over("row_id") > 1
    ordered = priced.with_columns(apart=apart, unsure=several).sort("apart", "expected", maintain_order=True)
    return ordered.unique("row_id", keep="first", maintain_order=True).drop("apart").sort("row_id")


def _different(priced: pl.DataFrame) -> pl.DataFrame:
    """Lines whose fee is not the contract's; a fee stated more finely must differ in what it states, too."""
    off = priced.filter(pl.col("fee_minor") != pl.col("expected"))
    if off.is_empty() or off["fee_micro"].null_count() == off.height:
        return off
    factor = pl.col("currency").replace_strict({c: 10 ** (6 - n) for c, n in EXPONENTS.items()}, return_dtype=pl.Int128)
    stated = pl.col("fee_micro").cast(pl.Int128) * pl.col("scale")
    right = pl.col("exact").cast(pl.Int128) * pl.col("sign") * factor
    near = ((stated - right).abs() < NEAREST_MICRO * pl.col("scale").cast(pl.Int128)).fill_null(value=False)
    return off.filter(~near)


def _told(off: pl.DataFrame, alike: _Alike, volume: Volume) -> pl.DataFrame:
    """`row_id`, `cause`, `detail` of lines that differ: the first mistake that gives exactly what was charged."""
    lines = off.select([c for c in off.columns if c not in alike.main.columns or c == "group"]).drop(
        "exact", "expected"
    )
    tried = _priced(lines, _mistaken(alike, off, volume), "turn", "cause", "detail")
    tried = tried.filter(pl.col("expected") == pl.col("fee_minor"))
    first = tried.sort("row_id", "turn").unique("row_id", keep="first", maintain_order=True)
    first = first.select("row_id", "cause", "detail")
    known = off.select("row_id", "unsure").join(first, on="row_id", how="left", maintain_order="left")
    unsure = pl.col("unsure")
    return known.select(
        "row_id",
        cause=pl.when(unsure).then(pl.lit(UNKNOWN_TYPE)).otherwise(pl.col("cause").fill_null("rate")),
        detail=pl.when(~unsure).then(pl.col("detail").fill_null("")),
    )


def volumes(sold: pl.DataFrame) -> Volume:
    """Monthly volumes of contracts from daily sales: `acquirer`, `merchant_id`, `currency`, `day`, `gross_minor`."""
    known: dict[tuple[int, date, date, str], int] = {}

    def volume(contract: Contract, first: date, last: date, currency: str) -> int:
        key = (id(contract), first, last, currency)
        if key not in known:
            mine = sold.filter(
                (pl.col("acquirer") == contract.acquirer)
                & (pl.col("currency") == currency)
                & pl.col("day").is_between(first, last)
            )
            covered = [
                m for m in mine["merchant_id"].unique() if contract.covers(m, None) or contract.covers(m, "CARD")
            ]
            known[key] = int(mine.filter(pl.col("merchant_id").is_in(covered))["gross_minor"].sum())
        return known[key]

    return volume


def months_needed(days: pl.Series) -> tuple[date, date] | None:
    """First and last day of which tiers may ask for lines of these days."""
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return None
    return (first.replace(day=1) - timedelta(days=1)).replace(day=1), last
