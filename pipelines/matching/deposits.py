"""Payouts against bank entries: who names whom, whether the sums agree, what is due and has not come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.checks.workdays import business_day_after
from pipelines.config import Contract, Settings
from pipelines.matching.rules import DEPOSIT_RULE
from pipelines.matching.states import EXCEPTED, OUT_OF_SCOPE, WAITING
from pipelines.matching.verdicts import MATCHED
from pipelines.sources.key_columns import without_hash

GROUPS = {
    "group_no": pl.Int64,
    "currency": pl.String,
    "payout_minor": pl.Int64,
    "bank_minor": pl.Int64,
    "verdict": pl.String,
    "rule": pl.String,
}
MEMBERS = {"group_no": pl.Int64, "side": pl.String, "row_id": pl.Int64}
STATES = {"row_id": pl.Int64, "state": pl.String, "reason": pl.String}
PART_OF_A_REFERENCE = "A-Za-z0-9"


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


def named(entries: pl.DataFrame, payout_ids: list[str]) -> pl.DataFrame:
    """Which entry names which payout: `row_id`, `payout_id`.

    An id counts only as a whole reference: P1 is not named by a text that holds P10, nor by one of P1-B if that is
    a payout too. An id that looks like a card's number is masked everywhere, and found by what texts show of it.
    """
    ids = sorted(set(payout_ids))
    if entries.is_empty() or not ids:
        return pl.DataFrame(schema={"row_id": pl.Int64, "payout_id": pl.String})
    written = pl.DataFrame({"payout_id": ids, "shown": map(without_hash, ids)})
    text = pl.concat_str("remittance", "bank_ref", "end_to_end_id", separator=" ", ignore_nulls=True)
    texts = pl.Series("text", map(without_hash, entries.select(text).to_series()), pl.String)
    held = texts.str.extract_many(written["shown"].unique(maintain_order=True).to_list(), overlapping=True)
    found = pl.DataFrame([entries["row_id"], texts, held.alias("ids")]).filter(pl.col("ids").list.len() > 0)
    whole = [_whole(text, held) for text, held in found.select("text", "ids").iter_rows()]
    named_by = found.select("row_id", shown=pl.Series(whole, dtype=pl.List(pl.String))).explode("shown")
    return named_by.join(written, on="shown", maintain_order="left").select("row_id", "payout_id")


def _whole(text: str, ids: Iterable[str]) -> list[str]:
    """Those of the ids that stand in the text for themselves, longest first; what one of them takes is gone."""
    edge, found = PART_OF_A_REFERENCE, []
    for payout_id in sorted(set(ids), key=lambda i: (-len(i), i)):
        rest = re.sub(rf"(?<![{edge}]){re.escape(payout_id)}(?![{edge}])", " ", text)
        if rest != text:
            found.append(payout_id)
            text = rest
    return found


def contract_of(settings: Settings, acquirer: str | None, merchant_id: str | None) -> Contract | None:
    """The first contract of the acquirer that fits the merchant, or, for a payout without one, the first."""
    ours = [c for c in settings.contracts if c.acquirer == acquirer]
    fitting = [c for c in ours if merchant_id is None or fnmatchcase(merchant_id, c.merchant_id)]
    return fitting[0] if fitting else None


def acquirer_of_entry(settings: Settings, counterparty: str | None) -> str | None:
    """The acquirer whose `bank_counterparty` fits the entry's counterparty, if any."""
    for contract in settings.contracts:
        if contract.bank_counterparty and fnmatchcase(counterparty or "", contract.bank_counterparty):
            return contract.acquirer
    return None


def _mapped(
    frame: pl.DataFrame, keys: list[str], column: str, value: Callable[..., object], dtype: pl.DataType
) -> pl.DataFrame:
    """Add a column computed once for each distinct combination of the keys."""
    distinct = frame.select(keys).unique()
    values = pl.Series(column, [value(*row) for row in distinct.iter_rows()], dtype=dtype)
    return frame.join(distinct.with_columns(values), on=keys, how="left", nulls_equal=True, maintain_order="left")


def settle_deposits(payouts: pl.DataFrame, entries: pl.DataFrame, listed: pl.Series, arrivals: Arrivals) -> Deposited:
    """Group payouts with the entries that name them, and say what each one left over means.

    payouts: PAYOUT lines not yet banked to the fen; entries: bank rows not yet explained; listed: row ids of entries
    that are unidentified since an earlier night. Amounts are compared with the declared payout (`net_minor`), per
    currency.
    """
    links = _links(payouts, entries)
    groups, members = _groups(links, payouts, entries)
    paid = members.filter(pl.col("side") == "settlement")["row_id"]
    seen = members.filter(pl.col("side") == "bank")["row_id"]
    payouts_left = _dated_payouts(payouts.filter(~pl.col("row_id").is_in(paid.implode())), arrivals)
    entries_left = _owned_entries(entries.filter(~pl.col("row_id").is_in(seen.implode())), listed, arrivals)
    breaks = [_different(groups, members, payouts), _missing(payouts_left), _unidentified(entries_left)]
    return Deposited(
        groups=groups,
        members=members,
        payouts=payouts_left,
        entries=entries_left,
        breaks=pl.concat(breaks, how="diagonal"),
    )


def _links(payouts: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """`payout_row`, `bank_row` of payouts and entries of one currency that name each other."""
    known = payouts.select("payout_id", "currency", payout_row="row_id")
    pairs = named(entries, payouts["payout_id"].drop_nulls().to_list())
    currencies = entries.select("row_id", bank_currency="currency")
    both = pairs.join(known, on="payout_id", how="inner").join(currencies, on="row_id", how="inner")
    return both.filter(pl.col("currency") == pl.col("bank_currency")).select("payout_row", bank_row="row_id")


def _components(links: pl.DataFrame) -> pl.DataFrame:
    """Connected groups of the links: `group_no`, `side`, `row_id`; a group is numbered by its smallest payout row."""
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for payout, entry in links.select("payout_row", "bank_row").sort("payout_row", "bank_row").iter_rows():
        first, second = sorted((find(("settlement", payout)), find(("bank", entry))), reverse=True)
        leader[second] = first
    numbers: dict[tuple[str, int], int] = {}
    for side, row in sorted(leader):
        if side == "settlement":
            numbers.setdefault(find((side, row)), row)
    rows = [(numbers[find(node)], *node) for node in sorted(leader)]
    return pl.DataFrame(rows, schema=MEMBERS, orient="row")


def _groups(links: pl.DataFrame, payouts: pl.DataFrame, entries: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    members = _components(links)
    amounts = pl.concat(
        [
            payouts.select("row_id", "currency", side=pl.lit("settlement"), amount="net_minor"),
            entries.select("row_id", "currency", side=pl.lit("bank"), amount="amount_minor"),
        ]
    )
    summed = (
        members.join(amounts, on=["side", "row_id"], how="inner")
        .group_by("group_no")
        .agg(
            pl.col("currency").first(),
            payout_minor=pl.col("amount").filter(pl.col("side") == "settlement").sum(),
            bank_minor=pl.col("amount").filter(pl.col("side") == "bank").sum(),
        )
    )
    tie = pl.col("payout_minor") == pl.col("bank_minor")
    groups = summed.with_columns(
        verdict=pl.when(tie).then(pl.lit(MATCHED)).otherwise(pl.lit("DEPOSIT_AMOUNT_DIFF")),
        rule=pl.lit(DEPOSIT_RULE),
    )
    return groups.select(list(GROUPS)).sort("group_no"), members


def _dated_payouts(payouts: pl.DataFrame, arrivals: Arrivals) -> pl.DataFrame:
    """Add `due`, `state`, `reason`: a payout is missing once its due date's statement is there and it is not in it."""
    settings = arrivals.settings

    def due(acquirer: str, merchant: str | None, settled: date) -> date | None:
        contract = contract_of(settings, acquirer, merchant)
        if contract is None:
            return None
        return business_day_after(settled, contract.payout_lag_business_days, settings.run.calendar)

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
        .otherwise(pl.lit("DEPOSIT_UNIDENTIFIED"))
    )
    return owned.with_columns(state=state, reason=reason)


def _different(groups: pl.DataFrame, members: pl.DataFrame, payouts: pl.DataFrame) -> pl.DataFrame:
    off = groups.filter(pl.col("verdict") != MATCHED)
    lead = payouts.select("row_id", "acquirer", "merchant_id", "payout_id", business_date="settlement_date")
    others = (
        members.join(off.select("group_no"), on="group_no", how="semi")
        .group_by("group_no")
        .agg(
            bank_rows=pl.col("row_id").filter(pl.col("side") == "bank").sort(),
            payout_rows=pl.col("row_id").filter(pl.col("side") == "settlement").sort(),
        )
    )
    rows = off.join(lead, left_on="group_no", right_on="row_id", how="inner").join(others, on="group_no", how="inner")
    difference = pl.col("bank_minor") - pl.col("payout_minor")
    return rows.select(
        "acquirer",
        "merchant_id",
        "payout_id",
        "business_date",
        "currency",
        "payout_minor",
        "bank_minor",
        "bank_rows",
        "payout_rows",
        type=pl.lit("DEPOSIT_AMOUNT_DIFF"),
        settlement_row_id="group_no",
        amount_minor=difference.abs(),
        direction=pl.when(difference < 0).then(pl.lit("short")).otherwise(pl.lit("long")),
    ).sort("settlement_row_id")


def _missing(payouts: pl.DataFrame) -> pl.DataFrame:
    return payouts.filter(pl.col("state") == EXCEPTED).select(
        "acquirer",
        "merchant_id",
        "payout_id",
        "currency",
        "due",
        business_date="settlement_date",
        type="reason",
        settlement_row_id="row_id",
        amount_minor=pl.col("net_minor").abs(),
        direction=pl.when(pl.col("net_minor") > 0).then(pl.lit("short")).otherwise(pl.lit("long")),
    )


def _unidentified(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.filter(pl.col("state") == EXCEPTED).select(
        "acquirer",
        "bank_ref",
        "currency",
        business_date="booking_date",
        type="reason",
        bank_row_id="row_id",
        amount_minor=pl.col("amount_minor").abs(),
        direction=pl.when(pl.col("amount_minor") > 0).then(pl.lit("long")).otherwise(pl.lit("short")),
    )
