"""`recon status` as a person reads it, as a monitor asks it, and as Prometheus scrapes it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipelines import config, faults, nightly, status
from pipelines.accuracy import days_of
from pipelines.checks.standing import late_nights
from pipelines.cli import cli
from pipelines.schedule_settings import Schedule
from pipelines.synth import generate

SHANGHAI = "Asia/Shanghai"


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["status", "--config", str(folder / "recon.toml"), *words])


def test_before_the_first_night_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_text("")
    done = run(tmp_path)
    assert (done.exit_code, done.output) == (1, "never: no night has finished yet; run `recon run --date …`\n")


def test_a_missing_file_ends_with_3_and_is_named(tmp_path: Path) -> None:
    generate(tmp_path / "shop", days=2, rows_per_day=30, seed=5, faults="none")
    first, *_ = days_of(tmp_path / "shop")
    settings = config.load(tmp_path / "shop" / "recon.toml")
    nightly.run(settings, first, lambda _: None)
    whole = run(tmp_path / "shop", "--json")
    assert whole.exit_code == 0, whole.output
    told = json.loads(whole.stdout)
    assert (told["state"], told["missing"], told["late"]) == ("ok", [], [])
    assert [night["business_date"] for night in told["runs"]] == [str(first)]
    (settings.paths.inbox / "journal_20260303.csv").unlink()
    nightly.run(settings, date(2026, 3, 3), lambda _: None)
    done = run(tmp_path / "shop", "--prometheus", str(tmp_path / "metrics" / "recon.prom"))
    assert done.exit_code == 3
    assert done.stdout.startswith("incomplete: 1 files are missing\n")
    assert "missing since 2026-03-03: The journal file of pos for 2026-03-03 has not arrived" in done.stdout
    text = (tmp_path / "metrics" / "recon.prom").read_text()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples[("recon_files_missing",)] == 1
    assert samples[("recon_up",)] == 0
    assert samples[("recon_state", "incomplete")] == 1
    assert samples[("recon_state", "ok")] == 0
    assert samples[("recon_exceptions", "FILE_LATE", "open")] == 1
    day = datetime(2026, 3, 3, tzinfo=UTC).timestamp()
    assert samples[("recon_last_run_business_date_timestamp_seconds",)] == day
    assert samples[("recon_last_run_duration_seconds",)] > 0
    assert [file.name for file in (tmp_path / "metrics").iterdir()] == ["recon.prom"]


def test_a_night_that_failed_is_told_until_one_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path / "shop", days=1, rows_per_day=30, seed=5, faults="none")
    (day, *_) = days_of(tmp_path / "shop")
    settings = config.load(tmp_path / "shop" / "recon.toml")
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise OSError("No space left 4111111111111111")

        patched.setattr(nightly, "_finish", full)
        with pytest.raises(OSError, match="No space"):
            nightly.run(settings, day, lambda _: None)
    done = run(tmp_path / "shop")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"failed: the night of {day} failed at ")
    assert "No space left" in done.stdout
    assert "4111111111111111" not in done.stdout
    nightly.run(settings, day, lambda _: None)
    assert run(tmp_path / "shop").exit_code == 0
    assert faults.last(settings) is None


def test_a_night_that_did_not_come_is_late_by_the_schedule(books: Path) -> None:
    settings = config.load(books / "recon.toml")
    newest = date.fromisoformat(status.status(settings, datetime.now(UTC))["runs"][0]["business_date"])
    planned = settings.model_copy(update={"schedule": Schedule(at=time(5, 30), late_after_minutes=60)})
    in_time = datetime.combine(newest, time(22, 29), UTC)  # 06:29 in Shanghai, the day after
    assert status.status(planned, in_time)["late"] == []
    # the night of the day after newest begins a day later
    late = status.status(planned, in_time.replace(day=newest.day + 1, minute=31))
    assert (late["state"], late["exit_code"]) == ("late", 1)
    assert [night["business_date"] for night in late["late"]] == [f"{newest.replace(day=newest.day + 1)}"]


@given(
    now=st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - zone given
    at=st.times(),
    grace=st.integers(1, 1440),
    back=st.integers(0, 7),
)
def test_nights_that_are_late_are_exactly_those_whose_time_is_over(
    now: datetime, at: time, grace: int, back: int
) -> None:
    schedule = Schedule(at=at.replace(second=0, microsecond=0), late_after_minutes=grace, days_back=back)
    late = late_nights(schedule, SHANGHAI, date(2026, 1, 1), now)
    assert [night.business_date for night in late] == sorted({night.business_date for night in late})
    assert all(night.due < now and night.business_date > date(2026, 1, 1) for night in late)
    until = late_nights(schedule, SHANGHAI, late[-1].business_date, now) if late else []
    assert until == []
