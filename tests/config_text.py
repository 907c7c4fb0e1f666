"""A whole recon.toml, and what is said of it when one line of it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import config
from pipelines.config import ConfigError, Settings

WHOLE = """\
[paths]
inbox = "in"

[run]
timezone = "Asia/Shanghai"
settle_within_days = 2

[[profiles]]
name = "mine"
side = "bank"
columns = { booking_date = "日期", amount = "金额" }
constants = { currency = "CNY" }

[[sources]]
name = "pos"
profile = "pos_journal"
pattern = "journal_*.csv"
expected = "daily"
cutoff = 23:00:00

[[sources]]
name = "unionpay"
profile = "acquirer_csv"
acquirer = "UNIONPAY"
pattern = "settlement_*.csv"
arrives_after_days = 1

[[sources]]
name = "bank"
profile = "mine"
account = "A-1"
pattern = "bank_*.csv"

[[contracts]]
acquirer = "UNIONPAY"
merchant_id = "8983*"
channels = ["CARD"]

[[contracts.fees]]
card_type = "DEBIT"
rate_bp = 50
cap = "20.00"

[[contracts.fees]]
card_type = "*"
rate_bp = 60.5

[[contracts]]
acquirer = "WECHAT"

[[contracts.fees]]
rate_bp = 38
"""


def load(folder: Path, text: str | bytes) -> Settings:
    """Settings of a recon.toml with this text."""
    path = folder / "recon.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(path)


def fault(folder: Path, text: str | bytes) -> str:
    """What is said of a recon.toml that cannot be used, without the path in front."""
    with pytest.raises(ConfigError) as error:
        load(folder, text)
    said = str(error.value)
    assert said.startswith(f"{folder / 'recon.toml'}: ")
    assert said.count("\n") <= 1
    assert len(said) < 600
    return said.removeprefix(f"{folder / 'recon.toml'}: ")


def wrong(folder: Path, right: str, mistake: str, turn: int = 0) -> tuple[str, int]:
    """What is said when a line of the whole file is replaced, and the number of that line."""
    lines = WHOLE.splitlines()
    at = [number for number, line in enumerate(lines) if line == right][turn]
    lines[at] = mistake
    return fault(folder, "\n".join(lines)), at + 1
