"""Real files, night by night: acquirers' fees by contracts inferred from the files, and Adyen's batches to the cent."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.cli import cli
from pipelines.reporting import again
from pipelines.store import Published

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "formats" / "real"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.exists(), reason=f"the real sample files are not beside the project ({REAL})"),
]

UNIONPAY = """\
[run]
timezone = "Asia/Shanghai"
calendar = "CN"

[[sources]]
name = "ums"
profile = "{profile}"
acquirer = "UMS"
pattern = "*{name}"

[[contracts]]
acquirer = "UMS"
"""
ADYEN = """\
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

[[contracts.fees]]                 # scheme fee and interchange are passed on as they are
parts = ["commission", "markup"]
"""
STATEMENT = """\
account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance
NL-1,2016-02-19,2016-02-19,0.76,USD,B1,/REMI/TX2342222277XT BATCH 2 WikimediaCOM,Adyen N.V.,10.76
# rows=1 opening=10.00 closing=10.76
"""


def night(folder: Path, settings: str, day: str, *files: Path) -> dict[str, Any]:
    """One night over these files, as its JSON."""
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "recon.toml").write_text(settings, encoding="utf-8")
    for file in files:
        shutil.copy(file, folder / "inbox")
    words = ["run", "--date", day, "--no-prefect", "--json", "--config", str(folder / "recon.toml")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code in (0, 3), done.output
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["proof"]["balanced"]
    return told


def asked(folder: Path, sql: str) -> list[dict[str, Any]]:
    """What an analyst gets of the published copy."""
    with Published(folder / "var" / "published" / "investigate.duckdb") as copy:
        return copy.frame(sql).to_dicts()


def fees(folder: Path, name: str, profile: str, contract: str) -> list[dict[str, Any]]:
    """The fee check of a real UnionPay file by a contract that is inferred from it; every line must be told of."""
    settings = UNIONPAY.format(profile=profile, name=name) + contract
    told = night(folder, settings, "2017-07-18", REAL / "unionpay" / name)
    found = asked(folder, "SELECT * FROM fee_check")
    assert told["files"]["loaded"] == 1
    assert len(found) == told["rows"]["settlement"]
    report = json.loads((folder / "var" / "reports" / "recon-20170718.json").read_text(encoding="utf-8"))["fees"]
    assert sum(check["lines"] for check in report["checked"]) == len(found)
    return found


def verdicts(found: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(row["verdict"] for row in found))


def test_every_fee_of_the_zm_file_is_24_fen_a_line(tmp_path: Path) -> None:
    contract = '[[contracts.fees]]\nfixed = "0.24"\n'
    found = fees(tmp_path, "INN17071888ZM_898319849000018_part", "unionpay_zm", contract)
    assert verdicts(found) == {"agrees": 800}
    assert sum(row["fee_minor"] for row in found) == 19_200


def test_every_fee_of_the_netbank_export_is_8_basis_points_of_debit_cards(tmp_path: Path) -> None:
    contract = '[[contracts.fees]]\ncard_type = "DEBIT"\nrate_bp = 8\n'
    found = fees(tmp_path, "20170625.txt.netbank", "ums_portal", contract)
    assert verdicts(found) == {"agrees": 33}
    assert sum(row["fee_minor"] for row in found) == 635_584, "the file's own trailer: 手续费 6355.84"


def test_the_acquirers_csv_has_a_rate_for_each_merchant(tmp_path: Path) -> None:
    rates = {"898319860120025": 18, "898319848160176": 28, "898319860120024": 8}
    contract = "".join(f'[[contracts.fees]]\nmerchant_id = "{m}"\nrate_bp = {rate}\n' for m, rate in rates.items())
    found = fees(tmp_path, "acquirer_clearing_part.csv", "unionpay_acquirer_csv", contract)
    assert verdicts(found) == {"agrees": 2000}


def test_the_wap_export_charges_18_basis_points_but_for_lines_that_are_a_claim(tmp_path: Path) -> None:
    found = fees(tmp_path, "20170625_part.txt.wap", "ums_portal", "[[contracts.fees]]\nrate_bp = 18\n")
    assert verdicts(found) == {"agrees": 2809, "FEE_VARIANCE": 191}
    off = [row for row in found if row["verdict"] == "FEE_VARIANCE"]
    # terminal 1 costs 18 basis points, terminal 3 costs 28 and terminal 5 costs 35; contracts know no terminals, so the
    # lines of the others are a claim until somebody says why
    rates = {"00000003": 28, "00000005": 35}
    assert {abs(row["fee_minor"] - round_half_up(row["gross_minor"] * rates[row["terminal_id"]])) for row in off} == {0}
    assert {row["terminal_id"] for row in found if row["verdict"] == "agrees"} == {"00000001"}
    (claim,) = asked(tmp_path, "SELECT * FROM fee_claims")
    assert (claim["cause"], claim["claim_lines"], claim["owed_lines"]) == ("rate", 191, 0)
    assert claim["claim_minor"] == sum(row["difference_minor"] for row in off)
    listed = asked(tmp_path, "SELECT * FROM exceptions WHERE type = 'FEE_VARIANCE'")
    assert sum(row["amount_minor"] for row in listed) == claim["claim_minor"]


def round_half_up(basis_points: int) -> int:
    """Ten-thousandths to whole ones."""
    return (basis_points + 5000) // 10_000


def test_an_adyen_batch_from_its_sale_to_the_bank(tmp_path: Path) -> None:
    (tmp_path / "bank_20160219.csv").write_text(STATEMENT, encoding="utf-8")
    batch = REAL / "adyen" / "settlement_detail_report_donation.csv"
    told = night(tmp_path, ADYEN, "2016-02-19", batch, tmp_path / "bank_20160219.csv")
    assert told["matched"]["settlement_bank"] == 1
    assert "NET_BREAK" not in told["exceptions"]["open"]
    row = bridge(tmp_path)
    assert (row["gross_minor"], row["fees_minor"], row["declared_minor"], row["bank_minor"]) == (100, 24, 76, 76)
    assert (row["unexplained_minor"], row["verdict"], row["net_verdict"]) == (0, "MATCHED", "agrees")
    parts = [row[f"{name}_minor"] for name in ("commission", "markup", "scheme_fee", "interchange")]
    assert parts == [0, 0, 2, 22]
    (line,) = asked(tmp_path, "SELECT verdict, fee_minor, expected_minor FROM fee_check")
    assert line == {"verdict": "agrees", "fee_minor": 24, "expected_minor": 24}
    levels = [step.amount_minor for step in levels_of(tmp_path, date(2016, 2, 19)) if step.kind == "total"]
    assert levels == [0, 100, 76, 76, 76], "from the journal, which is not there, to the bank"


def test_batch_238_rolls_forward_and_pays_nothing(tmp_path: Path) -> None:
    told = night(tmp_path, ADYEN, "2022-03-02", REAL / "adyen" / "settlement_detail_report_batch_238.csv")
    assert told["exceptions"]["open"] == {}
    row = bridge(tmp_path)
    # 454,331.99 comes in from batch 237, 0.09 is charged, 454,331.90 goes on to batch 239: nothing is left
    assert (row["expected_net_minor"], row["declared_minor"], row["net_verdict"]) == (0, None, "agrees")
    assert (row["separate_fees_minor"], row["balance_carried_minor"]) == (9, 9)
    assert {step.amount_minor for step in levels_of(tmp_path, date(2022, 3, 2)) if step.kind == "total"} == {0}


def bridge(folder: Path) -> dict[str, Any]:
    """The one payout, whose steps add up."""
    (row,) = asked(folder, "SELECT * FROM payout_bridge")
    steps = [row[f"{name}_minor"] for name in ("gross", "refunds", "fees", "chargebacks")]
    assert row["expected_net_minor"] == steps[0] - sum(steps[1:]) + row["adjustments_minor"]
    return row


def levels_of(folder: Path, day: date) -> tuple[Any, ...]:
    """The steps of the report's bridge, which leaves nothing."""
    with Published(folder / "var" / "published" / "investigate.duckdb") as copy:
        (found,) = again(copy, day).bridges
    assert found.residue() == 0
    return found.steps
