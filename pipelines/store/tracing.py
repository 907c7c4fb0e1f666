"""All that the published copy knows of one transaction or payout, gathered by key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipelines.store.published import Published

Row = dict[str, Any]
MOST_ROWS = 200
"""Rows of one side that are listed; a key may be on millions."""

ROUNDS = 4
"""A refund names its sale, which another refund names, which was voided: so far a reference is followed."""


@dataclass
class Gathered:
    """What bears the key or belongs to what does.

    left_out, beyond: rows of a side that were found, or only counted, and are not listed.
    """

    journal: list[Row] = field(default_factory=list)
    settlement: list[Row] = field(default_factory=list)
    bank: list[Row] = field(default_factory=list)
    matches: list[Row] = field(default_factory=list)
    payouts: list[Row] = field(default_factory=list)
    exceptions: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    acts: list[Row] = field(default_factory=list)
    restated: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    left_out: dict[str, set[int]] = field(default_factory=dict)
    beyond: dict[str, int] = field(default_factory=dict)

    @property
    def more(self) -> dict[str, int]:
        """How many rows of each side bear such a key and are not listed."""
        counts = {side: len(ids) + self.beyond.get(side, 0) for side, ids in self.left_out.items()}
        return {side: count for side, count in counts.items() if count > 0}

    @property
    def empty(self) -> bool:
        """Whether nothing bears the key."""
        return not any(
            (self.journal, self.settlement, self.bank, self.exceptions, self.payouts, self.restated, self.rejected)
        )


def gather(published: Published, key: str) -> Gathered:
    """Everything of an RRN, an order number, an exception id, a payout id or a bank reference."""
    ask = _Asking(published)
    known = ask.rows("SELECT * FROM exceptions WHERE exception_id = ?", key)
    found = Gathered()
    refs = {(None, key), *((e["merchant_id"], e[name]) for e in known for name in ("rrn", "order_no") if e[name])}
    _follow(ask, found, refs)
    _add_places(ask, found, known)
    payouts = [key, *(e["payout_id"] for e in known if e["payout_id"])]
    payouts += [line["payout_id"] for line in found.settlement if line["payout_id"]]
    _add_payouts(ask, found, payouts, [key, *(e["bank_ref"] for e in known if e["bank_ref"])])
    word = "regexp_matches(raw, '(^|[^0-9A-Za-z])' || regexp_escape(?) || '($|[^0-9A-Za-z])')"
    found.rejected = ask.rows(f"SELECT * FROM rejected_rows WHERE ? <> '' AND {word} LIMIT {MOST_ROWS}", key, key)
    found.matches += _matches(ask, found)
    _add_exceptions(ask, found, known, key)
    _add_acts(ask, found)
    one = "rrn = ? OR order_no = ? OR payout_id = ? OR bank_ref = ?"
    found.restated = ask.rows(f"SELECT * FROM restated_rows WHERE {one} ORDER BY run_no LIMIT {MOST_ROWS}", *[key] * 4)
    return found


@dataclass(frozen=True)
class _Asking:
    published: Published

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Answer a query; a list among the values stands for the constants of an `IN ?`.

        As constants they let whole parts of history be passed over; from a list they would not.
        """
        flat: list[object] = []
        for value in values:
            if isinstance(value, list):
                sql = sql.replace("IN ?", f"IN ({', '.join('?' * len(value)) or 'NULL'})", 1)
                flat += value
            else:
                flat.append(value)
        return self.published.frame(sql, flat).to_dicts()


def _follow(ask: _Asking, found: Gathered, refs: set[tuple[str | None, str]]) -> None:
    """Rows that bear a reference or name it, then those that bear theirs, and the partners of all."""
    seen: set[tuple[str | None, str]] = set()
    for _ in range(ROUNDS):
        fresh = sorted(refs - seen, key=str)
        if not fresh:
            break
        seen |= refs
        for side in ("journal", "settlement"):
            ids, beyond = _bearing(ask, side, fresh)
            found.beyond[side] = max(found.beyond.get(side, 0), beyond)
            _keep(found, side, _by_id(ask, side, ids))
        _add_partners(ask, found)
        for row in (*found.journal, *found.settlement):
            named = (row["rrn"], row["order_no"], row["original_rrn"])
            refs |= {(row["merchant_id"], ref) for ref in named if ref}


def _bearing(ask: _Asking, side: str, refs: list[tuple[str | None, str]]) -> tuple[list[int], int]:
    """Ids of the rows that bear or name one of the references, as many as are listed, and how many more there are."""
    found: set[int] = set()
    count = 0
    for merchant in dict.fromkeys(merchant for merchant, _ in refs):
        names = [ref for one, ref in refs if one == merchant]
        whose = "? IS NULL" if merchant is None else "merchant_id = ?"
        rows = ask.rows(
            f"""
            SELECT row_id, count(*) OVER () AS hits FROM book.{side}
            WHERE {whose} AND (rrn IN ? OR order_no IN ? OR original_rrn IN ?) ORDER BY row_id LIMIT {MOST_ROWS}
            """,
            merchant,
            names,
            names,
            names,
        )
        found |= {row["row_id"] for row in rows}
        count += max((row["hits"] for row in rows), default=0) - len(rows)
    return sorted(found), count


def _keep(found: Gathered, side: str, rows: Iterable[Row]) -> None:
    """Add rows of a side that are not there yet, as many as are listed."""
    mine: list[Row] = getattr(found, side)
    there = {row["row_id"] for row in mine}
    new = [row for row in rows if row["row_id"] not in there]
    room = max(MOST_ROWS - len(mine), 0)
    mine += new[:room]
    found.left_out.setdefault(side, set()).update(row["row_id"] for row in new[room:])


def _add_partners(ask: _Asking, found: Gathered) -> None:
    theirs = [row["settlement_row_id"] for row in found.journal if row["settlement_row_id"] is not None]
    mine = [row["journal_row_id"] for row in found.settlement if row["journal_row_id"] is not None]
    for side, ids in (("settlement", theirs), ("journal", mine)):
        missing = sorted(set(ids) - {row["row_id"] for row in getattr(found, side)})
        if missing:
            _keep(found, side, _by_id(ask, side, missing))


def _by_id(ask: _Asking, side: str, ids: list[int]) -> list[Row]:
    return ask.rows(f"SELECT * FROM {side} WHERE row_id IN ? ORDER BY row_id", ids) if ids else []


def _add_places(ask: _Asking, found: Gathered, known: list[Row]) -> None:
    """The records behind an exception that was asked for by its id."""
    for side in ("journal", "settlement", "bank"):
        places = {(e["file"], e["line"]) for each in known for e in each["evidence"] if e["side"] == side}
        for file, line in sorted(places):
            _keep(found, side, ask.rows(f"SELECT * FROM {side} WHERE file = ? AND line = ?", file, line))
    _add_partners(ask, found)


def _add_payouts(ask: _Asking, found: Gathered, payouts: list[str], bank_refs: list[str]) -> None:
    """Payouts with their lines' sums, and the bank entries that are in one group with them or bear the reference."""
    refs = sorted(set(bank_refs))
    banked = ask.rows("SELECT * FROM bank WHERE bank_ref IN ? OR end_to_end_id IN ? ORDER BY row_id", refs, refs)
    _keep(found, "bank", banked)
    groups = _groups(ask, "bank_row_ids", [str(row["row_id"]) for row in found.bank])
    named = sorted({*payouts, *(each for group in groups for each in group["payout_id"].split(", "))})
    found.payouts = ask.rows("SELECT * FROM payout_bridge WHERE payout_id IN ? ORDER BY ALL", named)
    declared = "SELECT * FROM settlement WHERE record_type = 'PAYOUT' AND payout_id IN ? ORDER BY row_id"
    _keep(found, "settlement", ask.rows(declared, named))
    groups = _groups(ask, "string_split(payout_id, ', ')", named)
    found.matches += groups
    _keep(
        found, "bank", _by_id(ask, "bank", sorted({each for group in groups for each in group["bank_row_ids"] or ()}))
    )


def _groups(ask: _Asking, members: str, wanted: list[str]) -> list[Row]:
    """Groups of payouts and bank entries that hold one of the wanted members."""
    some = "string_split(?, chr(31))"
    listed = f"list_has_any(CAST({members} AS VARCHAR[]), {some})"
    return ask.rows(f"SELECT * FROM matches WHERE leg = 'settlement-bank' AND {listed}", "\x1f".join(wanted))


def _matches(ask: _Asking, found: Gathered) -> list[Row]:
    ids = [row["row_id"] for row in found.journal if row["settlement_row_id"] is not None]
    return ask.rows("SELECT * FROM matches WHERE leg = 'journal-settlement' AND journal_row_id IN ?", ids)


def _add_exceptions(ask: _Asking, found: Gathered, known: list[Row], key: str) -> None:
    """Exceptions that bear the key, rest on one of the rows or speak of a payout, with all that happened to them.

    The rows of an exception may have left the books with their file.
    """
    places = [f"{row['file']}:{row['line']}" for row in _records(found)]
    payouts = [row["payout_id"] for row in found.payouts]
    found.exceptions = ask.rows(
        """
        WITH places AS (SELECT exception_id, unnest(evidence) AS e FROM exceptions)
        SELECT * FROM exceptions WHERE exception_id IN ?
        OR exception_id IN (
            SELECT exception_id FROM places
            WHERE e.side <> 'file' AND e.file || ':' || e.line IN ?)
        OR payout_id = ? OR rrn = ? OR order_no = ? OR bank_ref = ?
        OR (leg = 'settlement-bank' AND payout_id IN ?)
        ORDER BY first_seen, exception_id
        """,
        [e["exception_id"] for e in known],
        places,
        *[key] * 4,
        payouts,
    )
    ids = [e["exception_id"] for e in found.exceptions]
    found.history = ask.rows("SELECT * FROM exception_history WHERE exception_id IN ? ORDER BY event_no", ids)


def _records(found: Gathered) -> list[Row]:
    return [*found.journal, *found.settlement, *found.bank, *found.rejected]


def _add_acts(ask: _Asking, found: Gathered) -> None:
    """Acts of people on one of the rows or exceptions."""
    mine, theirs = ([f"{r['file']}:{r['line']}" for r in rows] for rows in (found.journal, found.settlement))
    ids = [row["row_id"] for row in (*found.journal, *found.settlement)]
    found.acts = ask.rows(
        """
        SELECT * FROM case_events WHERE exception_id IN ?
        OR journal_file || ':' || journal_line IN ?
        OR settlement_file || ':' || settlement_line IN ?
        OR journal_row_id IN ? OR settlement_row_id IN ?
        ORDER BY event_no
        """,
        [e["exception_id"] for e in found.exceptions],
        mine,
        theirs,
        ids,
        ids,
    )
