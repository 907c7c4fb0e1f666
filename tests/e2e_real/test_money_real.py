"""Real files: what acquirers charged explained by contracts inferred from the files, and Adyen batches to the cent."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from pipelines.checks.fees import judge
from pipelines.cli import cli
from pipelines.config import Contract, Fee, Settings, Source
from pipelines.contracts import FEE_PARTS
from pipelines.reading import read

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "formats" / "real"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.exists(), reason=f"the real sample files are not beside the project ({REAL})"),
]


def accepted(name: str, profile: str) -> pl.DataFrame:
    """The lines of a UnionPay file as the program reads them."""
    settings = Settings(sources=(Source(name="x", profile=profile, acquirer="UMS", pattern="*"),))
    data = (REAL / "unionpay" / name).read_bytes()
    return read(settings.readers[profile], data, settings, settings.sources[0], name).accepted


def judged(rows: pl.DataFrame, *fees: Fee) -> pl.DataFrame:
    """Every line with `expected_minor` and `cause` by a contract of these fees."""
    lines = rows.select(
        "merchant_id",
        "card_type",
        "currency",
        "gross_minor",
        "fee_minor",
        row_id="line",
        acquirer=pl.lit("UMS"),
        channel=pl.lit("CARD"),
        day=pl.coalesce("business_date", "settlement_date"),
        refund=pl.col("record_type") == "REFUND",
        fee_micro=pl.lit(None, pl.Int64),
        **{f"{part}_minor": pl.lit(None, pl.Int64) for part in FEE_PARTS},
    )
    found = judge(lines, (Contract(acquirer="UMS", fees=fees),)).lines
    return found.join(rows, left_on="row_id", right_on="line", how="inner")


def test_every_fee_of_the_zm_file_is_24_fen_a_line() -> None:
    found = judged(accepted("INN17071888ZM_898319849000018_part", "unionpay_zm"), Fee(fixed=Decimal("0.24")))
    assert (found.height, found["cause"].null_count(), found["expected_minor"].sum()) == (800, 800, 19_200)


def test_every_fee_of_the_netbank_export_is_8_basis_points() -> None:
    found = judged(accepted("20170625.txt.netbank", "ums_portal"), Fee(card_type="DEBIT", rate_bp=Decimal(8)))
    assert (found.height, found["cause"].null_count(), found["expected_minor"].sum()) == (33, 33, 635_584)


def test_the_acquirers_csv_has_a_rate_for_each_merchant() -> None:
    rates = {"898319860120025": 18, "898319848160176": 28, "898319860120024": 8}
    fees = [Fee(merchant_id=merchant, rate_bp=Decimal(rate)) for merchant, rate in rates.items()]
    found = judged(accepted("acquirer_clearing_part.csv", "unionpay_acquirer_csv"), *fees)
    assert (found.height, found["cause"].null_count()) == (2000, 2000)


def test_the_wap_export_charges_18_basis_points_and_28_on_lines_that_are_listed() -> None:
    rows = accepted("20170625_part.txt.wap", "ums_portal")
    found = judged(rows, Fee(rate_bp=Decimal(18)))
    off = found.filter(pl.col("cause").is_not_null())
    assert (found.height, off.height) == (3000, 191)
    assert (off["fee_minor"] - off["expected_minor"]).sum() == 153_104
    # nothing in the line tells them apart, but each of them is 28 basis points exactly
    second = judged(rows.join(off.select(line="row_id"), on="line", how="semi"), Fee(rate_bp=Decimal(28)))
    assert (second.height, second["cause"].null_count()) == (191, 191)


CONFIGURATION = """\
[run]
timezone = "Europe/Amsterdam"
calendar = "NL"

[[sources]]
name = "adyen"
profile = "adyen_settlement_detail"
acquirer = "ADYEN"
pattern = "settlement_detail_report_*.csv"

[[sources]]
name = "bank"
profile = "bank_csv"
account = "NL-1"
pattern = "bank_*.csv"

[[contracts]]
acquirer = "ADYEN"
payout_account = "NL-1"
bank_counterparty = "Adyen*"
payout_lag_business_days = 2

[[contracts.fees]]
parts = ["commission", "markup"]
"""
STATEMENT = """\
account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance
NL-1,2016-02-19,2016-02-19,0.76,USD,B1,/REMI/TX2342222277XT BATCH 2 WikimediaCOM,Adyen N.V.,10.76
# rows=1 opening=10.00 closing=10.76
"""


def recon(folder: Path, *words: str) -> Any:
    """What the command line answers in the folder, as JSON."""
    done = CliRunner().invoke(cli, [*words, "--config", str(folder / "recon.toml")])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recon.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    return tmp_path


def bridge(folder: Path) -> dict[str, Any]:
    (row,) = recon(folder, "sql", "SELECT * FROM payout_bridge", "--format", "json")
    steps = (row[f"{name}_minor"] for name in ("gross", "refunds", "fees", "chargebacks"))
    gross, refunds, fees, chargebacks = steps
    assert row["expected_net_minor"] == gross - refunds - fees - chargebacks + row["adjustments_minor"]
    return dict(row)


def test_an_adyen_batch_from_its_sale_to_the_bank(folder: Path) -> None:
    shutil.copy(REAL / "adyen" / "settlement_detail_report_donation.csv", folder / "inbox")
    (folder / "inbox" / "bank_20160219.csv").write_text(STATEMENT, encoding="utf-8")
    told = recon(folder, "run", "--date", "2016-02-19", "--no-prefect", "--json")
    assert told["proof"]["balanced"]
    assert told["matched"]["settlement_bank"] == 1
    assert "NET_BREAK" not in told["exceptions"]["open"]
    row = bridge(folder)
    assert [row[f"{n}_minor"] for n in ("gross", "fees", "expected_net", "declared", "unexplained", "bank")] == [
        *(100, 24, 76, 76, 0, 76)
    ]
    assert [row[f"{n}_minor"] for n in ("commission", "markup", "scheme_fee", "interchange")] == [0, 0, 2, 22]
    assert (row["verdict"], row["net_verdict"]) == ("MATCHED", "agrees")
    (line,) = recon(folder, "sql", "SELECT verdict, fee_minor, expected_minor FROM fee_check", "--format", "json")
    assert line == {"verdict": "agrees", "fee_minor": 24, "expected_minor": 24}


def test_batch_238_rolls_forward_and_pays_nothing(folder: Path) -> None:
    shutil.copy(REAL / "adyen" / "settlement_detail_report_batch_238.csv", folder / "inbox")
    told = recon(folder, "run", "--date", "2022-03-02", "--no-prefect", "--json")
    assert told["proof"]["balanced"]
    assert told["exceptions"]["open"] == {}
    row = bridge(folder)
    # 454,331.99 comes in from batch 237, 0.09 is charged, 454,331.90 goes on to batch 239: nothing is left
    assert (row["expected_net_minor"], row["declared_minor"], row["net_verdict"]) == (0, None, "agrees")
    assert (row["separate_fees_minor"], row["balance_carried_minor"]) == (9, 9)
