"""docs/sources.md is true: its samples are read, its configurations load and read the sample beside them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines import config
from pipelines.cli import cli
from pipelines.sources.declared import Declaration

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
GOLDEN = Path(__file__).parent / "golden"
NATIVE = ("pos_journal", "acquirer_csv", "bank_csv")


def blocks(heading: str, language: str) -> list[str]:
    """Fenced examples of a language under a heading."""
    part = PAGE.split(heading, 1)[1]
    part = re.split(r"^#{2,3} ", part, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL)


def inspect(*words: str) -> dict[str, Any]:
    """What `recon inspect --json` says of one file."""
    done = CliRunner().invoke(cli, ["inspect", *words, "--json"], catch_exceptions=False)
    (entry,) = json.loads(done.stdout)
    assert done.exit_code == 0, entry["error"]
    return entry  # type: ignore[no-any-return]


@pytest.mark.parametrize("profile", NATIVE)
def test_samples_of_the_native_formats_are_read_whole(profile: str, tmp_path: Path) -> None:
    (sample,) = blocks(f"### `{profile}`", "text")
    (tmp_path / "sample.csv").write_text(sample, encoding="utf-8")
    entry = inspect(str(tmp_path / "sample.csv"))
    assert (entry["profile"], entry["rejected"]) == (profile, [])
    assert entry["control_totals"]["agree"] is True
    assert entry["rows"] == entry["accepted"] == sample.count("\n") - 2


EXAMPLES = [
    (
        "### First example",
        "declared_settlement",
        "gb18030",
        {"gross_minor": 115_000, "fee_minor": 2_241, "net_minor": 112_759, "credit_minor": 0, "debit_minor": 0},
        5,
    ),
    (
        "### Second example",
        "declared_bank",
        "utf-8",
        {"gross_minor": 0, "fee_minor": 0, "net_minor": 0, "credit_minor": 116_509, "debit_minor": 1_250_000},
        3,
    ),
]


@pytest.mark.parametrize(("heading", "golden", "encoding", "sums", "rows"), EXAMPLES)
def test_a_worked_example_reads_the_sample_beside_it(
    heading: str, golden: str, encoding: str, sums: dict[str, int], rows: int, tmp_path: Path
) -> None:
    (sample,), (toml,) = blocks(heading, "text"), blocks(heading, "toml")
    assert toml == (GOLDEN / golden / "recon.toml").read_text(encoding="utf-8"), "one configuration, in two places"
    (tmp_path / "recon.toml").write_text(toml, encoding="utf-8")
    settings = config.load(tmp_path / "recon.toml")
    name = settings.sources[0].pattern.replace("*", "20260303")
    (tmp_path / name).write_bytes(sample.encode(encoding))
    entry = inspect("--config", str(tmp_path / "recon.toml"), str(tmp_path / name))
    assert (entry["profile"], entry["rows"], entry["accepted"]) == (settings.profiles[0].name, rows, rows)
    assert entry["currency"] == {"CNY": sums}
    assert entry["control_totals"]["agree"] is True
    said = re.sub(r"\s+", " ", PAGE.split(heading, 1)[1].split("`recon inspect` says of it: ", 1)[1])
    assert said.startswith(f"{rows} rows, all accepted")
    for minor in filter(None, sums.values()):
        assert f"{minor / 100:,.2f}" in said[:200]


def test_every_key_of_a_declared_profile_is_explained() -> None:
    part = PAGE.split("## A profile of your own", 1)[1].split("### First example", 1)[0]
    named = set(re.findall(r"`(\w+)`", part))
    assert set(Declaration.model_fields) <= named


def test_every_key_of_a_source_is_shown() -> None:
    part = PAGE.split("## A source in `recon.toml`", 1)[1].split("\n## ", 1)[0]
    assert all(re.search(rf"\b{key}\b", part) for key in config.Source.model_fields)
