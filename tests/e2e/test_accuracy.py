"""The judge of accuracy itself: what agrees, what is missing, what is too much, what came on the wrong night."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from pipelines.accuracy import Told, compare, disagreements
from pipelines.cli import cli

SHORT = Told("NOT_SETTLED", "601", 500, "short", "2026-03-05", "")


def test_the_same_told_twice_is_one_too_many() -> None:
    (score,) = compare([SHORT], [SHORT, SHORT])
    assert (score.truth, score.found, score.missing, score.extra) == (1, 1, 0, 1)
    assert (score.precision, score.recall, score.perfect) == ("0.500", "1.000", False)


def test_another_amount_is_missing_and_too_much() -> None:
    (score,) = compare([SHORT], [SHORT._replace(amount_minor=501)])
    assert (score.found, score.missing, score.extra, score.wrong_night) == (0, 1, 1, 0)
    assert (score.precision, score.recall) == ("0.000", "0.000")


def test_another_night_is_found_but_wrong() -> None:
    late = [SHORT._replace(opened="2026-03-06"), SHORT._replace(key="602", cleared="2026-03-06")]
    (score,) = compare([SHORT, SHORT._replace(key="602")], late)
    assert (score.found, score.missing, score.extra, score.wrong_night) == (2, 0, 0, 2)
    assert not score.perfect
    assert list(disagreements([SHORT], late[:1])) == [
        "truth only    NOT_SETTLED 601 500 listed 2026-03-05, cleared never",
        "register only NOT_SETTLED 601 500 listed 2026-03-06, cleared never",
    ]


def test_nothing_true_and_nothing_told_is_perfect() -> None:
    assert compare([], []) == []
    (score,) = compare([], [SHORT])
    assert (score.precision, score.recall, score.perfect) == ("0.000", "1.000", False)


def test_the_command_scores_and_its_exit_code_tells(tmp_path: Path) -> None:
    words = ["bench", "--accuracy", "--seeds", "4", "--days", "4", "--rows-per-day", "40", "--json"]
    played = CliRunner().invoke(cli, [*words, "--work", str(tmp_path)])
    assert played.exit_code == 0, played.output
    found = json.loads(played.stdout)
    assert found["perfect"]
    assert found["seeds"] == [{"seed": 4, "nights": 4, "balanced": True, "consumed_twice": 0}]
    truth = tmp_path / "seed-4" / "truth.csv"
    assert sum(row["truth"] for row in found["types"]) == len(truth.read_text(encoding="utf-8").splitlines()) - 1


def test_unknown_faults_are_refused(tmp_path: Path) -> None:
    refused = CliRunner().invoke(cli, ["bench", "--accuracy", "--faults", "NOTHING_LIKE_IT", "--work", str(tmp_path)])
    assert refused.exit_code == 2
    assert "NOTHING_LIKE_IT" in refused.output
