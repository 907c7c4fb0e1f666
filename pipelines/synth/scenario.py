"""Generate a whole scenario: every file of every day, the truth, and the configuration that fits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.synth.afterwards import adjusted
from pipelines.synth.arrivals import BANK, JOURNAL, Schedule, file_name, loaded_name, plan
from pipelines.synth.booked import Entry
from pipelines.synth.catalogue import ROW_LEVEL, fault_rate, wanted_faults
from pipelines.synth.config import recon_toml
from pipelines.synth.deposits import OPENING_MINOR, Crowded, deposits, jumps
from pipelines.synth.dice import Dice
from pipelines.synth.equals import FAULT as AMBIGUOUS
from pipelines.synth.equals import crowds, with_crowds
from pipelines.synth.faults import inject
from pipelines.synth.files import BANK_COLUMNS, JournalFile, NativeFile, spoil_trailer
from pipelines.synth.kinds import clean_mix
from pipelines.synth.layouts import NATIVE, Layout, chosen
from pipelines.synth.life import live, undo_poor_payouts
from pipelines.synth.noise import BLANKS, WEAK_BLANKS
from pipelines.synth.restated import write_first_versions
from pipelines.synth.settle import lines, major, misdeclare, order_text, payouts
from pipelines.synth.stories import MOST_KINDS, faulty_mix, filled
from pipelines.synth.troubles import Planted, plant, write_signals
from pipelines.synth.truth import (
    Row,
    Truth,
    balance_truth,
    entry_truth,
    file_truths,
    missing_truths,
    net_truths,
    row_truths,
    write_truth,
)
from pipelines.synth.truth_lives import life_truths
from pipelines.synth.workdays import days_between
from pipelines.synth.world import ACCOUNT, ACQUIRERS, CURRENCY, Acquirer, world

_FIRST_DAY = date(2026, 3, 2)
MOST_CROWDS = 3


@dataclass(frozen=True)
class SynthResult:
    """What was written: every file in order of path, how many truth rows, where the configuration is."""

    files: tuple[Path, ...]
    truth_rows: int
    config: Path


def generate(
    out: Path,
    *,
    days: int,
    rows_per_day: int,
    seed: int,
    faults: str = "all",
    start: date = _FIRST_DAY,
    layouts: str = "",
) -> SynthResult:
    """Write days of journals, settlement files and bank statements, truth.csv and recon.toml into out.

    `faults`: "all", "none" or names of `catalogue.CATALOGUE`, and a share of rows, separated by commas. `layouts`: in
    which format an acquirer writes, `UNIONPAY=unionpay_zm,…`. The same arguments write the same bytes.
    Files that come after their date stand in out/later/<YYYYMMDD of the run that first sees it>/.
    ValueError for numbers below 1, unknown faults or layouts, and an out that holds files of another scenario.
    """
    written_as, rate = chosen(layouts), fault_rate(faults)
    wanted = wanted_faults(faults) - frozenset[str]().union(*(layout.cannot for layout in written_as.values()))
    if days < 1 or rows_per_day < 1:
        raise ValueError("days and rows per day must be at least 1")
    dice = Dice(seed)
    schedule = plan(dice, Schedule(start, start + timedelta(days=days - 1)), wanted)
    _refuse_leftovers(out, schedule)
    out.mkdir(parents=True, exist_ok=True)
    alone = [name for name, layout in written_as.items() if layout.alone]
    events, planted = _events(dice, schedule, rows_per_day, wanted, rate, alone)
    truths = list(_write(out, dice, schedule, events, wanted, written_as))
    config = out / "recon.toml"
    config.write_text(recon_toml(start, written_as), encoding="utf-8")
    count = write_truth(out / "truth.csv", truths, schedule.last)
    if planted:
        write_signals(out / "signals.csv", planted)
    ledgers = [
        out / ledger_name(schedule, acquirer, day)
        for acquirer in ACQUIRERS
        if written_as[acquirer.name].ledger
        for day in schedule.days(acquirer.source)
    ]
    told = [out / "signals.csv"] if planted else []
    written = [*_paths(out, schedule), *ledgers, config, out / "truth.csv", *told]
    return SynthResult(tuple(sorted(written)), count, config)


def _events(
    dice: Dice,
    schedule: Schedule,
    rows_per_day: int,
    wanted: frozenset[str],
    rate: Decimal | None,
    alone: Collection[str],
) -> tuple[pl.DataFrame, list[Planted]]:
    days = days_between(schedule.first, schedule.last)
    rows = len(days) * rows_per_day
    # each kind strikes about 0.04 % of the rows; few rows still show it every fourth day
    per_type = min(max(_every_fourth(days), rows * 4 // 10_000), max(1, rows // 100))
    every_kind = max(per_type, MOST_KINDS) if rows >= 1000 else per_type
    if rate is not None:
        per_type = every_kind = max(1, int(rate * rows) // max(1, len(wanted & ROW_LEVEL)))

    def mix(day: int, rows: int) -> Mapping[str, int]:
        return filled(rows, {**clean_mix(rows), **faulty_mix(wanted, every_kind, day, len(days))})

    blanks = (*BLANKS, *WEAK_BLANKS) if "WEAK_KEYS" in wanted else BLANKS
    events = live(dice, world(rows_per_day), days, rows_per_day, mix=mix, blanks=blanks)
    events, planted = plant(events, dice, days, wanted)
    each = pl.when(pl.col("acquirer").is_in(list(alone))).then("merchant_id").otherwise("group")
    events = events.with_columns(each.alias("group"))
    events = inject(events, dice, schedule, wanted, per_type)
    return adjusted(undo_poor_payouts(events, schedule.last)), planted


def _write(
    out: Path,
    dice: Dice,
    schedule: Schedule,
    events: pl.DataFrame,
    wanted: frozenset[str],
    layouts: Mapping[str, Layout],
) -> Iterator[Truth]:
    settled = lines(events, schedule.last, {name: layout.terms for name, layout in layouts.items()})
    declared = payouts(settled)
    days = days_between(schedule.first, schedule.last)
    per_type = max(_every_fourth(days), declared.height // 100)
    spared = [name for name, layout in layouts.items() if layout.sums_up]
    declared = misdeclare(dice, declared, schedule.last, per_type if "NET_BREAK" in wanted else 0, spared)
    before = {name: layout.ledger.paid_before for name, layout in layouts.items() if layout.ledger}
    native = [name for name, layout in layouts.items() if layout.profile == NATIVE.profile]
    alike = crowds(dice, schedule, declared, native, min(per_type, MOST_CROWDS) if AMBIGUOUS in wanted else 0)
    settled, declared, ids = with_crowds(settled, declared, alike)
    booked = deposits(dice, schedule, declared, wanted, per_type, before, Crowded(tuple(alike), ids))
    journal = _write_journals(out, schedule, events)
    settlement = _write_settlements(out, schedule, settled, declared, layouts)
    place = {row["payout_id"]: row for row in settlement if row["a_type"] == "PAYOUT"}
    yield from row_truths(schedule, journal, settlement)
    yield from life_truths(schedule, journal, (row for row in settlement if row["a_type"] != "PAYOUT"))
    yield from net_truths(schedule, place.values())
    paid = {name for name, layout in layouts.items() if layout.payouts}
    yield from missing_truths(schedule, (m for m in booked.missing if m.payout.acquirer in paid), place)
    told = _write_bank(out, schedule, booked.entries, jumps(dice, schedule, wanted))
    yield from (t for t in told if not t.acquirer or t.acquirer in paid)
    yield from write_first_versions(out, dice, schedule, events, declared, layouts)
    yield from file_truths(schedule)
    _spoil(out, schedule, layouts)


def _every_fourth(days: list[date]) -> int:
    return -(-len(days) // 4)


def _paths(out: Path, schedule: Schedule) -> list[Path]:
    good = [out / loaded_name(schedule, source, day) for source, day in schedule.files()]
    first = [(fault.source, fault.day) for fault in schedule.faults if fault.invalid]
    first += [(again.source, again.day) for again in schedule.restated]
    return good + [out / file_name(*each) for each in first]


def ledger_name(schedule: Schedule, acquirer: Acquirer, day: date) -> str:
    """Name of the bill of a wallet's account: it comes with the trade bill of its day, late where that is."""
    fault = schedule.fault(acquirer.source, day)
    folder = f"later/{fault.arrives:%Y%m%d}/" if fault else ""
    return f"{folder}fund_{acquirer.name}_{day:%Y%m%d}.csv"


def _refuse_leftovers(out: Path, schedule: Schedule) -> None:
    """Keep two scenarios from being read as one; nothing of the user's is ever deleted."""
    ours = set(_paths(out, schedule))
    found = [path for stem in ("journal", "settlement", "bank") for path in out.rglob(f"{stem}_*.csv")]
    strange = sorted(path for path in found if path not in ours and "var" not in path.relative_to(out).parts)
    if strange:
        raise ValueError(f"{out} holds files of another scenario, such as {strange[0].name}: give an empty directory")


def faulty_rows(frame: pl.DataFrame) -> list[Row]:
    """Return the rows of a frame of events as dicts, with the order number as it is written (null for cards)."""
    return list(frame.with_columns(order_text().alias("order_no")).iter_rows(named=True))


def _write_journals(out: Path, schedule: Schedule, events: pl.DataFrame) -> list[Row]:
    shown = events.filter("in_journal").partition_by("day", as_dict=True)
    found: list[Row] = []
    for day in schedule.days(JOURNAL):
        with JournalFile(out / loaded_name(schedule, JOURNAL, day)) as file:
            today = shown.get((day,), events.clear())
            # sorted otherwise than by time every third day
            found += faulty_rows(file.add(today, by_terminal=day.toordinal() % 3 == 0))
            file.end()
    return found


def _write_settlements(
    out: Path, schedule: Schedule, settled: pl.DataFrame, declared: pl.DataFrame, layouts: Mapping[str, Layout]
) -> list[Row]:
    by_file = settled.partition_by("acquirer", "settles", as_dict=True)
    sums = declared.partition_by("acquirer", "settles", as_dict=True)
    found: list[Row] = []
    for acquirer in ACQUIRERS:
        for day in schedule.days(acquirer.source):
            key = (acquirer.name, day)
            told = (by_file.get(key, settled.clear()), sums.get(key, declared.clear()))
            layout = layouts[acquirer.name]
            with layout.file(out / loaded_name(schedule, acquirer.source, day)) as file:
                found += faulty_rows(file.add(*told, newest_first=acquirer.newest_first))
                file.end()
            if layout.ledger:
                with layout.ledger.file(out / ledger_name(schedule, acquirer, day)) as bill:
                    found += bill.add(*told).to_dicts()
                    bill.end()
    return found


def _write_bank(out: Path, schedule: Schedule, entries: Iterable[Entry], jump: Mapping[date, int]) -> Iterator[Truth]:
    by_day: dict[date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(entry.booking, []).append(entry)
    balance = OPENING_MINOR
    before = schedule.first
    for day in schedule.days(BANK):
        if day in jump:
            yield balance_truth(schedule, day, before, jump[day])
        balance += jump.get(day, 0)
        opening, rows, before = balance, [], day
        for number, entry in enumerate(by_day.get(day, []), start=1):
            balance += entry.amount
            reference = f"CMB{day:%Y%m%d}{number:04d}"
            rows.append(_bank_row(entry, reference, balance))
            if entry.fault:
                yield entry_truth(schedule, entry, reference, number + 1)
        with NativeFile(out / loaded_name(schedule, BANK, day), BANK_COLUMNS) as file:
            file.append(
                pl.DataFrame(rows, schema=[(name, pl.String) for name in BANK_COLUMNS.split(",")], orient="row")
            )
            file.trailer(f"opening={major(opening)} closing={major(balance)}")


def _bank_row(entry: Entry, reference: str, balance: int) -> tuple[str, ...]:
    day = entry.booking.isoformat()
    remittance = f'"{entry.remittance}"' if "," in entry.remittance else entry.remittance
    texts = (remittance, entry.counterparty)
    return (ACCOUNT, day, day, major(entry.amount), CURRENCY, reference, *texts, major(balance))


def _spoil(out: Path, schedule: Schedule, layouts: Mapping[str, Layout]) -> None:
    spoil = {acquirer.source: layouts[acquirer.name].spoil for acquirer in ACQUIRERS}
    for fault in schedule.faults:
        if fault.invalid:
            good = out / loaded_name(schedule, fault.source, fault.day)
            spoil.get(fault.source, spoil_trailer)(good, out / file_name(fault.source, fault.day))
