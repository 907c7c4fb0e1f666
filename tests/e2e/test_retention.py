"""What is old goes with a record, what is open stays, and the books still add up."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scenario import MON, TUE, WED, Shop

from pipelines import config, nightly, retaining
from pipelines.cli import cli
from pipelines.retaining import months_before
from pipelines.store import Published, Store

LATER = date(2028, 6, 1)


def purge(shop: Shop, *words: str) -> dict[str, object]:
    done = CliRunner().invoke(cli, ["purge", "--config", str(shop.config), "--json", *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def old(shop: Shop) -> Shop:
    """Sales of MON and TUE that are settled, one of WED that never is; and a night two years later."""
    text = shop.config.read_text().replace('expected = "daily"', 'expected = "none"')
    shop.config.write_text(text.replace('expected = "business-day"', 'expected = "none"'))
    shop.sale("100000000001", "10.00", MON)
    shop.settled("100000000001", "10.00", TUE)
    shop.sale("100000000002", "20.00", TUE)
    shop.settled("100000000002", "20.00", WED)
    shop.sale("100000000003", "30.00", WED)
    shop.nights(MON, WED)
    nightly.run(config.load(shop.config), LATER, lambda _: None)
    return shop


def rows(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    with Published(shop.published) as published:
        return published.frame(sql).rows()


def test_rows_whose_time_is_over_go_with_a_record_and_the_proof_still_counts_them(old: Shop) -> None:
    before = rows(old, "SELECT rrn FROM journal ORDER BY rrn")
    assert len(before) == 3
    shown = purge(old, "--dry-run")
    assert rows(old, "SELECT rrn FROM journal ORDER BY rrn") == before
    found = purge(old)
    assert {**shown, "dry_run": False} == found
    assert rows(old, "SELECT rrn FROM journal ORDER BY rrn") == [("100000000003",)], "what is open stays"
    gone = rows(old, "SELECT name FROM purged WHERE what = 'rows' ORDER BY name")
    assert [name for (name,) in gone] == sorted(found["names"]["rows"])
    assert "journal_20260330.csv" in found["names"]["rows"]
    assert "journal_20260401.csv" not in found["names"]["rows"]
    summary = nightly.run(config.load(old.config), LATER, lambda _: None)
    (line,) = [each for each in summary["proof"]["lines"] if each["side"] == "journal"]
    assert (line["rows_in"], line["rows_accounted"], line["amount_in_minor"]) == (3, 3, 6000)
    assert rows(old, "SELECT type FROM exceptions WHERE status = 'open'") == [("NOT_SETTLED",)]
    assert purge(old)["rows"] == {"files": 0, "rows": 0}


def test_parts_leave_the_disk_of_the_store_at_once_and_of_readers_after_their_time(old: Shop) -> None:
    settings = config.load(old.config)
    shared, own = settings.paths.published / "parts", settings.paths.store.with_suffix(".parts")
    before = {file.name for file in own.glob("journal-*")}
    purge(old)
    left = {file.name for file in own.glob("journal-*")}
    assert len(before) == len(left) + 2
    assert before <= {file.name for file in shared.iterdir()}, "who holds an older copy still reads it"


def test_archived_files_and_reports_go_after_their_own_time_and_the_inbox_brings_nothing_back(old: Shop) -> None:
    old.config.write_text(old.config.read_text() + "\n[retention]\nraw_years = 1\nreports_months = 12\n")
    settings = config.load(old.config)
    kept = {file.name for file in settings.paths.archive.rglob("*") if file.is_file()}
    found = purge(old)
    left = {file.name for file in settings.paths.archive.rglob("*") if file.is_file()}
    assert len(kept) - len(left) == found["raw"]["files"] > 0
    open_file = rows(old, "SELECT sha256 FROM files WHERE name = 'journal_20260401.csv'")[0][0]
    assert open_file in left, "evidence of what is open stays"
    assert sorted(file.name for file in settings.paths.reports.glob("recon-*.html")) == ["recon-20280601.html"]
    summary = nightly.run(settings, LATER, lambda _: None)
    assert (summary["files"]["loaded"], summary["files"]["rejected"]) == (0, 0)
    assert {file.name for file in settings.paths.archive.rglob("*") if file.is_file()} == left


def test_what_a_person_attached_to_a_case_stays_whoever_else_sent_it(old: Shop) -> None:
    old.config.write_text(old.config.read_text() + "\n[retention]\nraw_years = 1\n")
    settings = config.load(old.config)
    ((digest,),) = rows(old, "SELECT sha256 FROM files WHERE name = 'journal_20260330.csv'")
    ((key,),) = rows(old, "SELECT exception_id FROM exceptions WHERE type = 'NOT_SETTLED'")
    evidence = settings.paths.archive / str(digest)[:2] / str(digest)
    words = ["case", "evidence", str(key), str(evidence), "--config", str(old.config), "--by", "Li Na"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert "journal_20260331.csv" in purge(old)["names"]["raw"], "what nobody attached goes"
    assert evidence.exists()
    purge(old)
    assert evidence.exists()


def test_rows_that_were_carried_apart_go_with_their_file(old: Shop) -> None:
    with Store(config.load(old.config).paths.store) as store:
        own = "SELECT COLUMNS(lambda c: NOT contains(c, '_key_')) FROM book.journal WHERE rrn = '100000000001'"
        store.execute(f"INSERT INTO book.carried_journal BY NAME {own}")
    purge(old)
    with Store(config.load(old.config).paths.store) as store:
        assert store.execute("SELECT rrn FROM book.carried_journal WHERE rrn = '100000000001'") == []


def test_a_corrected_file_of_purged_days_is_refused_in_one_line_and_the_night_goes_on(old: Shop) -> None:
    purge(old)
    text = (old.inbox / "journal_20260330.csv").read_text().replace("10.00", "11.00")
    (old.inbox / "journal_20260330.csv").write_text(text)
    said: list[str] = []
    summary = nightly.run(config.load(old.config), LATER, said.append)
    assert summary["files"]["rejected"] == 1
    assert [line for line in said if "rows of days before 2026-05-01 were purged" in line]
    assert summary["proof"]["balanced"]


def test_rows_of_purged_files_cannot_be_taken_back(old: Shop) -> None:
    purge(old)
    (number,) = rows(old, "SELECT file_id FROM purged WHERE name = 'journal_20260330.csv'")[0]
    words = ["retract", str(number), "--config", str(old.config), "--reason", "wrong"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert "were purged; nothing of it can be undone" in done.stderr


def test_a_file_that_is_paired_with_one_of_a_kept_day_stays(old: Shop) -> None:
    """TUE's sales were settled on WED: with WED kept, TUE stays, and MON with TUE's lines goes."""
    settings = config.load(old.config)
    with Store(settings.paths.store) as store:
        due = retaining.purging.rows_due(store, WED)["name"].to_list()
    assert "journal_20260330.csv" in due
    assert "journal_20260331.csv" not in due


def test_a_purge_whose_proof_fails_changes_nothing(old: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def unbalanced(_: Store) -> None:
        raise retaining.StoreError("the proof does not balance")

    before = rows(old, "SELECT rrn FROM journal ORDER BY rrn")
    with monkeypatch.context() as patched:
        patched.setattr(retaining, "prove", unbalanced)
        done = CliRunner().invoke(cli, ["purge", "--config", str(old.config)])
    assert (done.exit_code, done.stderr.strip()) == (1, "the proof does not balance")
    nightly.run(config.load(old.config), LATER, lambda _: None)
    assert rows(old, "SELECT rrn FROM journal ORDER BY rrn") == before
    assert rows(old, "SELECT * FROM purged") == []


def test_before_the_first_night_there_is_nothing_to_purge(tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_text("")
    done = CliRunner().invoke(cli, ["purge", "--config", str(tmp_path / "recon.toml")])
    assert done.exit_code == 1
    assert "no night has been run yet" in done.stderr


@given(day=st.dates(date(1990, 1, 1), date(2100, 1, 1)), months=st.integers(1, 400))
def test_months_before_is_the_same_day_or_the_last_of_its_month(day: date, months: int) -> None:
    found = months_before(day, months)
    assert 12 * (day.year - found.year) + day.month - found.month == months
    assert found.day == day.day or (found.day < day.day and date.fromordinal(found.toordinal() + 1).day == 1)
