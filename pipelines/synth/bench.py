"""One large journal and the settlement file that answers it, written in chunks of merchants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.synth.arrivals import JOURNAL, Schedule
from pipelines.synth.catalogue import wanted_faults
from pipelines.synth.config import bench_toml
from pipelines.synth.day import Clock
from pipelines.synth.dice import Dice
from pipelines.synth.faults import inject
from pipelines.synth.files import JournalFile, SettlementFile
from pipelines.synth.layouts.unionpay_zm import ZmFile
from pipelines.synth.layouts.wechat import TradeBill
from pipelines.synth.life import live
from pipelines.synth.noise import BLANKS
from pipelines.synth.scenario import SynthResult, faulty_rows
from pipelines.synth.settle import lines, payouts
from pipelines.synth.truth import Row, row_truths, write_truth
from pipelines.synth.world import World, bench_world

BENCH_DAY = date(2026, 3, 2)
_CHUNK_ROWS = 50_000
_FAULTS = (
    "NOT_SETTLED",
    "NOT_IN_JOURNAL",
    "FAILED_BUT_SETTLED",
    "AMOUNT_OVER",
    "AMOUNT_UNDER",
    "DUPLICATE_SETTLEMENT",
)


def generate_bench(out: Path, *, rows: int, seed: int = 1) -> SynthResult:
    """Write a journal of `rows` rows, a UnionPay file that settles them, truth.csv and recon.toml into out.

    0.1 % of the rows are faulty; the truth is that of the run of the settlement date. About `rows` lines on
    either side, PAYOUT lines (one per 500 rows, at most 2,000) among them. ValueError for fewer than one row.
    """
    if rows < 1:
        raise ValueError("rows must be at least 1")
    out.mkdir(parents=True, exist_ok=True)
    last = BENCH_DAY + timedelta(days=1)
    schedule = Schedule(BENCH_DAY, last, sources=(JOURNAL, "unionpay"))
    names = (out / f"journal_{BENCH_DAY:%Y%m%d}.csv", out / f"settlement_UNIONPAY_{last:%Y%m%d}.csv")
    with JournalFile(names[0]) as journal, SettlementFile(names[1]) as settlement:
        found = _fill(journal, settlement, Dice(seed), schedule, rows)
        journal.end()
        settlement.end()
    count = write_truth(out / "truth.csv", row_truths(schedule, *found), last)
    config = out / "recon.toml"
    config.write_text(bench_toml(BENCH_DAY), encoding="utf-8")
    return SynthResult(tuple(sorted([*names, config, out / "truth.csv"])), count, config)


def generate_sources(out: Path, *, rows: int) -> dict[str, Path]:
    """One large file of each format by profile: journal and settlements of `rows` rows, a statement of a tenth.

    Files that are there already are kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    settled = BENCH_DAY + timedelta(days=1)
    journal = out / f"journal_{BENCH_DAY:%Y%m%d}.csv"
    settlement = out / f"settlement_UNIONPAY_{settled:%Y%m%d}.csv"
    bill, zm = out / f"wechat_{settled:%Y%m%d}.csv", out / f"INN{settled:%y%m%d}88ZM_898300000000001"
    statement = out / "statement.xml"
    if not settlement.exists():
        generate_bench(out, rows=rows)
    if not (bill.exists() and zm.exists()):
        _others(bill, zm, rows)
    if not statement.exists():
        _camt(statement, max(1, rows // 10))
    return {
        "pos_journal": journal,
        "acquirer_csv": settlement,
        "wechat_trade": bill,
        "unionpay_zm": zm,
        "camt053": statement,
    }


def _others(bill: Path, zm: Path, rows: int) -> None:
    """The same sales as a trade bill of WeChat, as if paid with it, and as a day file of UnionPay."""
    schedule = Schedule(BENCH_DAY, BENCH_DAY + timedelta(days=1), sources=(JOURNAL, "unionpay"))
    wallet = [pl.lit("WECHAT").alias(name) for name in ("acquirer", "channel")]
    no_card = [pl.lit("").alias("card_type"), pl.lit(None, pl.Int64).alias("card")]
    half = [path.with_suffix(".part") for path in (bill, zm)]
    with TradeBill(half[0]) as trades, ZmFile(half[1]) as cards:
        for events in _chunks(Dice(1), schedule, rows):
            settled = lines(events, schedule.last)
            cards.add(settled, settled.clear())
            trades.add(lines(events.with_columns(*wallet, *no_card), schedule.last), settled.clear())
        trades.end()
    for part, whole in zip(half, (bill, zm), strict=True):
        part.replace(whole)


def _camt(path: Path, entries: int) -> None:
    """A camt.053 statement of credits of 1.00, 2.00 … 9.00 in turn."""
    amounts = [n % 9 + 1 for n in range(entries)]
    day = f"<Dt><Dt>{BENCH_DAY}</Dt></Dt>"
    with path.open("w", encoding="utf-8") as file:
        file.write(_CAMT_HEAD + _balance("OPBD", 0, day) + _balance("CLBD", sum(amounts), day))
        file.writelines(
            f'<Ntry><Amt Ccy="EUR">{amount}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
            f"<BookgDt><Dt>{BENCH_DAY}</Dt></BookgDt><ValDt><Dt>{BENCH_DAY}</Dt></ValDt>"
            f"<AcctSvcrRef>REF{n:09}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E2E{n:09}</EndToEndId></Refs>"
            f"<RmtInf><Ustrd>payout P{n:09}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
            for n, amount in enumerate(amounts)
        )
        file.write("</Stmt></BkToCstmrStmt></Document>\n")


_CAMT_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
    "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T23:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
    "<CreDtTm>2026-03-02T23:00:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
)


def _balance(code: str, amount: int, day: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}.00</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd>{day}</Bal>\n"
    )


def _fill(
    journal: JournalFile, settlement: SettlementFile, dice: Dice, schedule: Schedule, rows: int
) -> tuple[list[Row], list[Row]]:
    """Write chunk after chunk; return the faulty rows of both sides."""
    found: tuple[list[Row], list[Row]] = ([], [])
    for events in _chunks(dice, schedule, rows):
        shown = events.filter("in_journal")
        settled = lines(events, schedule.last)
        found[0].extend(faulty_rows(journal.add(shown)))
        told = settlement.add(settled, payouts(settled))
        found[1].extend(faulty_rows(told.filter(pl.col("fault").is_not_null())))
    return found


def _chunks(dice: Dice, schedule: Schedule, rows: int) -> Iterator[pl.DataFrame]:
    """Events chunk after chunk, each with merchants of its own, so that nothing reaches across chunks."""
    groups = max(1, min(2000, rows // 500))
    chunks = min(groups, -(-rows // _CHUNK_ROWS))
    for n in range(chunks):
        first, after = groups * n // chunks, groups * (n + 1) // chunks
        count = rows * (n + 1) // chunks - rows * n // chunks
        serial = 2 * _CHUNK_ROWS * n  # no RRN of one chunk is another's
        yield _chunk(dice, schedule, bench_world(first, after - first), serial=serial, rows=count)


def _chunk(dice: Dice, schedule: Schedule, world: World, *, serial: int, rows: int) -> pl.DataFrame:
    groups = world.table.n_unique("group")

    def mix(_: int, count: int) -> Mapping[str, int]:
        failed = min(groups, count // 2)  # what is not settled makes room for the payouts' lines
        return {"sale": count - failed, "declined": failed - failed // 4, "timeout": failed // 4}

    daytime = Clock(before_midnight=0, after_midnight=0)
    per_type = max(1 if rows >= 100 else 0, rows // 1000 // len(_FAULTS))
    # NOT_IN_JOURNAL takes per_type rows out of the journal again
    events = live(dice, world, [BENCH_DAY], rows + per_type, mix=mix, clock=daytime, serial=serial, blanks=BLANKS[:1])
    return inject(events, dice, schedule, wanted_faults(",".join(_FAULTS)), per_type)
