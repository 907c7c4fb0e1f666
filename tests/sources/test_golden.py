"""A golden answer beside each self-made input; `REGENERATE_GOLDEN=1 pytest <this file>` writes them again."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from pipelines import config, intake
from pipelines.config import Settings, Source
from pipelines.sources import PROFILES

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if list(folder.glob("input.*")))


def answer(folder: Path) -> dict[str, object]:
    """What the night would take from the folder's input, through the same call."""
    declared = folder / "recon.toml"
    settings = config.load(declared) if declared.exists() else Settings()
    fallback = Source(name="test", profile=folder.name, pattern="*", acquirer="UMS")
    source = settings.sources[0] if settings.sources else fallback
    (path,) = folder.glob("input.*")
    done = intake.read(settings.readers[source.profile], path.read_bytes(), settings, source)
    totals, formed = done.parsed.totals, done.parsed.formed.with_columns(pl.col(pl.Date).cast(pl.String)).to_dicts()
    return {
        "rows": done.parsed.data_rows,
        "accepted": done.accepted.with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String)).to_dicts(),
        "rejected": done.rejected.to_dicts(),
        "declared": totals.declared,
        "computed": totals.computed,
        "unchecked": sorted(totals.unchecked),
        "agree": totals.agree,
        "refusal": done.refusal.text if done.refusal else None,
        **({"formed": formed} if formed else {}),
    }


@pytest.mark.parametrize("case", CASES)
def test_golden_files_hold(case: str) -> None:
    found = answer(GOLDEN / case)
    expected = GOLDEN / case / "expected.json"
    if os.environ.get("REGENERATE_GOLDEN"):
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_profile_with_a_folder_and_both_kinds_of_declaration_are_there() -> None:
    alone = {name for name in PROFILES if not name.startswith("camt")}
    assert alone | {"declared_bank", "declared_settlement"} <= set(CASES)
