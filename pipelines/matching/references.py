"""Which bank entry names which payout: references anywhere in its texts, whole, split, joined or amid noise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import polars as pl

from pipelines.sources.key_columns import without_hash

TEXTS = ("remittance", "bank_ref", "end_to_end_id")
BETWEEN_TEXTS = "\x1f"
SEPARATORS = r"[\s\p{P}\p{S}\x1f]+"
"""What banks put into a reference or leave out of it: spaces, line ends, hyphens, slashes …"""

TELLING_DIGITS, MOST_SHAPES = 6, 100

LONG, FEW_DIGITS, TELLING = 8, 4, 12
"""A reference of so many letters and digits, so many of them digits, or else as many as the last, is long."""


def named(entries: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Which entry names which payout: `row_id`, `payout_row`.

    references: `payout_row`, `ref`: the payout's id and the acquirer's number of the transfer. A reference counts only
    as a whole: P1 is not named by a text that holds P10, nor by one of P1-B if that is a payout too. A long one may be
    split by spaces and signs, or stand without any between letters and other numbers. One that looks like a card's
    number is masked everywhere, and found by what texts show of it.
    """
    nothing = pl.DataFrame(schema={"row_id": pl.Int64, "payout_row": pl.Int64})
    shown = references.with_columns(pl.Series("ref", map(without_hash, references["ref"]), pl.String))
    known = shown.with_columns(squashed=_squashed(pl.col("ref"))).filter(pl.col("squashed") != "")
    if entries.is_empty() or known.is_empty():
        return nothing
    whole = entries.select(pl.concat_str(TEXTS, separator=BETWEEN_TEXTS, ignore_nulls=True)).to_series()
    text = pl.Series("text", map(without_hash, whole), pl.String)
    words = known["squashed"].unique().sort().to_list()
    hits = pl.select(_squashed(pl.lit(text)).str.extract_many(words, ascii_case_insensitive=True, overlapping=True))
    found = entries.select("row_id", text=text, hits=hits.to_series()).filter(pl.col("hits").list.len() > 0)
    by_word: dict[str, set[str]] = {}
    for word, ref in known.select(pl.col("squashed").str.to_lowercase(), "ref").unique().iter_rows():
        by_word.setdefault(word, set()).add(ref)
    told = [
        _whole(text, {r for hit in set(hits) for r in by_word.get(hit.lower(), ())}) for _, text, hits in found.rows()
    ]
    pairs = found.select("row_id", ref=pl.Series(told, dtype=pl.List(pl.String))).explode("ref").drop_nulls("ref")
    return pairs.join(known.select("ref", "payout_row"), on="ref", how="inner").select("row_id", "payout_row").unique()


def names_another(entries: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """`row_id` of entries that name something of the shape of their acquirer's payouts: one that is not known yet.

    entries: with `acquirer`, none of which names a known payout; references: `acquirer`, `ref`.
    """
    shapes = references.select("acquirer", shape=pl.col("ref").map_elements(_shape, return_dtype=pl.String)).unique()
    by_acquirer = shapes.drop_nulls().group_by("acquirer").agg(pl.col("shape").sort()).rows()
    found = [pl.Series("row_id", [], pl.Int64)]
    text = pl.concat_str(TEXTS, separator=BETWEEN_TEXTS, ignore_nulls=True)
    for acquirer, known in by_acquirer:
        mine = entries.filter(pl.col("acquirer") == acquirer)
        found.append(mine.filter(text.str.contains("(?i)" + "|".join(known[:MOST_SHAPES])))["row_id"])
    return pl.concat(found).unique().to_frame()


def _shape(ref: str) -> str | None:
    """The pattern of references like this one, if it is long enough to be known by its letters and digits."""
    if sum(sign.isdigit() for sign in ref) < TELLING_DIGITS or ref.isdigit():
        return None
    return re.sub(r"\d+", lambda run: rf"[0-9]{{{len(run[0])}}}", re.sub(r"[^\w]", r".?", ref))


def squashed_sql(column: str) -> str:
    """The same squashing in SQL."""
    return rf"regexp_replace(upper({column}), '[\s\p{{P}}\p{{S}}]+', '', 'g')"


def _squashed(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(SEPARATORS, "")


def _whole(text: str, refs: Iterable[str]) -> list[str]:
    """Those of the references that stand in the text for themselves, longest first; what one of them takes is gone."""
    found: list[str] = []
    for ref in sorted(set(refs), key=lambda r: (-len(r), r)):
        rest = _without(ref, text)
        if rest != text:
            found.append(ref)
            text = rest
    left = [ref for ref in sorted(set(refs)) if ref not in found and _SIMPLE.fullmatch(ref)]
    for word in _SIMPLE.findall(text) if left else ():
        found += _joined(word, left)
    return found


def _joined(word: str, refs: list[str]) -> list[str]:
    """The references of which a word consists, written without anything between them, if it consists of such only."""
    if not word:
        return []
    for ref in (ref for ref in refs if word.startswith(ref) and word != ref):
        rest = word[len(ref) :]
        if rest in refs:
            return [ref, rest]
        if after := _joined(rest, refs):
            return [ref, *after]
    return []


def _without(ref: str, text: str) -> str:
    """The text without a reference, however it is written there.

    Most stand for themselves: only where signs of it are left is the pattern made that finds it in pieces, which takes
    a millisecond for each reference.
    """
    if _SIMPLE.fullmatch(ref):
        rest = re.sub(rf"(?<![A-Za-z0-9]){ref}(?![A-Za-z0-9])", " ", text)
        if ref.casefold() not in re.sub(r"[\W_]+", "", rest).casefold():
            return rest
    return _pattern(ref).sub(" ", text)


_SIMPLE = re.compile("[A-Za-z0-9]+")


@lru_cache(10_000)
def _pattern(ref: str) -> re.Pattern[str]:
    """How a reference may stand in a text: a short one exactly and alone, a long one also split."""
    signs = "" if "*" in ref else re.sub(r"[\W_]+", "", ref)
    digits = sum(sign.isdigit() for sign in signs)
    if len(signs) < LONG or (digits < FEW_DIGITS and len(signs) < TELLING):
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(ref)}(?![A-Za-z0-9])")
    # dates and times are digits with signs between them: a number may be split by blanks only
    gap = r"\s?" if signs.isdigit() else r"(?:[^\w\x1f]|_){0,3}"
    body = gap.join(map(re.escape, signs))
    return re.compile(rf"(?<!{_alike(signs[0])}){body}(?!{_alike(signs[-1])})", re.IGNORECASE)


def _alike(sign: str) -> str:
    """Signs next to which a reference would go on."""
    return "[0-9]" if sign.isdigit() else "[A-Za-z]"
