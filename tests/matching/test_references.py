"""Names of payouts in the texts of banks: whole, split, joined, amid noise, and never a part of another's."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.matching.references import named, names_another

IDS = (
    *("UP20260303-M001", "UP20260303-M002", "UP20260304-M001", "P1", "P10", "batch 3, WikimediaCOM"),
    *("TX3488899933XT", "202603030001", "202603030002"),
)


def entry(text: str) -> pl.DataFrame:
    texts = {"row_id": [1], "remittance": [text], "bank_ref": [None], "end_to_end_id": [None]}
    kinds = dict.fromkeys(("remittance", "bank_ref", "end_to_end_id"), pl.String)
    return pl.DataFrame(texts, schema={"row_id": pl.Int64, **kinds})


def found(text: str) -> set[str]:
    known = pl.DataFrame({"payout_row": range(len(IDS)), "ref": IDS})
    return {IDS[row] for row in named(entry(text), known)["payout_row"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("划付 UP20260303-M001 款", {"UP20260303-M001"}),
        ("UP20260303M001", {"UP20260303-M001"}),
        ("UP2026 0303-M0\n01/noise", {"UP20260303-M001"}),
        ("up20260303-m001", {"UP20260303-M001"}),
        ("UP20260303-M001UP20260304-M001", {"UP20260303-M001", "UP20260304-M001"}),
        ("合并UP20260303-M001、UP20260303-M002", {"UP20260303-M001", "UP20260303-M002"}),
        ("UP20260303-M0012", set()),
        ("NOUP20260303-M001", set()),
        ("P1", {"P1"}),
        ("P10", {"P10"}),
        ("P 1", set()),
        ("TX3488899933XT batch 3, WikimediaCOM", {"TX3488899933XT", "batch 3, WikimediaCOM"}),
        ("BATCH 3 WIKIMEDIACOM", {"batch 3, WikimediaCOM"}),
        ("batch 13, WikimediaCOM", set()),
        ("202603030001202603030002", {"202603030001", "202603030002"}),
        ("2026-03-03 0001", set()),
    ],
)
def test_a_text_names_what_stands_in_it(text: str, names: set[str]) -> None:
    assert found(text) == names


def test_what_stands_in_two_texts_is_not_put_together() -> None:
    rows = entry("UP20260303").with_columns(bank_ref=pl.lit("M001"))
    known = pl.DataFrame({"payout_row": [0], "ref": ["UP20260303-M001"]})
    assert named(rows, known).is_empty()


def test_a_payout_that_is_not_known_yet_is_told_by_its_shape() -> None:
    known = pl.DataFrame({"acquirer": ["UNIONPAY"], "ref": ["UP20260303-M001"]})
    rows = pl.concat([entry("划付 UP20260309-M007"), entry("其他款项 第1笔").with_columns(row_id=pl.lit(2, pl.Int64))])
    assert names_another(rows.with_columns(acquirer=pl.lit("UNIONPAY")), known)["row_id"].to_list() == [1]
