"""The workbook of fee claims, as an account manager opens it: claims, their lines, and what no contract governs."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook
from scenario import MON, TUE, WED, Shop
from test_fee_nights import FEES, sold, with_fees

from pipelines.cli import cli
from pipelines.reporting import again
from pipelines.store import Published
from reports import claims as workbook


def written(shop: Shop, *words: str) -> Path:
    told = CliRunner().invoke(cli, ["report", "--config", str(shop.config), "--format", "fees", *words])
    assert told.exit_code == 0, told.output
    return Path(told.stdout.strip())


def sheet(path: Path, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())).get_sheet_by_name(name).to_python()


def rows(path: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a sheet's table by the English of their headings."""
    every = sheet(path, name)
    top = next(at for at, row in enumerate(every) if len(row) > 1 and row[1])
    heads = [str(head).split("\n")[0] for head in every[top]]
    return [dict(zip(heads, row, strict=True)) for row in every[top + 1 :]]


def full_of_mistakes(shop: Shop) -> None:
    with_fees(shop)
    sold(shop, "fair", "100.00", "0.50")
    sold(shop, "dear", "100.00", "0.51")
    sold(shop, "cheap", "100.00", "0.49")
    sold(shop, "capless", "10000.00", "50.00")
    sold(shop, "capless-2", "5000.00", "25.00")
    sold(shop, "as-credit", "100.00", "0.60")
    shop.settled("foreign", "30.00", TUE, fee="0.30", merchant_id="777")


def test_one_claim_per_cause_with_its_worth_and_every_line(shop: Shop) -> None:
    full_of_mistakes(shop)
    shop.nights(MON, TUE)
    path = written(shop, "--date", str(TUE))
    assert path.name == "recon-20260331-fees.xlsx"
    *claims, total = rows(path, "Claims")
    assert [(c["What went wrong"], c["Lines"], c["Too much: to claim"], c["Too little"]) for c in claims] == [
        ("the cap was ignored", 2, 35.0, 0),
        ("the rate of another card type was taken", 1, 0.1, 0),
        ("no rate of the contract gives this", 2, 0.01, -0.01),
    ]
    assert (total["Acquirer"], total["Lines"], total["Too much: to claim"], total["In all"]) == (
        *("Total 合计", 5, 35.11, 35.1),
    )
    lines = rows(path, "Lines")
    (capless,) = [line for line in lines if line["RRN"] == "capless"]
    assert (capless["Line"], capless["Gross"], capless["Charged"]) == (5, 10000, 50)
    assert (capless["Rate (bp)"], capless["Cap"], capless["By the contract"], capless["Difference"]) == (
        *("50", "20.00", 20, 30),
    )
    assert capless["Worked out"] == "10,000.00 × 50 bp; at most 20.00; rounded half up: 20.00 → 20.00"
    assert "封顶 20.00" in capless["计算过程"]
    text = shop.text("unionpay", TUE).splitlines()[int(capless["Line"]) - 1]
    assert ",capless," in text
    (none,) = rows(path, "No contract")
    assert (none["Lines"], none["Gross"], none["Charged"]) == (1, 30, 0.3)
    assert none["Why no fee governs the lines"] == "no contract of UNIONPAY covers merchant 777"


def test_sums_are_formulas_that_give_the_values_beside_them(shop: Shop) -> None:
    """XlsxWriter stores both: a reader that computes and one that does not see the same."""
    full_of_mistakes(shop)
    shop.nights(MON, TUE)
    path = written(shop, "--date", str(TUE))
    lines = rows(path, "Lines")
    for claim in rows(path, "Claims")[:-1]:
        mine = [line for line in lines if line["Claim"] == claim["Claim"]]
        much = sum(line["Difference"] for line in mine if line["Difference"] > 0)
        assert claim["Lines"] == len(mine)
        assert claim["Too much: to claim"] == pytest.approx(much)
        assert claim["In all"] == pytest.approx(sum(line["Charged"] - line["By the contract"] for line in mine))


def test_only_what_is_open_of_the_acquirer_and_period(shop: Shop) -> None:
    full_of_mistakes(shop)
    shop.settled("dear", "0.01", WED, kind="ADJUSTMENT", sold=MON)
    shop.nights(MON, WED)
    told = {line["RRN"] for line in rows(written(shop, "--month", "2026-03", "--acquirer", "UNIONPAY"), "Lines")}
    assert told == {"cheap", "capless", "capless-2", "as-credit"}
    assert sheet(written(shop, "--week", "2026-W14"), "Lines")[1:] != []
    assert [row["Claim"] for row in rows(written(shop, "--date", str(MON)), "Claims")] == ["none 无"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--date", str(TUE), "--acquirer", "NOBODY"), "no contract is with it; there are UNIONPAY"),
        (("--date", "2026-05-01"), "no run of 2026-05-01 has finished"),
        (("--month", "2026-05"), "no run of 2026-05 has finished"),
    ],
)
def test_what_cannot_be_told_is_said(shop: Shop, words: tuple[str, ...], said: str) -> None:
    shop.nights(MON, TUE)
    told = CliRunner().invoke(cli, ["report", "--config", str(shop.config), "--format", "fees", *words])
    assert told.exit_code in (1, 2)
    assert said in told.output
    assert "Traceback" not in told.output


def test_more_lines_than_a_sheet_holds_go_on_on_the_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    full_of_mistakes(shop)
    shop.nights(MON, TUE)
    monkeypatch.setattr(workbook, "LONGEST_SHEET", 2)
    path = written(shop, "--date", str(TUE))
    pages = [rows(path, name) for name in ("Lines", "Lines 2", "Lines 3")]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert rows(path, "Claims")[-1]["Too much: to claim"] == 35.11


def test_the_same_claims_give_the_same_bytes(shop: Shop) -> None:
    full_of_mistakes(shop)
    shop.nights(MON, TUE)
    assert written(shop, "--date", str(TUE)).read_bytes() == written(shop, "--date", str(TUE)).read_bytes()


def test_the_report_tells_of_all_lines_and_of_those_without_contract(shop: Shop) -> None:
    full_of_mistakes(shop)
    shop.nights(MON, WED)
    told = json.loads((shop.root / "var" / "reports" / f"recon-{WED:%Y%m%d}.json").read_text(encoding="utf-8"))["fees"]
    assert sum(check["lines"] for check in told["checked"]) == 7
    assert {check["verdict"]: check["lines"] for check in told["checked"] if check["verdict"] != "FEE_VARIANCE"} == {
        "agrees": 1,
        "no contract": 1,
    }
    assert {claim["cause"]: claim["claim_minor"] for claim in told["claims"]} == {
        "cap ignored": 3500,
        "card type": 10,
        "rate": 1,
    }
    page = (shop.root / "var" / "reports" / f"recon-{WED:%Y%m%d}.html").read_text(encoding="utf-8")
    assert "no contract of UNIONPAY covers merchant 777" in page
    assert "the cap was ignored" in page


def test_a_file_taken_back_takes_its_sums_along(shop: Shop) -> None:
    full_of_mistakes(shop)
    shop.nights(MON, TUE)
    fair = shop.text("unionpay", TUE).replace(",50.00,9950.00", ",20.00,9980.00").replace("fee=77.40", "fee=47.40")
    shop.put("settlement_UNIONPAY_20260331.csv", fair.replace(f"net={total(shop)}", f"net={total(shop) + 30:.2f}"))
    shop.night(WED)
    with Published(shop.published) as copy:
        checks = again(copy, WED).fee_checks
    assert sum(check.lines for check in checks) == 7
    assert sum(check.lines for check in checks if check.cause == "cap ignored") == 1


def total(shop: Shop) -> float:
    trailer = shop.text("unionpay", TUE).splitlines()[-1]
    return float(trailer.rsplit("net=", maxsplit=1)[1])


def test_a_contract_that_is_put_right_moves_the_claim_to_its_new_words(shop: Shop) -> None:
    with_fees(shop, FEES)
    sold(shop, "dear", "100.00", "0.51")
    shop.nights(MON, TUE)
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(text.replace('cap = "20.00"', 'cap = "25.00"'), encoding="utf-8")
    shop.night(WED)
    (claim, _) = rows(written(shop, "--date", str(WED)), "Claims")
    assert "cap 25.00" in claim["Fee of the contract"]
    assert [event for _, kind, event in shop.history("dear") if kind == "FEE_VARIANCE"] == ["opened", "changed"]
    assert shop.exception("dear", "FEE_VARIANCE")["first_seen"] == str(date(2026, 3, 31))
