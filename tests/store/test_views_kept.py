"""Views and the meaning of their columns stand in the store, and are made anew where the program says otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.store import Store, connection


@pytest.fixture
def sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The statements of the program, to be changed."""
    folder = tmp_path / "sql"
    shutil.copytree(connection.SQL, folder)
    monkeypatch.setattr(connection, "SQL", folder)
    return folder


def opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Files of statements that opening a store runs."""
    run, script = set[str](), Store.script

    def noted(self: Store, file: Path) -> None:
        run.add(file.name)
        script(self, file)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "script", noted)
        with Store(path):
            pass
    return run


def test_views_are_made_where_they_are_others_and_only_there(
    sql: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, views = tmp_path / "books.duckdb", {file.name for file in (sql / "views").glob("*.sql")}
    assert views < opened(path, monkeypatch), "and the migrations"
    assert opened(path, monkeypatch) == set()
    file = sql / "views" / "11_runs.sql"
    file.write_text(file.read_text(encoding="utf-8").replace("CREATE", "-- other words\nCREATE", 1), encoding="utf-8")
    assert opened(path, monkeypatch) == views
    assert opened(path, monkeypatch) == set()
    (sql / "migrations" / "9001_next.sql").write_text("CREATE TABLE book.more (a INTEGER);\n", encoding="utf-8")
    assert opened(path, monkeypatch) == {*views, "9001_next.sql"}


def test_a_view_that_cannot_be_made_leaves_those_before(
    sql: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "books.duckdb"
    opened(path, monkeypatch)
    broken = sql / "views" / "99_broken.sql"
    broken.write_text("CREATE OR REPLACE VIEW broken AS SELECT nothing FROM runs;\n", encoding="utf-8")
    with pytest.raises(connection.StoreError, match=r"99_broken\.sql"):
        Store(path)
    broken.unlink()
    assert opened(path, monkeypatch) == set()
