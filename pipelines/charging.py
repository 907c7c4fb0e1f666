"""Money within a settlement file: fees against the contracts, payouts against their lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from pipelines.cases import variances
from pipelines.cases.policies import EVERYBODY, Policies
from pipelines.cases.taxonomy import due_date
from pipelines.checks.fees import judge, months_needed, volumes
from pipelines.checks.nets import added, breaks, judged
from pipelines.checks.terms import Volume, no_volume
from pipelines.checks.workdays import business_day_after
from pipelines.config import Settings
from pipelines.contracts import Contract
from pipelines.sources.gather import Beforehand, abreast
from pipelines.store import Store, books, fees, nets, parts

KEPT = "sums"
"""What is kept of judgements beside them: where that changes, all lines are judged again, once."""

MOST_BEFOREHAND = 16
"""Parts of files whose judgements may wait in memory until they are written: some millions of lines."""


@dataclass(frozen=True)
class Charging:
    """Files whose lines are to be judged, by file_id, each with what is found of some lines at a time.

    basis: what the contracts say of fees; changed: whether it is other than what is kept; all_again: every line is
    judged, since they say something else than before.
    """

    files: dict[int, Iterator[fees.Judgement]]
    basis: str
    changed: bool
    all_again: bool


def judging(store: Store, settings: Settings, last: int) -> Charging:
    """Begin to judge the fees of lines that came since the last run, of all lines where the contracts have changed.

    It goes on beside the rest of the night, but where a contract tells wallets apart or asks for a volume: there the
    night's pairs must be in the books first, since only the journal says which wallet it was.
    """
    contracts, basis, before = settings.contracts, _basis(settings.contracts), fees.judged_by(store)
    acquirers = {c.acquirer for c in contracts if c.fees}
    files = fees.settlement_files(store, last if before == basis else 0) if acquirers else []
    volume_of = cache(lambda span: _volume(store, span, contracts))

    def from_the_books(part: parts.Unread) -> tuple[pl.DataFrame, Volume]:
        lines = _with_wallets(store, fees.chargeable(part, acquirers), contracts)
        return lines, volume_of(months_needed(lines["day"]))

    if _tells_wallets_apart(contracts) or any(fee.tiers for c in contracts for fee in c.fees):
        # the books are not asked from several threads
        lines_of = (map(from_the_books, fees.unread(store, file_id)) for file_id in files)
        told = [abreast(lambda asked: _judged(asked[0], contracts, asked[1]), lines) for lines in lines_of]
    else:
        beforehand = Beforehand(MOST_BEFOREHAND)
        told = [
            beforehand.each(
                lambda part: _judged(fees.chargeable(part, acquirers), contracts, no_volume),
                fees.unread(store, file_id),
            )
            for file_id in files
        ]
    return Charging(dict(zip(files, told, strict=True)), basis, before != basis, before not in (None, basis))


def charge(store: Store, charging: Charging, run_no: int) -> None:
    """Write what was found of fees."""
    if charging.changed:
        fees.forget(store, run_no, charging.basis)
    for file_id, told in charging.files.items():
        fees.write_checks(store, file_id, run_no, (found for found in told if found.lines.height))


def _judged(lines: pl.DataFrame, contracts: tuple[Contract, ...], volume: Volume) -> fees.Judgement:
    """Lines of a file with what each should have cost, and the terms by which."""
    lines = lines if lines["row_id"].is_sorted() else lines.sort("row_id")
    judged = judge(lines, contracts, volume)
    beside = lines.select("acquirer", "currency", "gross_minor", "fee_minor")
    sums = fees.summed(pl.concat([judged.lines, beside], how="horizontal"))
    return fees.Judgement(judged.lines.select(fees.CHECKED), sums, judged.terms)


def register_fees(store: Store, settings: Settings, run_no: int, last: int, run_date: date, charging: Charging) -> int:
    """Write what opens, changes and clears among the fees; returns how many events."""
    rows = store.frame("SELECT file_id, source, name FROM book.files")
    names = {file_id: (source or "", name) for file_id, source, name in rows.iter_rows()}
    lines = variances.keyed(fees.variances(store, charging.files), names)
    settled = pl.Series(sorted(books.adjusted_ids(store)), dtype=pl.String)
    lines = lines.filter(~pl.col("exception_id").is_in(settled.implode()))
    held = fees.held(store, lines["exception_id"]) if lines.height else fees.held(store, settled.clear())
    opened = variances.opened(lines, held, names, run_date, _handling(settings, run_date))
    gone = _gone(store, lines["exception_id"], last, all_again=charging.all_again)
    events = pl.concat([opened, variances.cleared(gone).select(opened.columns)])
    events = events.with_columns(run_no=pl.lit(run_no, pl.Int32), run_date=pl.lit(run_date))
    fees.write_events(store, events.sort("exception_id"))
    return events.height


def _handling(settings: Settings, run_date: date) -> dict[str, variances.Handling]:
    """Severity and due date of what is opened today, by acquirer."""
    policies, country = Policies.of(settings.policy), settings.run.calendar

    def handling(acquirer: str) -> variances.Handling:
        policy = policies(variances.TYPE, acquirer)
        due = due_date(policy, run_date, lambda day, n: business_day_after(day, n, country))
        return variances.Handling(policy.severity, due)

    return {acquirer: handling(acquirer) for acquirer in (EVERYBODY, *policies.acquirers(variances.TYPE))}


def add_up(store: Store, last: int) -> pl.DataFrame:
    """Sum the payouts that tonight's files touch, judge them and those they may carry to; returns the NET_BREAKs."""
    files = fees.settlement_files(store, last)
    more, bad, again = nets.of_files(store, files), nets.rejected(store, files), nets.touched(store)
    if again.height:
        whole, every = nets.of_payouts(store, again), nets.rejected(store)
        more = pl.concat([more.join(again, on=nets.KEY, how="anti"), whole])
        bad = pl.concat([bad.join(again, on=nets.KEY, how="anti"), every.join(again, on=nets.KEY, how="semi")])
    keys = pl.concat([more.select(nets.KEY), bad.select(nets.KEY)]).unique()
    before = nets.known(store, keys).join(again, on=nets.KEY, how="anti")
    fresh = added(before, more, bad)
    if fresh.height or again.height:
        around = nets.around(store, fresh)
        same = nets.siblings(store, pl.concat([fresh.select(nets.KEY), around.select(nets.KEY)]))
        nets.write(store, judged(fresh, around, same), again.join(fresh, on=nets.KEY, how="anti"))
    return breaks(nets.breaks(store))


def _basis(contracts: tuple[Contract, ...]) -> str:
    """A fingerprint of all that the contracts say of fees."""
    told = [c.model_dump_json(include={"acquirer", "merchant_id", "channels", "fees"}) for c in contracts]
    return hashlib.sha256("\n".join([KEPT, *told]).encode()).hexdigest()


def _tells_wallets_apart(contracts: tuple[Contract, ...]) -> bool:
    wallets = [(c.acquirer, c.merchant_id) for c in contracts if any(ch != "CARD" for ch in c.channels)]
    return len(set(wallets)) < len(wallets) or any(fee.channels for c in contracts for fee in c.fees)


def _with_wallets(store: Store, lines: pl.DataFrame, contracts: tuple[Contract, ...]) -> pl.DataFrame:
    wallets = lines.filter(pl.col("channel").is_null())["row_id"]
    if wallets.is_empty() or not _tells_wallets_apart(contracts):
        return lines
    known = fees.wallet_channels(store, wallets)
    joined = lines.join(known, on="row_id", how="left", suffix="_there", maintain_order="left")
    return joined.with_columns(channel=pl.coalesce("channel", "channel_there")).drop("channel_there")


def _volume(store: Store, span: tuple[date, date] | None, contracts: tuple[Contract, ...]) -> Volume:
    if span is None or not any(fee.tiers for c in contracts for fee in c.fees):
        return no_volume
    return volumes(fees.sold_by_day(store, *span))


def _gone(store: Store, derived: pl.Series, last: int, *, all_again: bool) -> pl.DataFrame:
    """Open variances that hold no more: their file was taken back, or no contract sees them any longer."""
    retracted = [name for side, name in books.retracted_since(store, last) if side == "settlement"]
    if not retracted and not all_again:
        return fees.held(store, derived.clear())
    still = fees.held(store)
    left = still.filter(~pl.col("exception_id").is_in(derived.implode()))
    if all_again:
        return left
    file = pl.col("evidence").list.first().struct.field("file")
    return left.filter(file.is_in(retracted))
