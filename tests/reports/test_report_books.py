"""The bridge adds up or says by how much it does not; the proof balances or does not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import sample
from hypothesis import given
from hypothesis import strategies as st

from reports.books import Bridge, Proof, ProofLine, ProofPart, Rounding, Step
from reports.charts import WIDTH, lengths, percent, waterfall

AMOUNTS = st.integers(-(10**12), 10**12)


def chain(first: int, stages: list[list[int]]) -> Bridge:
    """A bridge that adds up: each stage's deltas, then their total."""
    level, steps = first, [Step("start", "起", first, "total")]
    for deltas in stages:
        steps += [Step("change", "变动", delta, "delta") for delta in deltas]
        level += sum(deltas)
        steps.append(Step("total", "合计", level, "total"))
    return Bridge("A", "CNY", tuple(steps))


@given(AMOUNTS, st.lists(st.lists(AMOUNTS, max_size=6), max_size=5))
def test_a_bridge_of_sums_leaves_nothing(first: int, stages: list[list[int]]) -> None:
    assert chain(first, stages).residue() == 0


@given(
    AMOUNTS,
    st.lists(st.lists(AMOUNTS, min_size=1, max_size=6), min_size=1, max_size=5),
    st.data(),
    AMOUNTS.filter(bool),
)
def test_one_wrong_delta_shows_to_the_minor_unit(
    first: int, stages: list[list[int]], data: st.DataObject, error: int
) -> None:
    bridge = chain(first, stages)
    deltas = [at for at, step in enumerate(bridge.steps) if step.kind == "delta"]
    at = data.draw(st.sampled_from(deltas))
    steps = list(bridge.steps)
    steps[at] = replace(steps[at], amount_minor=steps[at].amount_minor + error)
    assert replace(bridge, steps=tuple(steps)).residue() == abs(error)


def test_deltas_that_lead_to_no_total_are_unexplained() -> None:
    steps = (Step("start", "", 100, "total"), Step("lost", "", -30, "delta"))
    assert Bridge("A", "CNY", steps).residue() == 30
    assert Bridge("A", "CNY", ()).residue() == 0


def test_the_sample_bridges_add_up() -> None:
    assert [bridge.residue() for bridge in sample.bridges()] == [0, 0, 0]


@given(AMOUNTS, st.lists(st.lists(AMOUNTS, max_size=6), max_size=5))
def test_every_waterfall_bar_lies_inside_the_picture(first: int, stages: list[list[int]]) -> None:
    bridge = chain(first, stages)
    bars = waterfall(bridge)
    assert len(bars) == len(bridge.steps)
    assert all(bar.x >= 0 and bar.width > 0 and bar.x + bar.width <= WIDTH for bar in bars)
    assert all(0 <= bar.after <= WIDTH for bar in bars)


def test_bars_are_in_proportion_and_small_ones_stay_visible() -> None:
    assert lengths([0, 50, 100]) == (0, 5_000, 10_000)
    assert 0 < lengths([1, 10**9])[0] < 100
    assert lengths([]) == ()
    assert [percent(value) for value in (0, 7, 1234, 10_000)] == ["0.00%", "0.07%", "12.34%", "100.00%"]


def test_a_line_balances_only_if_rows_money_and_parts_agree() -> None:
    line = ProofLine("bank", "CNY", 3, 3, 300, 300, (ProofPart("matched", "已匹配", 3, 300),))
    assert line.balanced
    assert not replace(line, rows_accounted=2).balanced
    assert not replace(line, amount_accounted_minor=299).balanced
    assert not replace(line, parts=(ProofPart("matched", "已匹配", 3, 299),)).balanced
    assert Proof((line,)).balanced
    assert not Proof((line, replace(line, rows_in=4))).balanced


def test_rounding_is_stated_exactly() -> None:
    assert Rounding("wechat", "CNY", 2, Decimal("624.01482"), 62_401, 62_401).difference == Decimal("-0.00482")
