"""The JSON of a run has exactly the contract's keys, and only integers for money."""

from __future__ import annotations

import json

import sample

from reports.json import render, run_json

SHAPE = {
    "run_id": str, "business_date": str, "verdict": str,
    "files": {"loaded": int, "already_loaded": int, "rejected": int, "missing": list},
    "rows": {"journal": int, "settlement": int, "bank": int, "rejected": int},
    "matched": {"journal_settlement": int, "settlement_bank": int, "by_rule": dict},
    "exceptions": {"new": dict, "cleared": dict, "open": dict},
    "waiting": {"TIMING": int},
    "proof": {"balanced": bool, "lines": list, "rounding": list},
    "reports": {"html": str, "xlsx": str, "json": str},
    "seconds": {"total": float, "load": float},
    "peak_rss_mb": int,
}  # fmt: skip

LINE = {"side", "currency", "rows_in", "rows_accounted", "amount_in_minor", "amount_accounted_minor"}


def conforms(value: object, shape: object) -> bool:
    """Same keys in the same order, and leaves of the given types."""
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and list(value) == list(shape)
            and all(conforms(value[key], shape[key]) for key in shape)
        )
    return type(value) is shape


def test_keys_and_types_are_the_contracts() -> None:
    assert conforms(run_json(sample.sample()), SHAPE)
    assert list(run_json(sample.empty())) == list(SHAPE)


def test_counts_speak_of_the_report() -> None:
    data = json.loads(render(sample.sample()))
    assert data["verdict"] == "INCOMPLETE"
    assert data["files"] == {"loaded": 4, "already_loaded": 1, "rejected": 1, "missing": ["adyen 2026-03-04"]}
    assert data["exceptions"]["new"]["FEE_VARIANCE"] == 14
    assert data["exceptions"]["open"]["FEE_VARIANCE"] == 19
    assert data["exceptions"]["cleared"] == {"DEPOSIT_MISSING": 1, "FILE_LATE": 1, "NOT_SETTLED": 1}
    assert data["matched"]["journal_settlement"] == 52_310 + 8_882 + 12 + 410
    assert data["matched"]["by_rule"]["order_no"] == 8_882 + 410
    assert data["waiting"] == {"TIMING": 3_870}


def test_proof_lines_keep_rejected_rows_apart() -> None:
    lines = json.loads(render(sample.sample()))["proof"]["lines"]
    assert all(set(line) == LINE for line in lines)
    assert [line["side"] for line in lines] == [
        "journal", "settlement", "bank", "settlement", "bank", "rejected", "rejected",
    ]  # fmt: skip
    assert all(type(line["amount_in_minor"]) is int for line in lines)
    assert not [line for line in json.loads(render(sample.clean()))["proof"]["lines"] if line["side"] == "rejected"]


def test_rounding_is_a_line_of_the_proof_with_its_exact_sum_as_text() -> None:
    assert json.loads(render(sample.sample()))["proof"]["rounding"] == [
        {
            "source": "wechat", "currency": "CNY", "rows": 1_204, "fee_exact": "624.01482", "fee_minor": 62_401,
            "fee_of_lines_minor": 62_401, "rounding_minor": 0,
        }
    ]  # fmt: skip


def test_a_failed_run_is_not_proven() -> None:
    data = run_json(sample.failed())
    assert data["verdict"] == "FAILED"
    assert data["proof"] == {"balanced": False, "lines": [], "rounding": []}
    assert data["reports"] == {"html": None, "xlsx": None, "json": None}
