"""Days in the formats of others: the same scenario, written by a writer that knows no reader."""

from pathlib import Path

import pytest

from pipelines import inspection
from pipelines.synth import generate


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


@pytest.mark.parametrize("layouts", ["UNIONPAY=unionpay", "VISA=unionpay_zm", "unionpay_zm", "WECHAT=unionpay_zm"])
def test_a_layout_that_cannot_be_is_named(tmp_path: Path, layouts: str) -> None:
    with pytest.raises(ValueError, match=r"write ACQUIRER=layout|carries CARD"):
        generate(tmp_path, days=1, rows_per_day=20, seed=1, layouts=layouts)
