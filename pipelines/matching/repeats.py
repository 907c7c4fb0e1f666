"""Bank entries that several files tell: which of them counts, and by which file the others are told again."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

RANK = {"final": 0, "interim": 1, "notice": 2}
"""Whose word counts first: a statement's, then that of a report within the day, then a notice's."""

TOLD = {"row_id": pl.Int64, "by_file_id": pl.Int32, "by_row_id": pl.Int64}
_UNIT = ["file_id", "account", "currency"]
_ENTRY = ["account", "currency", "booking_date", "amount_minor"]


def told_again(entries: pl.DataFrame, files: pl.DataFrame, ends: pl.DataFrame, corrected: pl.DataFrame) -> pl.DataFrame:
    """Entries that do not count because another file tells them too, in the columns of TOLD.

    entries: `row_id`, `file_id` and what the bank says of them; files: `file_id`, `account`, `standing`, `day`, one row
    for each account and day that a file speaks for; ends: `file_id`, `account`, `currency`, `opening`, `closing`;
    corrected: `file_id`, `account`, `by_file_id`.

    1. An account that another statement corrects does not count where it was told first.
    2. A statement takes over its days: what reports within the day and notices tell of them does not count.
    3. A statement that is told twice as a whole counts once, whatever the bank calls its entries.
    4. Else one and the same entry counts once, the first time by RANK and arrival; the n-th of equal ones in a file is
       the n-th in another. Statements of which one continues the other never tell the same entry.
    """
    standing = files.select("file_id", "standing").unique()
    rank = pl.col("standing").replace_strict(RANK, return_dtype=pl.Int8)
    known = entries.join(standing, on="file_id", how="inner").with_columns(rank=rank)
    replaced = known.join(corrected, on=["file_id", "account"], how="inner")
    ranked = known.join(replaced, on="row_id", how="anti")
    taken = _taken_over(ranked, files)
    left = ranked.join(taken, on="row_id", how="anti")
    whole = _whole(left.filter(pl.col("rank") == 0), ends)
    single = _one_by_one(left.join(whole, on="row_id", how="anti"), ends)
    repeats = pl.concat([part.select(**{n: pl.col(n).cast(t) for n, t in TOLD.items()}) for part in (whole, single)])
    counting = left.filter(pl.col("rank") == 0).join(repeats, on="row_id", how="anti")
    return pl.concat([_explaining(replaced, counting), _explaining(taken, counting), repeats])


def _taken_over(ranked: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """What is told of a day before its statement, with the file that takes it over."""
    finals = files.filter(pl.col("standing") == "final").group_by("account", "day").agg(by_file_id=pl.max("file_id"))
    early = ranked.filter(pl.col("rank") > 0)
    return early.join(finals, left_on=["account", "booking_date"], right_on=["account", "day"], how="inner")


def _explaining(taken: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    """Early entries with the entry of a statement that counts in their place, where it can be found."""
    by_reference = _linked(taken, counting, [*_ENTRY, "bank_ref"])
    by_amount = _linked(taken.join(by_reference, on="row_id", how="anti"), counting, _ENTRY)
    links = pl.concat([by_reference, by_amount])
    found = taken.join(links, on="row_id", how="left").with_columns(by_file_id=pl.coalesce("its_file", "by_file_id"))
    return found.select(**{name: pl.col(name).cast(dtype) for name, dtype in TOLD.items()})


def _linked(early: pl.DataFrame, counting: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The n-th early entry of a key beside the n-th that counts: `row_id`, `by_row_id`, `its_file`."""
    mine = _numbered(early.drop_nulls(keys), [*keys, "file_id"])
    theirs = _numbered(counting.drop_nulls(keys), keys)
    theirs = theirs.select(*keys, "turn", by_row_id="row_id", its_file="file_id")
    return mine.join(theirs, on=[*keys, "turn"], how="inner").select("row_id", "by_row_id", "its_file")


def _numbered(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    return rows.sort("row_id").with_columns(turn=pl.int_range(pl.len()).over(keys))


def _whole(finals: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Entries of statements that an earlier file holds with the same balances and the same amounts, day by day."""
    amounts = pl.struct("booking_date", "amount_minor").hash()
    units = finals.group_by(_UNIT).agg(content=pl.struct(pl.len(), amounts.sum()))
    units = units.join(ends.drop_nulls(["opening", "closing"]), on=_UNIT, how="inner")
    units = units.unnest("content")
    same = ["account", "currency", "opening", "closing", "len", "booking_date"]
    first = units.group_by(same).agg(by_file_id=pl.min("file_id"))
    again = units.join(first, on=same, how="inner").filter(pl.col("file_id") != pl.col("by_file_id"))
    repeats = finals.join(again.select(*_UNIT, "by_file_id"), on=_UNIT, how="inner")
    mine = _numbered(repeats, [*_ENTRY, "file_id"])
    theirs = _numbered(finals, [*_ENTRY, "file_id"]).select(*_ENTRY, "turn", by_file_id="file_id", by_row_id="row_id")
    return mine.join(theirs, on=[*_ENTRY, "turn", "by_file_id"], how="left")


def _one_by_one(left: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    texts = pl.concat_str("end_to_end_id", "remittance", "counterparty", separator="|", ignore_nulls=True)
    known = left.with_columns(known_by=pl.coalesce("bank_ref", texts))
    keys = [*_ENTRY, "known_by"]
    numbered = _numbered(known, [*keys, "file_id"])
    several = numbered.filter(pl.len().over([*keys, "turn"]) > 1).sort(*keys, "turn", "rank", "file_id", "row_id")
    rows = several.join(ends, on=_UNIT, how="left", maintain_order="left")
    found = [
        told
        for _, group in rows.group_by([*keys, "turn"], maintain_order=True)
        for told in _repeats(group.select("row_id", "file_id", "opening", "closing").rows())
    ]
    return pl.DataFrame(found, schema=TOLD, orient="row")


_Row = tuple[int, int, int | None, int | None]


def _repeats(group: list[_Row]) -> Iterator[tuple[int, int, int]]:
    """Each entry of a group that repeats one before it: its row, and file and row of that one."""
    counting: list[_Row] = []
    for row in group:
        first = next((each for each in counting if not _continue(each, row)), None)
        if first is None:
            counting.append(row)
        else:
            yield row[0], first[1], first[0]


def _continue(one: _Row, other: _Row) -> bool:
    """Whether one statement begins with the balance the other ended with, so that they share no entry."""
    if None in (*one[2:], *other[2:]) or one[2:] == other[2:]:
        return False
    return one[3] == other[2] or other[3] == one[2]
