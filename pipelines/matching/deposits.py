"""Payouts against bank entries: who names whom or adds up to whom, what is due and has not come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.checks.workdays import business_day_after
from pipelines.matching.by_amount import by_amount
from pipelines.matching.deposit_breaks import AMBIGUOUS, different, missing, undecided, unidentified
from pipelines.matching.deposit_groups import GROUPS, MEMBERS, grouped, sums
from pipelines.matching.lumps import Doubt, Tie
from pipelines.matching.payees import acquirer_of_entry, calendars_of, contract_of
from pipelines.matching.references import named, names_another
from pipelines.matching.states import EXCEPTED, OUT_OF_SCOPE, WAITING
from pipelines.matching.verdicts import MATCHED

STATES = {"row_id": pl.Int64, "state": pl.String, "reason": pl.String}
UNIDENTIFIED, UNDECIDED = "DEPOSIT_UNIDENTIFIED", AMBIGUOUS


@dataclass(frozen=True)
class Listed:
    """Entries (row ids) that an earlier night left unidentified, or undecided between several choices of payouts."""

    unidentified: pl.Series
    undecided: pl.Series


@dataclass(frozen=True)
class Deposited:
    """What became of payouts and entries.

    groups and members: those that name each other, with both sums. payouts, entries: those in no group, with `state`
    and `reason`, payouts with `due`, entries with `acquirer`. breaks: the exceptions they all mean now.
    """

    groups: pl.DataFrame
    members: pl.DataFrame
    payouts: pl.DataFrame
    entries: pl.DataFrame
    breaks: pl.DataFrame

    @property
    def payout_states(self) -> pl.DataFrame:
        """`row_id`, `state`, `reason`, `acquirer`, `expected_by` of payouts in no group."""
        return self.payouts.select(*STATES, "acquirer", expected_by="due")

    @property
    def bank_states(self) -> pl.DataFrame:
        """`row_id`, `state`, `reason`, `acquirer` of entries in no group."""
        return self.entries.select(*STATES, "acquirer")


def _mapped(
    frame: pl.DataFrame, keys: list[str], column: str, value: Callable[..., object], dtype: pl.DataType
) -> pl.DataFrame:
    """Add a column computed once for each distinct combination of the keys."""
    distinct = frame.select(keys).unique()
    values = pl.Series(column, [value(*row) for row in distinct.iter_rows()], dtype=dtype)
    return frame.join(distinct.with_columns(values), on=keys, how="left", nulls_equal=True, maintain_order="left")


def settle_deposits(
    payouts: pl.DataFrame, entries: pl.DataFrame, references: pl.DataFrame, listed: Listed, arrivals: Arrivals
) -> Deposited:
    """Group payouts with the entries that name them or add up to them, and say what each one left over means.

    payouts: PAYOUT lines not yet banked to the fen; entries: bank rows not yet explained; references: `payout_row`,
    `ref`: by what an entry may name a payout; listed: what an earlier night said of entries, which a file that is
    missing now does not unsay.
    Amounts are compared with the declared payout (`net_minor`), per currency.
    """
    links = _links(payouts, entries, references)
    groups, members = grouped(links, payouts, entries, arrivals.settings)
    payouts_left = _dated_payouts(_without(payouts, members, "settlement"), arrivals)
    entries_left = _owned_entries(_without(entries, members, "bank"), listed.unidentified, arrivals)
    late = pl.col("incomplete") & pl.col("row_id").is_in(listed.undecided.implode()) & (pl.col("state") == WAITING)
    entries_left = entries_left.with_columns(late=late)
    strange = names_another(
        entries_left, payouts.select("acquirer", payout_row="row_id").join(references, on="payout_row")
    )
    ties, doubts = by_amount(
        payouts_left, _judged_anew(entries_left).join(strange, on="row_id", how="anti"), arrivals.settings
    )
    ties = _but_of(ties, entries_left.filter("late")["row_id"])
    tied_groups, tied_members = _tied(ties, payouts, entries)
    groups, members = pl.concat([groups, tied_groups]).sort("group_no"), pl.concat([members, tied_members])
    payouts_left = _doubted(_without(payouts_left, tied_members, "settlement"), doubts)
    entries_left = _undecided(_without(entries_left, tied_members, "bank"), doubts)
    breaks = [
        *(different(groups, members, payouts), missing(payouts_left)),
        *(unidentified(entries_left), undecided(entries_left)),
    ]
    return Deposited(
        groups=groups,
        members=members,
        payouts=payouts_left,
        entries=entries_left,
        breaks=pl.concat(breaks, how="diagonal"),
    )


def _judged_anew(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries that were undecided are looked at again though a file is missing: they may be still."""
    return entries.with_columns(state=pl.when("late").then(pl.lit(EXCEPTED)).otherwise("state"))


def _but_of(ties: list[Tie], late: pl.Series) -> list[Tie]:
    """Ties but those that a missing file may still speak against."""
    waiting = frozenset(late)
    return [tie for tie in ties if waiting.isdisjoint(tie.entries)]


def _without(rows: pl.DataFrame, members: pl.DataFrame, side: str) -> pl.DataFrame:
    taken = members.filter(pl.col("side") == side).select("row_id")
    return rows.join(taken, on="row_id", how="anti", maintain_order="left")


def _tied(ties: list[Tie], payouts: pl.DataFrame, entries: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ties as groups: numbered by the smallest payout row, both sums from the rows."""
    rows = [(min(t.payouts), side, row) for t in ties for side, ids in _sides(t) for row in ids]
    members = pl.DataFrame(rows, schema=MEMBERS, orient="row")
    told = [(min(t.payouts), t.rule, t.bank_fee or None) for t in ties]
    rules = pl.DataFrame(
        told, schema={"group_no": pl.Int64, "rule": pl.String, "bank_fee_minor": pl.Int64}, orient="row"
    )
    summed = sums(members, payouts, entries).join(rules, on="group_no", how="inner")
    # what the bank took has the sign of the payout
    fee = pl.col("bank_fee_minor") * pl.col("payout_minor").sign()
    return summed.with_columns(verdict=pl.lit(MATCHED), bank_fee_minor=fee).select(list(GROUPS)), members


def _sides(tie: Tie) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return ("settlement", tie.payouts), ("bank", tie.entries)


def _doubted(payouts: pl.DataFrame, doubts: list[Doubt]) -> pl.DataFrame:
    """Payouts that may be in an undecided entry wait until a person decides."""
    named_there = [row for doubt in doubts for row in doubt.payouts]
    doubted = pl.col("row_id").is_in(named_there) & (pl.col("state") == EXCEPTED)
    return payouts.with_columns(
        state=pl.when(doubted).then(pl.lit(WAITING)).otherwise("state"),
        reason=pl.when(doubted).then(pl.lit("TIMING")).otherwise("reason"),
    )


def _undecided(entries: pl.DataFrame, doubts: list[Doubt]) -> pl.DataFrame:
    """Entries with several answers are AMBIGUOUS_MATCH, with their candidates in `payout_rows`."""
    rows = pl.DataFrame(
        [(d.entry, list(d.payouts)) for d in doubts],
        schema={"row_id": pl.Int64, "payout_rows": pl.List(pl.Int64)},
        orient="row",
    )
    joined = entries.join(rows, on="row_id", how="left", maintain_order="left")
    several = pl.col("payout_rows").is_not_null()
    return joined.with_columns(
        state=pl.when(several).then(pl.lit(EXCEPTED)).otherwise("state"),
        reason=pl.when(several).then(pl.lit(AMBIGUOUS)).otherwise("reason"),
    )


def _links(payouts: pl.DataFrame, entries: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """`payout_row`, `bank_row` of payouts and entries of one currency that name each other."""
    currencies = payouts.select("currency", payout_row="row_id")
    there = entries.select("row_id", bank_currency="currency")
    both = (
        named(entries, references).join(currencies, on="payout_row", how="inner").join(there, on="row_id", how="inner")
    )
    return both.filter(pl.col("currency") == pl.col("bank_currency")).select("payout_row", bank_row="row_id")


def _dated_payouts(payouts: pl.DataFrame, arrivals: Arrivals) -> pl.DataFrame:
    """Add `due`, `state`, `reason`: a payout is missing once its due date's statement is there and it is not in it."""
    settings = arrivals.settings

    def due(acquirer: str, merchant: str | None, settled: date) -> date | None:
        contract = contract_of(settings, acquirer, merchant)
        if contract is None:
            return None
        calendars = calendars_of(settings, contract)
        return business_day_after(settled, contract.payout_lag_business_days, *calendars)

    def late(acquirer: str, merchant: str | None, day: date | None) -> bool:
        contract = contract_of(settings, acquirer, merchant)
        if contract is None or day is None or day > arrivals.run_date:
            return False
        return arrivals.statement_arrived(contract.payout_account, day)

    dated = _mapped(payouts, ["acquirer", "merchant_id", "settlement_date"], "due", due, pl.Date())
    dated = _mapped(dated, ["acquirer", "merchant_id", "due"], "late", late, pl.Boolean())
    nothing = pl.col("net_minor") == 0
    state = (
        pl.when(nothing)
        .then(pl.lit(OUT_OF_SCOPE))
        .when(pl.col("late"))
        .then(pl.lit(EXCEPTED))
        .otherwise(pl.lit(WAITING))
    )
    reason = (
        pl.when(nothing)
        .then(pl.lit("a payout of nothing: no deposit is expected"))
        .when(pl.col("late"))
        .then(pl.lit("DEPOSIT_MISSING"))
        .otherwise(pl.lit("TIMING"))
    )
    return dated.with_columns(state=state, reason=reason)


def _owned_entries(entries: pl.DataFrame, listed: pl.Series, arrivals: Arrivals) -> pl.DataFrame:
    """Add `acquirer`, `state`, `reason`: an entry of an acquirer is unidentified once all its files are there.

    One that is listed already stays so though a later file is missing: that file cannot explain it away unseen.
    """
    settings = arrivals.settings
    owned = _mapped(entries, ["counterparty"], "acquirer", lambda name: acquirer_of_entry(settings, name), pl.String())
    owned = _mapped(
        owned,
        ["acquirer"],
        "incomplete",
        lambda name: name is not None and arrivals.acquirer_incomplete(name),
        pl.Boolean(),
    )
    foreign = pl.col("acquirer").is_null()
    incomplete = pl.col("incomplete") & ~pl.col("row_id").is_in(listed.implode())
    state = (
        pl.when(foreign).then(pl.lit(OUT_OF_SCOPE)).when(incomplete).then(pl.lit(WAITING)).otherwise(pl.lit(EXCEPTED))
    )
    reason = (
        pl.when(foreign)
        .then(pl.lit("no acquirer's entry: the counterparty fits no contract"))
        .when(incomplete)
        .then(pl.lit("TIMING"))
        .otherwise(pl.lit(UNIDENTIFIED))
    )
    return owned.with_columns(state=state, reason=reason)
