"""Stripe's reports name the payout of each line and leave the payout out: it is formed, and looked for at the bank."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines import collect, intake, reading
from pipelines.cli import cli
from pipelines.sources import streaming

CONFIGURATION = """\
[run]
timezone = "Europe/Berlin"
calendar = "DE"

[[sources]]
name = "stripe"
profile = "stripe_payout_reconciliation"
pattern = "stripe_*.csv"
account = "acct_tea"
expected = "none"

[[sources]]
name = "bank"
profile = "bank_csv"
pattern = "bank_*.csv"
expected = "business-day"

[[contracts]]
acquirer = "STRIPE"
merchant_id = "acct_tea"
channels = ["CARD"]
payout_account = "DE-1"
bank_counterparty = "Stripe*"
payout_lag_business_days = 0
"""
HEAD = (
    "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created,currency,gross,fee,net,"
    "reporting_category,source_id,trace_id\n"
)
BANK = "account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "recon.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    return tmp_path


def recon(shop: Path, *words: str) -> Any:
    done = CliRunner().invoke(cli, [*words, "--config", str(shop / "recon.toml"), "--json"], catch_exceptions=False)
    return json.loads(done.stdout)


def lines(payout: str, day: str, *nets: str, trace: str = "") -> str:
    """Charges without a fee of one payout."""
    told = (f"txn_{payout}{n},2026-03-02 10:00:00,eur,{net},0,{net}" for n, net in enumerate(nets))
    return "".join(f"{payout},{day} 00:00:00,{each},charge,ch_{each[:9]},{trace}\n" for each in told)


def report(shop: Path, day: str, *payouts: str) -> None:
    (shop / "inbox" / f"stripe_{day}.csv").write_text(HEAD + "".join(payouts), encoding="utf-8")


def banked(shop: Path, day: str, *entries: tuple[str, str]) -> None:
    """A statement of entries (amount, text) of Stripe's."""
    date, total = f"{day[:4]}-{day[4:6]}-{day[6:]}", sum(Decimal(amount) for amount, _ in entries)
    rows = [
        f"DE-1,{date},{date},{amount},EUR,B{day}{n},{text},Stripe Payments,\n"
        for n, (amount, text) in enumerate(entries)
    ]
    trailer = f"# rows={len(rows)} opening=0.00 closing={total:.2f}\n"
    (shop / "inbox" / f"bank_{day}.csv").write_text(BANK + "".join(rows) + trailer, encoding="utf-8")


def test_each_payout_is_looked_for_at_the_bank_under_its_names(shop: Path) -> None:
    report(
        shop,
        "20260303",
        lines("po_named", "2026-03-04", "25.00", "-4.50"),
        lines("po_traced", "2026-03-04", "11.00", trace="TRACE77120"),
        lines("po_short", "2026-03-04", "40.00", "2.00"),
        lines("po_gone", "2026-03-04", "9.00"),
    )
    banked(shop, "20260303")
    assert recon(shop, "run", "--date", "2026-03-03", "--no-prefect")["proof"]["balanced"]
    banked(shop, "20260304", ("20.50", "payout po_named"), ("11.00", "STRIPE TRACE77120"), ("41.00", "po_short"))
    night = recon(shop, "run", "--date", "2026-03-04", "--no-prefect")
    assert night["matched"]["settlement_bank"] == 3, "one of which differs"
    assert night["proof"]["balanced"]
    found = {e["payout_id"]: e for e in recon(shop, "exceptions") if e["type"].startswith(("DEPOSIT", "NET"))}
    assert {payout: (e["type"], e["amount_minor"]) for payout, e in found.items()} == {
        "po_short": ("DEPOSIT_AMOUNT_DIFF", 100),
        "po_gone": ("DEPOSIT_MISSING", 900),
    }
    assert {"side": "settlement", "file": "stripe_20260303.csv", "line": 7} in found["po_gone"]["evidence"]


def test_a_payout_whose_lines_come_in_two_reports_is_one_sum(shop: Path) -> None:
    report(shop, "20260302", lines("po_two", "2026-03-04", "10.00"))
    report(shop, "20260303", lines("po_two", "2026-03-04", "7.00"))
    banked(shop, "20260304", ("17.00", "po_two"))
    night = recon(shop, "run", "--date", "2026-03-04", "--no-prefect")
    assert "DEPOSIT_AMOUNT_DIFF" not in night["exceptions"]["open"]
    assert "DEPOSIT_MISSING" not in night["exceptions"]["open"]
    assert "NET_BREAK" not in night["exceptions"]["open"]


def test_a_rejected_line_is_part_of_its_payout_as_far_as_it_can_be_read(shop: Path) -> None:
    odd = "po_odd,2026-03-04 00:00:00,txn_9,2026-03-02 10:00:00,eur,9.00,0,8.00,charge,ch_9,\n"
    report(shop, "20260303", lines("po_odd", "2026-03-04", "10.00"), odd)
    banked(shop, "20260304", ("18.00", "po_odd"))
    night = recon(shop, "run", "--date", "2026-03-04", "--no-prefect")
    assert night["rows"]["rejected"] == 1
    assert not {"DEPOSIT_AMOUNT_DIFF", "DEPOSIT_MISSING", "NET_BREAK"} & {*night["exceptions"]["open"]}
    assert night["proof"]["balanced"]


def test_a_report_read_in_parts_forms_the_same_payouts(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((reading, "LARGE"), (intake, "LARGE"), (collect, "HELD")):
        monkeypatch.setattr(module, name, 500)
    monkeypatch.setattr(streaming, "CHUNK", 400)
    report(shop, "20260303", *(lines(f"po_{n % 3}", "2026-03-04", "10.00") for n in range(30)))
    banked(shop, "20260304", *((f"{100 + n}.00", f"po_{n}") for n in range(3)))
    night = recon(shop, "run", "--date", "2026-03-04", "--no-prefect")
    assert (night["rows"]["settlement"], night["matched"]["settlement_bank"]) == (30, 3)
    assert night["exceptions"]["open"]["DEPOSIT_AMOUNT_DIFF"] == 2
    assert night["proof"]["balanced"]
