"""Nights that no reference decides: crowds of sales and lines alike in terminal, card, amount and minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.synth.bench import BENCH_DAY
from pipelines.synth.config import bench_toml
from pipelines.synth.files import JOURNAL_COLUMNS, SETTLEMENT_COLUMNS, NativeFile
from pipelines.synth.settle import major
from pipelines.synth.world import BY_NAME, CURRENCY

_TERMINALS, _MINUTES = 2_000, 20
_SLICE = 200_000
_RATE_BP = next(fee.rate_bp for fee in BY_NAME["UNIONPAY"].fees if fee.card_type == "DEBIT")
_PAID = {
    "acquirer": pl.lit("UNIONPAY"),
    "settlement_date": pl.lit(f"{BENCH_DAY + timedelta(days=1)}"),
    "payout_id": pl.lit("UP-CROWD"),
}


def generate_crowds(out: Path, *, rows: int, crowd: int, same_rrn: bool = False) -> Path:
    """Write a journal of `rows` sales and a UnionPay file of as many lines without RRN, STAN or code into out.

    crowd: so many sales and lines share terminal, last four digits, amount and minute, so that each sale has as many
    candidates. same_rrn: instead all of a crowd bear one RRN on both sides. Returns the configuration.
    """
    out.mkdir(parents=True, exist_ok=True)
    day, next_day = BENCH_DAY, BENCH_DAY + timedelta(days=1)
    with (
        NativeFile(out / f"journal_{day:%Y%m%d}.csv", JOURNAL_COLUMNS) as journal,
        NativeFile(out / f"settlement_UNIONPAY_{next_day:%Y%m%d}.csv", SETTLEMENT_COLUMNS) as settlement,
    ):
        total = fees = 0
        for first in range(0, rows, _SLICE):
            sales = _sales(first, min(rows, first + _SLICE), crowd)
            journal.append(_journal(sales, same_rrn=same_rrn))
            settlement.append(_settlement(sales, same_rrn=same_rrn))
            total += int(sales["fen"].sum())
            fees += int(sales["fee"].sum())
        settlement.append(_payout(total - fees))
        journal.trailer(f"amount={major(total)}")
        settlement.trailer(f"gross={major(total)} fee={major(fees)} net={major(total - fees)}")
    config = out / "recon.toml"
    config.write_text(bench_toml(day), encoding="utf-8")
    return config


def _sales(first: int, last: int, crowd: int) -> pl.DataFrame:
    """Sale after sale; each crowd has a terminal and minute, or an amount, of its own."""
    number = pl.col("n") // crowd
    place = number // _TERMINALS
    seconds = 8 * 3600 + (place % _MINUTES) * 1800 + pl.col("n") % crowd % 60
    start = datetime(BENCH_DAY.year, BENCH_DAY.month, BENCH_DAY.day)  # noqa: DTZ001 - times of the books have no zone
    return (
        pl.DataFrame({"n": pl.int_range(first, last, eager=True)})
        .select(
            "n",
            crowd=number,
            terminal=(10_000_000 + number % _TERMINALS).cast(pl.String),
            time=(pl.lit(start) + pl.duration(seconds=seconds)).dt.to_string("%Y-%m-%dT%H:%M:%S"),
            fen=1_000 + place // _MINUTES,
        )
        .with_columns(fee=(pl.col("fen") * _RATE_BP + 5_000) // 10_000)
    )


def _amount(fen: pl.Expr) -> pl.Expr:
    return (fen // 100).cast(pl.String) + "." + (fen % 100).cast(pl.String).str.zfill(2)


def _rrn(*, same_rrn: bool) -> pl.Expr:
    return pl.col("crowd" if same_rrn else "n").cast(pl.String).str.zfill(12)


def _merchant() -> str:
    return BY_NAME["UNIONPAY"].merchant_glob.replace("*", "10158120001")


def _journal(sales: pl.DataFrame, *, same_rrn: bool) -> pl.DataFrame:
    told = {
        "terminal_id": pl.col("terminal"),
        "merchant_id": pl.lit(_merchant()),
        "batch_no": pl.lit("000001"),
        "stan": (pl.col("n") % 999_999 + 1).cast(pl.String).str.zfill(6),
        "rrn": _rrn(same_rrn=same_rrn),
        "auth_code": (pl.col("n") % 1_000_000).cast(pl.String).str.zfill(6),
        "txn_type": pl.lit("SALE"),
        "channel": pl.lit("CARD"),
        "card_no": (100_000 + pl.col("n") % 900_000).cast(pl.String) + "******1234",
        "card_type": pl.lit("DEBIT"),
        "amount": _amount(pl.col("fen")),
        "currency": pl.lit(CURRENCY),
        "txn_time": pl.col("time"),
        "response_code": pl.lit("00"),
        "status": pl.lit("APPROVED"),
    }
    return _cells(sales, JOURNAL_COLUMNS, told)


def _settlement(sales: pl.DataFrame, *, same_rrn: bool) -> pl.DataFrame:
    told = {
        **_PAID,
        "record_type": pl.lit("SALE"),
        "merchant_id": pl.lit(_merchant()),
        "terminal_id": pl.col("terminal"),
        "rrn": _rrn(same_rrn=True) if same_rrn else pl.lit(""),
        "card_no": pl.lit("************1234"),
        "card_type": pl.lit("DEBIT"),
        "txn_time": pl.col("time"),
        "gross": _amount(pl.col("fen")),
        "fee": _amount(pl.col("fee")),
        "net": _amount(pl.col("fen") - pl.col("fee")),
        "currency": pl.lit(CURRENCY),
    }
    return _cells(sales, SETTLEMENT_COLUMNS, told)


def _payout(net: int) -> pl.DataFrame:
    told = {name: pl.lit(major(net)) for name in ("gross", "net")}
    told |= {"record_type": pl.lit("PAYOUT"), "fee": pl.lit("0.00"), "currency": pl.lit(CURRENCY)}
    return _cells(pl.DataFrame({"n": [0]}), SETTLEMENT_COLUMNS, {**_PAID, **told})


def _cells(sales: pl.DataFrame, columns: str, told: dict[str, pl.Expr]) -> pl.DataFrame:
    return sales.select(told.get(name, pl.lit("")).alias(name) for name in columns.split(","))
