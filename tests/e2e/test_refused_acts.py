"""What is refused is refused in one line and changes nothing: not books, seals, archive, reports nor the copy."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from people import recon, refused, told
from scenario import MON, THU, TUE, Shop

LIMITS = """
[cases]
attachment_limit_mb = 1

[[people]]
name = "Li Na"

[[people]]
name = "Wang Wei"
may_approve = { CNY = "50.00" }
"""
BY = ("--by", "Li Na")


@pytest.fixture(scope="module")
def worked(module_place: Path) -> tuple[Shop, str, str]:
    """Two sales that nobody settled: one proposed to be refunded for 88.00, one that nobody has taken."""
    shop = Shop(module_place / "shop")
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + LIMITS, encoding="utf-8")
    shop.sale("lost", "88.00", MON)
    shop.sale("free", "12.00", MON)
    shop.settled("odd", "7.00", TUE)
    shop.nights(MON, THU)
    lost, free = (str(shop.exception(name, "NOT_SETTLED")["exception_id"]) for name in ("lost", "free"))
    told(shop, "case", "assign", lost, *BY)
    told(shop, "case", "propose", lost, "--remedy", "refund", "--reason", "slip seen", *BY)
    return shop, lost, free


def state_of(shop: Shop) -> dict[str, Any]:
    """All that is on record: every row of the books and of the copy, and every other file, by its SHA-256."""
    var, books = shop.root / "var", {}
    for store in (var / "recon.duckdb", shop.published):
        copy = shop.root / "copy.duckdb"
        shutil.copyfile(store, copy)
        with duckdb.connect(str(copy)) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
            for schema, table in tables:
                rows = connection.execute(f"SELECT * FROM {schema}.{table}").fetchall()  # noqa: S608
                books[f"{store.name} {table}"] = sorted(map(repr, rows))
        copy.unlink()
    files = [path for path in var.rglob("*") if path.is_file() and path.suffix not in (".duckdb", ".wal")]
    return books | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def test_nothing_that_is_refused_changes_anything(worked: tuple[Shop, str, str], tmp_path: Path) -> None:
    shop, lost, free = worked
    (large := tmp_path / "large.jpg").write_bytes(b"\xff" * 1_000_001)
    (card := tmp_path / "card.txt").write_text("card 4111 1111 1111 1111\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder-link").symlink_to(tmp_path)
    (tmp_path / "large-link").symlink_to(large)
    os.mkfifo(tmp_path / "pipe")
    before = state_of(shop)
    evidence = ("case", "evidence", free)
    for words, says in (
        (("case", "approve", free, "--by", "Wang Wei"), "approve is not possible while it is open"),
        (("case", "resolve", lost, "--reason", "r", *BY), "resolve is not possible while it is proposed"),
        (("case", "reopen", lost, "--reason", "r", *BY), "reopen is not possible while it is proposed"),
        (("case", "approve", lost, *BY), "Li Na proposed it; somebody else must approve it"),
        (("case", "approve", lost, "--by", "Wang Wei"), "88.00 CNY is above the 50.00 CNY that Wang Wei may approve"),
        (("case", "approve", lost, "--by", "Nobody"), "is none of the [[people]] of recon.toml"),
        (("case", "assign", free, "E0", *BY), "E0: there is no such exception"),
        ((*evidence, str(tmp_path / "gone.jpg"), *BY), "gone.jpg: cannot be read: No such file or directory"),
        ((*evidence, str(tmp_path / "dangling"), *BY), "dangling: cannot be read: No such file or directory"),
        ((*evidence, str(tmp_path / "loop"), *BY), "loop: cannot be read: "),
        ((*evidence, str(tmp_path), *BY), "is no file; name one file for each `recon case evidence`"),
        ((*evidence, str(tmp_path / "folder-link"), *BY), "folder-link: is no file"),
        ((*evidence, str(tmp_path / "pipe"), *BY), "pipe: is no file"),
        ((*evidence, str(large), *BY), "1.0 MB are more than the 1 MB of attachment_limit_mb"),
        ((*evidence, str(tmp_path / "large-link"), *BY), "1.0 MB are more than the 1 MB of attachment_limit_mb"),
        ((*evidence, str(tmp_path / "empty.txt"), *BY), "is empty"),
        ((*evidence, str(card), *BY), "line 1: shows a full card number"),
        (("case", "open", "--kind", "denied", "--amount", "1.005", "--about", "2026-03-30", *BY), "1.005"),
        (("period", "close", "2026-13", "--reason", "r", *BY), "is no month"),
    ):
        line = refused(shop, *words)
        assert says in line, words
        assert "Traceback" not in line
    after = state_of(shop)
    assert {name for name in {*before, *after} if before.get(name) != after.get(name)} == set()


def test_a_link_is_kept_as_the_file_that_it_leads_to(worked: tuple[Shop, str, str], tmp_path: Path) -> None:
    shop, _, free = worked
    (slip := tmp_path / "slip.jpg").write_bytes(b"\xff\xd8\xff a slip")
    (tmp_path / "link.jpg").symlink_to(slip)
    (kept,) = told(shop, "case", "evidence", free, str(tmp_path / "link.jpg"), "--for", "slip", *BY)
    path = shop.root / "var" / "archive" / kept["attachment_sha256"][:2] / kept["attachment_sha256"]
    assert path.read_bytes() == slip.read_bytes()
    assert not path.is_symlink()


def test_tampered_books_are_named_and_left_as_they_are(worked: tuple[Shop, str, str]) -> None:
    shop, lost, _ = worked
    store = shop.root / "var" / "recon.duckdb"
    kept = store.read_bytes()
    with duckdb.connect(str(store)) as books:
        books.execute("UPDATE book.case_events SET proposed_minor = 8 WHERE act = 'propose'")
    before = state_of(shop)
    done = recon(shop, "audit", "verify")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "case_events 2: was changed since it was sealed\n"
    assert state_of(shop) == before
    store.write_bytes(kept)
    assert told(shop, "audit", "verify")["whole"] is True
    assert told(shop, "case", "show", lost)["proposed_minor"] == 8800
