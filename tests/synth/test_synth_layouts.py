"""Days in the formats of others: the same scenario, written by a writer that knows no reader."""

from pathlib import Path

import pytest

from pipelines import inspection
from pipelines.synth import generate
from pipelines.synth.layouts.adyen import spoil_payout


def test_a_day_of_unionpay_holds_the_lines_of_the_native_one_and_no_payouts(tmp_path: Path) -> None:
    name = "settlement_UNIONPAY_20260303.csv"
    for folder, layouts in (("native", ""), ("zm", "UNIONPAY=unionpay_zm")):
        generate(tmp_path / folder, days=2, rows_per_day=80, seed=5, faults="none", layouts=layouts)
    native, zm = (inspection.inspect([tmp_path / folder / name], None, None)[0] for folder in ("native", "zm"))
    assert zm["profile"] == "unionpay_zm"
    assert zm["rejected"] == []
    assert zm["currency"] == native["currency"]
    assert zm["by_type"] == {kind: count for kind, count in native["by_type"].items() if kind != "PAYOUT"}
    assert {len(line) for line in (tmp_path / "zm" / name).read_bytes().splitlines()} == {607}


NAMES = {
    "WECHAT=wechat_trade": "settlement_WECHAT_{}.csv",
    "ALIPAY=adyen_settlement_detail": "settlement_ALIPAY_{}.csv",
}


@pytest.mark.parametrize("layouts", NAMES)
def test_days_of_wechat_and_adyen_hold_the_lines_of_the_native_ones(tmp_path: Path, layouts: str) -> None:
    for folder, written in (("native", ""), ("other", layouts)):
        generate(tmp_path / folder, days=3, rows_per_day=120, seed=5, faults="none", layouts=written)
    for day in ("20260303", "20260304"):
        name = NAMES[layouts].format(day)
        native, other = (inspection.inspect([tmp_path / at / name], None, None)[0] for at in ("native", "other"))
        assert other["profile"] == layouts.partition("=")[2]
        assert (other["error"], other["rejected"]) == (None, [])
        assert other["control_totals"]["agree"] is True
        assert other["currency"]["CNY"]["gross_minor"] == native["currency"]["CNY"]["gross_minor"]
        assert without_payouts(other["by_type"]) == without_payouts(native["by_type"])


def without_payouts(counts: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if kind != "PAYOUT"}


def test_a_fund_bill_pays_out_what_the_trade_bill_of_its_day_leaves(tmp_path: Path) -> None:
    generate(tmp_path, days=3, rows_per_day=120, seed=5, faults="none", layouts="WECHAT=wechat_trade")
    for day in ("20260303", "20260304"):
        (fund,) = inspection.inspect([tmp_path / f"fund_WECHAT_{day}.csv"], None, None)
        assert (fund["profile"], fund["error"], fund["control_totals"]["agree"]) == ("wechat_fund", None, True)
        assert fund["by_type"]["PAYOUT"] >= 1
        rows = [line.split(",`") for line in (tmp_path / f"fund_WECHAT_{day}.csv").read_text("utf-8").splitlines()]
        assert rows[-3][7] == "100000.00"  # the account is empty again: it began with as much


def test_a_payout_that_a_batch_does_not_add_up_to_makes_a_file_of_adyen_invalid(tmp_path: Path) -> None:
    generate(tmp_path, days=2, rows_per_day=120, seed=5, faults="none", layouts="ALIPAY=adyen_settlement_detail")
    spoil_payout(tmp_path / "settlement_ALIPAY_20260303.csv", tmp_path / "bad.csv")
    (bad,) = inspection.inspect([tmp_path / "bad.csv"], None, None)
    totals = bad["control_totals"]
    assert totals["agree"] is False
    assert totals["declared"]["net"] - totals["computed"]["net"] == 100


@pytest.mark.parametrize("layouts", ["UNIONPAY=unionpay", "VISA=unionpay_zm", "unionpay_zm", "WECHAT=unionpay_zm"])
def test_a_layout_that_cannot_be_is_named(tmp_path: Path, layouts: str) -> None:
    with pytest.raises(ValueError, match=r"write ACQUIRER=layout|carries CARD"):
        generate(tmp_path, days=1, rows_per_day=20, seed=1, layouts=layouts)
