"""The day of the issue: a real portal export against the shop's own five-column journal, through the command line."""

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "formats" / "real"
EXPORT = REAL / "unionpay" / "20170625.txt.netbank"
JOURNAL = REAL / "must_reject" / "unionpay_journal_5_columns.txt"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not EXPORT.exists(), reason=f"the real sample files are not beside the project ({REAL})"),
]

CONFIGURATION = """\
[run]
timezone = "Asia/Shanghai"
calendar = "CN"

[[profiles]]                       # settlement date, date, time, amount, trace number; no header
name = "shop_journal"
side = "journal"
header = false

[profiles.columns]
txn_time = [2, 3]
amount = 4
stan = 5

[profiles.constants]
merchant_id = "898319849000018"
terminal_id = "01080209"
txn_type = "SALE"
channel = "CARD"
status = "APPROVED"
currency = "CNY"

[[sources]]
name = "pos"
profile = "shop_journal"
pattern = "journal_*.txt"
expected = "daily"

[[sources]]
name = "ums"
profile = "ums_portal"
acquirer = "UMS"
pattern = "*.txt.netbank"

[[contracts]]
acquirer = "UMS"
merchant_id = "898319849000018"
channels = ["CARD"]
"""


def recon(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user starts it, in the folder of the configuration."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder after the night of 2017-06-25, and its summary."""
    folder = tmp_path_factory.mktemp("ums")
    (folder / "recon.toml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "inbox").mkdir()
    shutil.copy(EXPORT, folder / "inbox")
    shutil.copy(JOURNAL, folder / "inbox" / "journal_20170625.txt")
    done = recon(folder, "run", "--date", "2017-06-25", "--no-prefect", "--json")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return folder, json.loads(done.stdout)


def test_all_33_sales_are_matched_and_nothing_is_open(night: tuple[Path, dict[str, Any]]) -> None:
    _, summary = night
    assert summary["verdict"] == "OK"
    assert summary["files"] == {"loaded": 2, "already_loaded": 0, "rejected": 0, "missing": []}
    assert summary["rows"] == {"journal": 33, "settlement": 33, "bank": 0, "rejected": 0}
    assert summary["matched"]["journal_settlement"] == 33
    assert (summary["exceptions"]["open"], summary["waiting"]) == ({}, {"TIMING": 0})
    assert summary["proof"]["balanced"] is True


def test_nothing_is_open_on_the_journal_settlement_leg(night: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = night
    done = recon(folder, "exceptions", "--status", "all", "--json")
    assert done.returncode == 0
    assert [item for item in json.loads(done.stdout) if item["leg"] == "journal-settlement"] == []


def test_the_published_settlement_adds_up_to_the_export_s_own_totals(night: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = night
    with duckdb.connect(str(folder / "var/published/investigate.duckdb"), read_only=True) as published:
        sums = published.execute(
            "SELECT count(*), sum(gross_minor), sum(fee_minor), sum(net_minor), count(DISTINCT rrn) FROM settlement"
        ).fetchone()
        major = published.execute("SELECT sum(gross), sum(fee), sum(net) FROM settlement").fetchone()
    assert major == (Decimal("7944799.00"), Decimal("6355.84"), Decimal("7938443.16"))
    assert sums == (33, 794_479_900, 635_584, 793_844_316, 33)


def test_the_same_night_again_changes_nothing(night: tuple[Path, dict[str, Any]]) -> None:
    folder, first = night
    again = recon(folder, "run", "--date", "2017-06-25", "--no-prefect", "--json")
    assert again.returncode == 0, again.stderr
    summary = json.loads(again.stdout)
    assert summary["files"]["already_loaded"] == 2
    assert summary["proof"] == first["proof"]
    assert summary["exceptions"]["open"] == {}
