"""A store of an older version is brought to this one with all its rows; one that cannot be is left as it was."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from pipelines import config, nightly
from pipelines.cli import cli
from pipelines.reconcile import prove
from pipelines.store import Store, StoreError, connection
from pipelines.synth import generate

FILES = {int(file.name[:4]): file for file in sorted((connection.SQL / "migrations").glob("[0-9]*.sql"))}
FIRST, SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
VIEWS = ("files", "journal", "settlement", "bank", "matches", "exceptions", "rejected_rows", "runs", "waiting_rows")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with three days, of which two were run."""
    folder = tmp_path_factory.mktemp("migrations") / "shop"
    generate(folder, days=3, rows_per_day=120, seed=5)
    for day in (FIRST, SECOND):
        night(folder, day)
    return folder


def night(folder: Path, day: date) -> dict[str, Any]:
    return nightly.run(config.load(folder / "recon.toml"), day, lambda _: None)


def made_by(version: int, path: Path) -> None:
    """An empty store as the program of a version made it."""
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMP)")
        for number, file in FILES.items():
            if number <= version:
                con.execute(file.read_text(encoding="utf-8"))
                con.execute("INSERT INTO migrations VALUES (?, ?, now())", [number, file.stem])


def columns(con: duckdb.DuckDBPyConnection, catalog: str, kind: str) -> dict[str, set[str]]:
    sql = """
        SELECT table_name, list(column_name) FROM duckdb_columns() JOIN information_schema.tables USING (table_name)
        WHERE database_name = $catalog AND table_catalog = $catalog AND schema_name = 'book' AND table_schema = 'book'
        AND table_type LIKE $kind GROUP BY table_name
    """
    return {name: set(found) for name, found in con.execute(sql, {"catalog": catalog, "kind": kind}).fetchall()}


def as_of(version: int, path: Path, rows_of: Path) -> None:
    """A store of an older version with the rows of a newer one, as far as it has tables and columns for them."""
    made_by(version, path)
    with duckdb.connect(str(path)) as con:
        con.execute(f"ATTACH '{rows_of}' AS newer (READ_ONLY)")
        there = columns(con, "newer", "%")
        for table, mine in columns(con, path.stem, "BASE TABLE").items():
            source = table.removesuffix("_base")
            if source in there and table not in ("parts", "row_sums", "pair_sums", "key_files", "views"):
                shared = ", ".join(f'"{name}"' for name in sorted(mine & there[source]))
                rows = f"SELECT {shared} FROM newer.book.{source}"  # noqa: S608 - names of our own tables
                con.execute(f"INSERT INTO book.{table} ({shared}) {rows}")


def counts(store: Store) -> dict[str, int]:
    return {view: store.execute(f"SELECT count(*) FROM {view}")[0][0] for view in VIEWS}  # noqa: S608 - our own names


@pytest.mark.parametrize("version", FILES)
def test_a_store_of_any_older_version_keeps_its_rows_and_its_proof(version: int, shop: Path, tmp_path: Path) -> None:
    newer = config.load(shop / "recon.toml").paths.store
    as_of(version, tmp_path / "books.duckdb", newer)
    with Store(newer) as store:
        expected = counts(store)
    assert min(expected[name] for name in ("journal", "settlement", "matches", "exceptions")) > 0
    with Store(tmp_path / "books.duckdb") as store:
        assert counts(store) == expected
        proof, _ = prove(store)
        assert sum(line.rows_in for line in proof) == sum(expected[side] for side in ("journal", "settlement", "bank"))
        done = [number for (number,) in store.execute("SELECT number FROM migrations ORDER BY number")]
        assert done == [*FILES]


@pytest.mark.parametrize("version", [1, 11, 16])
def test_the_next_night_goes_on_in_a_store_of_an_older_version(version: int, shop: Path, tmp_path: Path) -> None:
    for name in ("old", "same"):
        shutil.copytree(shop, tmp_path / name)
    old = config.load(tmp_path / "old" / "recon.toml").paths.store
    shutil.rmtree(old.with_suffix(".parts"))
    old.unlink()
    old.with_suffix(".seals").unlink()
    as_of(version, old, config.load(shop / "recon.toml").paths.store)
    told, expected = night(tmp_path / "old", THIRD), night(tmp_path / "same", THIRD)
    for what in ("verdict", "rows", "matched", "waiting", "proof"):
        assert told[what] == expected[what]


def with_one_more(folder: Path, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program with a migration of its own."""
    shutil.copytree(connection.SQL, folder)
    (folder / "migrations" / "9001_next.sql").write_text(sql, encoding="utf-8")
    monkeypatch.setattr(connection, "SQL", folder)


def kept(path: Path) -> tuple[list[Any], list[Any], list[Any]]:
    """Migrations, tables and rows of a store, as any client sees them."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL").fetchall()
        rows = con.execute("SELECT * FROM book.sources ORDER BY ALL").fetchall()
        return con.execute("SELECT number FROM migrations ORDER BY ALL").fetchall(), tables, rows


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "books.duckdb"
    with Store(path) as store:
        store.execute("INSERT INTO book.sources VALUES ('pos', DATE '2026-03-02')")
    before = kept(path)
    sql = "CREATE TABLE book.more (a INTEGER);\nDELETE FROM book.sources;\nINSERT INTO book.more VALUES ('x');\n"
    with monkeypatch.context() as patched:
        with_one_more(tmp_path / "sql", sql, patched)
        with pytest.raises(StoreError) as failed:
            Store(path)
        assert "9001_next.sql" in str(failed.value)
        assert "\n" not in str(failed.value)
        assert kept(path) == before, "nothing of it has stayed, and nobody holds the store"
        (tmp_path / "sql" / "migrations" / "9001_next.sql").write_text(sql.replace("'x'", "1"), encoding="utf-8")
        with Store(path) as store:
            assert store.execute("SELECT a FROM book.more") == [(1,)], "once it is mended it is done"
    newer = kept(path)
    with pytest.raises(StoreError, match=r"the store is of a newer version \(migration 9001\); update the program"):
        Store(path)
    assert kept(path) == newer


def test_a_newer_store_ends_a_night_with_one_line(shop: Path, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path / "shop")
    settings = config.load(tmp_path / "shop" / "recon.toml")
    with duckdb.connect(str(settings.paths.store)) as con:
        con.execute("INSERT INTO migrations VALUES (9001, 'next', now())")
    words = ["run", "--no-prefect", "--config", str(tmp_path / "shop" / "recon.toml"), "--date", str(THIRD)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    (line,) = done.stderr.strip().splitlines()
    assert line == f"{settings.paths.store}: the store is of a newer version (migration 9001); update the program"
