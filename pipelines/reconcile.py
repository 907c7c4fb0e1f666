"""The heart of the night: gather what is open, decide what it means (pure), write it down in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain

import polars as pl

from pipelines import monitoring
from pipelines.charging import add_up, charge, judging, register_fees
from pipelines.checks.arrivals import Arrivals, LoadedFile
from pipelines.checks.proof import Line, ProofError, failures, lines_of
from pipelines.checks.rolling import rolled
from pipelines.checks.rounding import Rounded, rounding_of, too_far
from pipelines.config import Settings
from pipelines.gathering import Open, Rest, gather, summed, whole
from pipelines.matching import rules, weaker
from pipelines.matching.aftermath import chargebacks, keyed
from pipelines.matching.beyond import idle, ledger, others
from pipelines.matching.deposits import UNDECIDED, UNIDENTIFIED, Deposited, Listed, settle_deposits
from pipelines.matching.journal_settlement import Settled, identify, refer, settle, wanted
from pipelines.matching.references import named
from pipelines.matching.repeats import told_again
from pipelines.matching.rulebook import PLAIN, Rulebook, changed_rules, definition, rulebook
from pipelines.registering import Night, register
from pipelines.review import Reviewed, review
from pipelines.store import (
    Store,
    anchors,
    books,
    by_id,
    casebook,
    decisions,
    files,
    history,
    seals,
    statements,
    undoing,
)
from pipelines.store.connection import SQL
from pipelines.store.partitions import Partitions

DAYS_BEFORE_SETTLEMENT = 3
"""A bank may book a payout some days before the acquirer dates it."""


@dataclass(frozen=True)
class Outcome:
    """What the night decided, for the report. paired: what its pairs of journal and settlement amount to (`summed`)."""

    arrivals: Arrivals
    paired: pl.DataFrame
    groups: pl.DataFrame
    proof: list[Line]
    rounding: list[Rounded]


def arrivals_of(store: Store, settings: Settings, run_date: date, previous: date | None) -> Arrivals:
    """What the books know of files, as the rules ask for it; a source new to the books is expected from now on."""
    known = dict(store.execute("SELECT name, since FROM book.sources"))
    for source in settings.sources:
        if source.name not in known:
            store.execute("INSERT INTO book.sources VALUES (?, ?)", [source.name, run_date])
            known[source.name] = run_date
    loaded = [LoadedFile(*file) for file in files.loaded(store)]
    return Arrivals.of(settings, run_date, previous, known, loaded)


def reconcile(
    store: Store,
    settings: Settings,
    run_no: int,
    run_date: date,
    fresh: Partitions,
    entries: books.Fresh,
    first: Callable[[], None] | None = None,
) -> Outcome:
    """Match, register and prove; all of it is written or none. ProofError where the books do not add up.

    fresh, entries: rows of the files that this run loaded, of both sides and of the bank.
    first: what is to be done before, or not at all.
    """
    last, newest, before = books.last_finished(store)
    previous = before if newest == run_date else newest
    with store.transaction():
        if first is not None:
            first()
        arrivals = arrivals_of(store, settings, run_date, previous)
        said = [books.rows_with_reason(store, reason) for reason in (UNIDENTIFIED, UNDECIDED)]
        statements.settle_repeats(store, last, told_again)
        listed = Listed(*(pl.concat([rows, statements.in_their_place(store, rows)]) for rows in said))
        undoing.reopen_chargebacks(store, books.loaded_since(store, "settlement", last))
        laid = decisions.lay(store, last)
        book = replace(_rulebook(store, settings), decided=laid.decided)
        rows = gather(store, last, fresh, entries, book, run_no)
        charging = judging(store, settings, last)
        settled = [_match(store, rest, rows, last, run_date, arrivals, book) for rest in _one_by_one(store, rows.rest)]
        reviewed = _review(store, rows, run_date, arrivals)
        unbalanced = add_up(store, last)
        deposited = _bank(store, rows, listed, arrivals)
        pairs = pl.concat([some.pairs for some in settled]).select(rows.at_once.columns)
        books.write_matches(store, pl.concat([rows.at_once, pairs]), run_no)
        charge(store, charging, run_no)
        register_fees(store, settings, run_no, last, run_date, charging)
        lines = keyed(rows.other_lines)
        aftermath = chargebacks(lines)
        told = [*(some.breaks for some in settled), reviewed.breaks, deposited.breaks, unbalanced]
        breaks = pl.concat(told, how="diagonal")
        night = Night(settings, arrivals, run_no, run_date, last)
        undone = pl.concat([some.undone for some in settled])
        registered = register(store, night, undone, breaks, aftermath, lines, laid.undone)
        _write(
            store,
            rows,
            settled,
            deposited,
            pl.concat([aftermath, registered.adjustments], how="diagonal"),
            registered.closed,
            run_no,
        )
        history.write_watched(store, reviewed.watched)
        paired = pl.concat([rows.paired, pairs.select(rows.paired.columns)])
        monitoring.watch(store, monitoring.Night(arrivals, run_no, run_date, last), paired)
        casebook.follow(store, run_no)
        proof, rounding = prove(store)
        sums = rolled(proof, statements.came(store), statements.balances(store), statements.repeated(store))
        statements.write_rolled(store, sums, run_no)
        verdict = "OK" if all(map(arrivals.has, arrivals.expected_now())) else "INCOMPLETE"
        store.execute("UPDATE book.runs SET verdict = ? WHERE run_no = ?", [verdict, run_no])
        seals.seal(store)
    anchors.write(store)
    return Outcome(arrivals, pl.concat([rows.sums, summed(pairs)]), deposited.groups, proof, rounding)


def prove(store: Store) -> tuple[list[Line], list[Rounded]]:
    """Lines of the proof and of its rounding; ProofError where the books do not add up."""
    proof, rounding = lines_of(_checked(store, "proof")), rounding_of(_checked(store, "rounding"))
    if wrong := [*failures(proof), *too_far(rounding)]:
        raise ProofError("the proof does not balance: " + "; ".join(wrong))
    return proof, rounding


def _checked(store: Store, name: str) -> pl.DataFrame:
    """Rows of a query of `sql/checks`."""
    return store.frame((SQL / "checks" / f"{name}.sql").read_text(encoding="utf-8"))


def _with_acquirer(journal: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Add `acquirer`: whose row it is by the first contract that fits its merchant and channel, or null."""
    keyed = journal.with_columns(owner=pl.struct("merchant_id", "channel").hash())
    pairs = keyed.unique("owner").select("owner", "merchant_id", "channel")
    acquirers = [
        next((c.acquirer for c in settings.contracts if c.fits(merchant, channel)), None)
        for _, merchant, channel in pairs.iter_rows()
    ]
    by_owner = dict(zip(pairs["owner"], acquirers, strict=True))
    named = pl.col("owner").replace_strict(by_owner, default=None, return_dtype=pl.String)
    return keyed.with_columns(acquirer=named).drop("owner")


def _rulebook(store: Store, settings: Settings) -> Rulebook:
    changed = [definition(own) for own in changed_rules(settings).values()]
    return rulebook(settings, books.rule_versions(store, (rules.VERSION, definition(PLAIN)), changed))


def _one_by_one(store: Store, pieces: list[Rest]) -> Iterator[Rest]:
    """Each piece; what was read for one is of no use for the next."""
    for piece in pieces:
        yield piece
        if len(pieces) > 1:
            store.forget()


def _match(
    store: Store, rest: Rest, rows: Open, last: int, run_date: date, arrivals: Arrivals, book: Rulebook
) -> Settled:
    settings = arrivals.settings
    found = identify(*whole(store, rest), book)
    found = replace(found, journal_left=_with_acquirer(found.journal_left, settings))
    tonight = books.loaded_since(store, "journal", last), rows.paired["journal_row_id"]
    past = history.journal_history(store, wanted(found, book, run_date, arrivals), *tonight)
    referred = refer(found, _with_acquirer(past, settings), book)
    near = history.journal_near(store, weaker.wanted(referred.lines, book), book.tolerance_minor + 1, *tonight)
    codes = books.codes_of(store, weaker.near(referred.lines, (found.journal, past, near), book))
    return settle(found, referred, _with_acquirer(near, settings), codes, book, run_date, arrivals)


def _review(store: Store, rows: Open, run_date: date, arrivals: Arrivals) -> Reviewed:
    """Tonight's journal rows judged beside their matching."""
    return review(store, rows.tonight, run_date, arrivals, lambda frame: _with_acquirer(frame, arrivals.settings))


def _bank(store: Store, rows: Open, listed: Listed, arrivals: Arrivals) -> Deposited:
    """Payouts and entries of tonight, with the groups and the older rows that they touch.

    listed: what earlier nights said of entries, and of those in whose place others count now.
    """
    payouts, entries = rows.payouts, statements.explained(store, rows.bank)
    if payouts.height:
        first = payouts["settlement_date"].min()
        assert isinstance(first, date)  # noqa: S101 - a date column
        older = books.entries_out_of_scope(store, first - timedelta(days=DAYS_BEFORE_SETTLEMENT))
        older = statements.explained(store, statements.counting(store, older))
        naming = named(older, books.references_of(store, payouts))
        entries = pl.concat([entries, older.join(naming.select("row_id").unique(), on="row_id", how="semi")])
    texts = pl.concat_str("remittance", "bank_ref", "end_to_end_id", separator=" ", ignore_nulls=True)
    touched = books.payouts_named(store, entries.select(text=texts))
    payouts = _together(payouts, touched)
    known, members = books.groups_of(
        store,
        pl.concat(
            [
                payouts.select(side=pl.lit("settlement"), row_id="row_id"),
                entries.select(side=pl.lit("bank"), row_id="row_id"),
            ]
        ),
    )
    payouts = _together(
        payouts, by_id.rows_of(store, "settlement", members.filter(pl.col("side") == "settlement")["row_id"])
    )
    banked = by_id.rows_of(store, "bank", members.filter(pl.col("side") == "bank")["row_id"])
    entries = _together(entries, statements.explained(store, banked))
    deposited = settle_deposits(payouts, entries, books.references_of(store, payouts), listed, arrivals)
    before = ["group_no", "payout_minor", "bank_minor", "verdict"]
    same = _with_same_members(known, members, deposited.members)
    changed = deposited.groups.join(same, on=before, how="anti", maintain_order="left")
    return replace(
        deposited,
        groups=changed,
        members=deposited.members.join(changed.select("group_no"), on="group_no", how="semi", maintain_order="left"),
    )


def _with_same_members(groups: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Groups that hold the rows they held before: another entry of the same amount may have taken one's place."""
    one = ["group_no", "side", "row_id"]
    moved = [some.join(others, on=one, how="anti")["group_no"] for some, others in ((before, now), (now, before))]
    return groups.filter(~pl.col("group_no").is_in(pl.concat(moved).implode()))


def _together(mine: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    columns = [c for c in more.columns if c in mine.columns]
    return pl.concat([mine.select(columns), more.select(columns)]).unique("row_id", keep="first").sort("row_id")


def _write(
    store: Store,
    rows: Open,
    settled: list[Settled],
    deposited: Deposited,
    afterwards: pl.DataFrame,
    adjusted: pl.DataFrame,
    run_no: int,
) -> None:
    """Pairs, groups and states of the night. afterwards: states of what follows a sale; adjusted: rows closed by it."""
    books.write_deposits(store, deposited.groups, deposited.members, run_no, rules.VERSION)
    beside = pl.concat(
        [
            deposited.payout_states.with_columns(side=pl.lit("settlement")),
            deposited.bank_states.with_columns(side=pl.lit("bank")),
            afterwards.select("row_id", "state", "reason", "acquirer", side=pl.lit("settlement")),
        ],
        how="diagonal",
    )
    told = chain(map(_sided, settled), [beside])
    states = (some.join(adjusted, on=["side", "row_id"], how="anti", maintain_order="left") for some in told)
    paired = pl.concat([some.pairs["journal_row_id"] for some in settled])
    out = [adjusted, idle(rows.idle, paired), others(rows.other_lines, afterwards["row_id"]), ledger(rows.ledger)]
    books.write_states(store, states, out)


def _sided(settled: Settled) -> pl.DataFrame:
    """States of both sides, with `side`."""
    sides = {"journal": settled.journal_states, "settlement": settled.settlement_states}
    told = [states.with_columns(side=pl.lit(side)) for side, states in sides.items()]
    return pl.concat(told, how="diagonal")
