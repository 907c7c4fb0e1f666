"""`recon sql` as an analyst uses it, and as somebody who wants more than to read would."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from pipelines import answers
from pipelines.cli import cli
from pipelines.questions import questions
from pipelines.store.asking import Asking, QuestionError


def ask(books: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What `recon sql` says, started as people start it."""
    whole = [sys.executable, "-m", "pipelines", "sql", "--config", str(books / "recon.toml"), *words]
    return subprocess.run(whole, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def asking(books: Path) -> Asking:
    with Asking(books / "var/published/investigate.duckdb", memory="200MB", seconds=20) as asking:
        yield asking


def answered(asking: Asking, sql: str) -> list[tuple[object, ...]]:
    with asking.ask(sql) as answer:
        return [*answers.rows(answer)]


def everything_under(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and time; of the database only that it is there."""
    return {
        str(file.relative_to(folder)): (file.stat().st_size, file.stat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_select_and_a_description_are_answered_as_tables(books: Path) -> None:
    done = ask(books, "SELECT business_date, verdict FROM runs ORDER BY run_no LIMIT 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].split() == ["business_date", "verdict"]
    assert done.stdout.splitlines()[1].split()[0] == "2026-03-02"
    described = ask(books, "DESCRIBE journal").stdout.splitlines()
    assert described[0].split()[:2] == ["column_name", "column_type"]
    assert ["amount_minor", "BIGINT"] in [line.split()[:2] for line in described]


@pytest.mark.parametrize(
    "sql", ["SUMMARIZE runs", "SHOW TABLES", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT 1", "FROM runs", "VALUES (1)"]
)
def test_statements_that_read_are_answered(asking: Asking, sql: str) -> None:
    assert answered(asking, sql)


HOSTILE = {
    "a file by function": "SELECT * FROM read_csv('/etc/passwd')",
    "a file by name": "FROM '/etc/passwd'",
    "a file as text": "FROM read_text('/etc/passwd')",
    "the environment as a file": "FROM read_blob('/proc/self/environ')",
    "out of the folder": "FROM read_blob('{parts}/../../recon.duckdb')",
    "the disk": "FROM glob('/*')",
    "a guess at a file": "FROM sniff_csv('/etc/passwd')",
    "the network": "FROM read_parquet('https://example.com/a.parquet')",
    "another database": "ATTACH '/tmp/other.duckdb' AS other",
    "the store": "ATTACH '{parts}/../../recon.duckdb' AS other (READ_ONLY)",
    "a copy out": "COPY runs TO '{parts}/stolen.csv'",
    "a copy in": "COPY runs FROM '/etc/passwd'",
    "an export": "EXPORT DATABASE '{parts}/all'",
    "an import": "IMPORT DATABASE '{parts}/all'",
    "an extension": "INSTALL httpfs",
    "a loaded extension": "LOAD httpfs",
    "a setting": "SET enable_external_access = true",
    "a limit": "SET memory_limit = '64GB'",
    "a reset": "RESET lock_configuration",
    "a variable": "SET VARIABLE x = 1",
    "a pragma": "PRAGMA database_list",
    "a call": "CALL pragma_version()",
    "the environment": "SELECT getenv('PATH')",
    "secrets": "FROM duckdb_secrets()",
    "two statements": "SELECT 1; SELECT 2",
    "a write behind a read": "SELECT 1; COPY runs TO '{parts}/stolen.csv'",
    "an explained copy": "EXPLAIN COPY runs TO '{parts}/stolen.csv'",
    "an explained and executed copy": "EXPLAIN ANALYZE COPY runs TO '{parts}/stolen.csv'",
    "the same behind a comment": "EXPLAIN /* SELECT 1 */ ANALYZE COPY runs TO '{parts}/stolen.csv'",
    "the same with options": "EXPLAIN (ANALYZE, FORMAT json) COPY runs TO '{parts}/stolen.csv'",
    "a copy within a query": "FROM query('COPY runs TO ''{parts}/stolen.csv''')",
    "a table": "CREATE TEMP TABLE t AS SELECT 1",
    "a view": "CREATE OR REPLACE VIEW runs AS SELECT 1",
    "a deletion": "DELETE FROM book.runs",
    "an update": "UPDATE book.runs SET verdict = 'OK'",
    "a drop": "DROP VIEW runs",
    "a comment": "COMMENT ON VIEW runs IS 'mine'",
    "a transaction": "BEGIN",
    "a prepared statement": "PREPARE p AS SELECT 1",
    "a checkpoint": "CHECKPOINT",
    "housekeeping": "VACUUM",
    "another schema": "USE book",
    "newer extensions": "UPDATE EXTENSIONS",
    "another server": "CONNECT x",
    "a deletion within a query": "WITH x AS (DELETE FROM book.runs RETURNING *) SELECT * FROM x",
    "a merge": "MERGE INTO book.sources USING runs ON false WHEN NOT MATCHED THEN INSERT VALUES ('a', NULL)",
    "a secret": "CREATE SECRET s (TYPE s3)",
    "a file behind a list": "FROM read_csv(['/etc/passwd'])",
    "a file by another name": "FROM query_table('/etc/passwd')",
    "a guess at a file's inside": "FROM parquet_metadata('/etc/passwd')",
    "too deep": "SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "an error of its own": "SELECT error('one' || chr(10) || 'two')",
    "a program's variable": "FROM everything_under",
    "nothing": "",
    "only a comment": "-- nothing",
    "no SQL": "give me everything",
    "a word misspelt": "SELECT verdikt FROM runs",
}


@pytest.mark.parametrize("sql", HOSTILE.values(), ids=HOSTILE)
def test_what_does_more_than_read_is_refused_in_one_line_and_changes_nothing(
    books: Path, asking: Asking, sql: str
) -> None:
    published = books / "var/published"
    before = everything_under(books)
    with pytest.raises(QuestionError) as refused:
        answered(asking, sql.format(parts=published / "parts"))
    assert str(refused.value).strip()
    assert "\n" not in str(refused.value)
    assert everything_under(books) == before
    assert answered(asking, "SELECT 1") == [(1,)], "the next question is answered"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE hash(a.range) = hash(b.range)",
        "SELECT list(range) FROM range(1000000000)",
        "SELECT string_agg(repeat('x', 1000), '') FROM range(10000000)",
    ],
)
def test_a_question_that_would_eat_all_memory_is_one_plain_line(asking: Asking, sql: str) -> None:
    with pytest.raises(QuestionError, match="it needs more than the 200MB it may have"):
        answered(asking, sql)


def test_a_text_beyond_the_databases_own_limit_is_one_plain_line_too(books: Path) -> None:
    done = ask(books, "SELECT length(repeat('x', 2000000000))")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == ("it needs more than the 1GB it may have; ask for fewer rows, or aggregate")


def test_a_question_that_never_ends_is_interrupted(books: Path) -> None:
    endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"
    with (
        Asking(books / "var/published/investigate.duckdb", seconds=1) as asking,
        pytest.raises(QuestionError, match="it took longer than 1 seconds"),
    ):
        answered(asking, endless)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM range(1000000000000)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    ],
)
def test_an_answer_that_never_ends_is_interrupted_while_it_is_read(books: Path, sql: str) -> None:
    with (
        Asking(books / "var/published/investigate.duckdb", seconds=1) as asking,
        pytest.raises(QuestionError, match="it took longer than 1 seconds"),
        asking.ask(sql) as answer,
    ):
        for _ in answer:
            pass


@pytest.mark.parametrize("kind", ["table", "csv", "json", "xlsx"])
def test_what_only_the_database_can_hold_is_one_plain_line(
    books: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.data_commands.bounded", lambda _: None)
    sql = "SELECT TIMESTAMP '290000-01-01 00:00:00' AS late"
    done = run(books, sql, "--format", kind, "--out", str(tmp_path / "late"))
    assert done.exit_code == 2
    assert done.stderr.startswith("late holds what only the database can hold (")
    assert done.stderr.endswith("; CAST(late AS VARCHAR), or take --format parquet\n")
    assert [*tmp_path.iterdir()] == []
    assert run(books, sql, "--format", "parquet", "--out", str(tmp_path / "late")).exit_code == 0


def test_an_answer_of_any_length_is_written_row_by_row(books: Path, tmp_path: Path) -> None:
    done = ask(books, "SELECT range AS n FROM range(2000000)", "--format", "csv", "--out", str(tmp_path / "n.csv"))
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "n.csv").stat().st_size > 10_000_000
    assert [file.name for file in tmp_path.iterdir()] == ["n.csv"]


CELLS = """
SELECT * FROM (VALUES
    ('=1+1', -5, CAST(-0.10 AS DECIMAL(18, 2)), DATE '2026-03-02', 9007199254740993),
    ('+1', 5, CAST(12.30 AS DECIMAL(18, 2)), NULL, 1), ('-1', NULL, NULL, NULL, 2), ('@x', NULL, NULL, NULL, 3),
    (chr(9) || 'x', NULL, NULL, NULL, 4), ('a,"b"', NULL, NULL, NULL, 5), ('银联', NULL, NULL, NULL, 6)
) t(word, number, money, day, large) ORDER BY large DESC
"""


def test_csv_cells_cannot_run_in_a_spreadsheet(books: Path) -> None:
    told = [*csv.DictReader(io.StringIO(ask(books, CELLS, "--format", "csv").stdout))]
    assert sorted(row["word"] for row in told) == ["'\tx", "'+1", "'-1", "'=1+1", "'@x", 'a,"b"', "银联"]
    assert (told[0]["number"], told[0]["money"], told[0]["day"]) == ("-5", "-0.10", "2026-03-02")
    header = ask(books, 'SELECT 1 AS "=cmd()"', "--format", "csv").stdout
    assert header.startswith("'=cmd()\n")


def test_json_keeps_money_exact(books: Path) -> None:
    first = json.loads(ask(books, CELLS, "--format", "json").stdout)[0]
    assert first == {"word": "=1+1", "number": -5, "money": "-0.10", "day": "2026-03-02", "large": 9007199254740993}
    assert json.loads(ask(books, "SELECT 1 AS a WHERE false", "--format", "json").stdout) == []


def test_parquet_and_workbook_hold_what_was_asked(books: Path, tmp_path: Path) -> None:
    assert ask(books, CELLS, "--format", "parquet", "--out", str(tmp_path / "a.parquet")).returncode == 0
    frame = pl.read_parquet(tmp_path / "a.parquet")
    assert frame.schema["money"] == pl.Decimal(18, 2)
    assert ask(books, CELLS, "--format", "xlsx", "--out", str(tmp_path / "a.xlsx")).returncode == 0
    with ZipFile(tmp_path / "a.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=1+1" in sheet
    assert "9007199254740993" in sheet
    heading, first, *_ = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert heading == ["word", "number", "money", "day", "large"]
    assert (first[0], first[1], first[4]) == ("=1+1", -5, "9007199254740993")


def test_a_table_cannot_command_the_terminal(books: Path) -> None:
    done = ask(books, "SELECT chr(27) || '[2Jx' AS a")
    assert "\x1b" not in done.stdout
    assert "[2Jx" in done.stdout


def test_a_long_table_says_that_there_is_more(books: Path) -> None:
    assert ask(books, "SELECT * FROM range(500)").stdout.splitlines()[-1] == (
        "the first 200 rows; --format csv gives them all"
    )


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_who_has_seen_enough_gets_no_traceback(books: Path, form: str) -> None:
    """As `recon sql … | head -1` would: the reader leaves while there is more to say."""
    words = ["sql", "--config", str(books / "recon.toml"), "--format", form]
    words += ["SELECT repeat('x', 1000) FROM range(5000)"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-m", "pipelines", *words], **pipe) as asked:  # type: ignore[call-overload]
        assert asked.stdout.read(1)
        asked.stdout.close()
        assert asked.stderr.read() == b""


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["1.5000", "12.0000"], ["1.50", "12.00"]),
        (["1.5000", "0.1234"], ["1.5000", "0.1234"]),
        (["12", None], ["12", ""]),
    ],
)
def test_money_is_shown_with_its_cents_and_no_more_than_needed(cells: list[str | None], shown: list[str]) -> None:
    column = [None if cell is None else Decimal(cell) for cell in cells]
    assert [answers._shown(value, answers._decimals(column)) for value in column] == shown


def run(books: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["sql", "--config", str(books / "recon.toml"), *words])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "ask either one statement"),
        (("SELECT 1", "--query", "payout"), "ask either one statement"),
        (("SELECT 1", "--set", "a=1"), "--set and --date belong to --query"),
        (("--query", "payuot"), "there is no ready question 'payuot'; there are payout"),
        (("--query", "payout"), "payout needs to know: --set payout=…"),
        (("--query", "payout", "--set", "x=1"), "payout has no parameter 'x'; it takes payout"),
        (("--query", "sales-of-a-day", "--date", "2026-02-30"), "date: '2026-02-30' is no DATE"),
    ],
)
def test_a_wrong_question_ends_with_2(
    books: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.data_commands.bounded", lambda _: None)
    done = run(books, *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_there_are_at_least_twenty_ready_questions_and_each_says_what_it_answers() -> None:
    found = questions()
    assert len(found) >= 20
    assert all(each.about.endswith("?") and each.sql for each in found)


@pytest.mark.parametrize("each", questions(), ids=lambda each: each.name)
def test_every_ready_question_is_answered(books: Path, each: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.data_commands.bounded", lambda _: None)
    told = [f"--set={p.name}=x" for p in each.parameters if p.default is None]
    done = run(books, "--query", each.name, "--format", "json", *told)
    assert done.exit_code == 0, done.output
    assert isinstance(json.loads(done.stdout), list)


def test_a_ready_question_takes_its_date_and_gives_the_days_rows(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.data_commands.bounded", lambda _: None)
    told = run(books, "--query", "sales-of-a-day", "--date", "2026-03-02", "--format", "json")
    counted = sum(row["row_count"] for row in json.loads(told.stdout))
    with Asking(books / "var/published/investigate.duckdb") as asking:
        ((there,),) = answered(asking, "SELECT count(*) FROM journal WHERE business_date = DATE '2026-03-02'")
    assert counted == there > 0


def test_a_parameter_is_a_value_and_never_sql(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.data_commands.bounded", lambda _: None)
    done = run(books, "--query", "payout", "--set", "payout=' OR true --", "--format", "json")
    assert json.loads(done.stdout) == []


def test_the_shell_opens_a_client_that_is_installed_and_only_reads(books: Path, tmp_path: Path) -> None:
    client = tmp_path / "duckdb"
    client.write_text('#!/bin/sh\necho "$@"\n')
    client.chmod(0o755)
    whole = [sys.executable, "-m", "pipelines", "sql", "--config", str(books / "recon.toml"), "--shell"]
    done = subprocess.run(
        whole, capture_output=True, text=True, check=False, env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    assert done.stdout.split() == ["-readonly", str(books / "var/published/investigate.duckdb")]
    client.unlink()
    bare = subprocess.run(whole, capture_output=True, text=True, check=False, env={**os.environ, "PATH": str(tmp_path)})
    assert bare.returncode == 1
    assert bare.stderr.strip().startswith("no terminal SQL client is installed;")


def test_before_the_first_night_there_is_nothing_to_ask(tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_text("")
    done = ask(tmp_path, "SELECT 1")
    assert done.returncode == 1
    assert "nothing is published yet" in done.stderr
