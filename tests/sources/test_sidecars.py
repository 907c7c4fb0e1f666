"""Checksums beside files: which files they are, what they may look like, and what becomes of one that is wrong."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import inspection
from pipelines.collect import check_sidecars
from pipelines.sources.base import SourceError
from pipelines.sources.sidecars import file_of, is_sidecar, stated

DATA = b"a,b\n1,2\n"
SHA1, SHA256 = hashlib.sha1(DATA, usedforsecurity=False).hexdigest(), hashlib.sha256(DATA).hexdigest()


def test_names_of_checksums() -> None:
    assert [is_sidecar(name) for name in ("a.csv.sha1", "A.CSV.SHA256", "a.csv", ".sha1", "sha1")] == [
        *(True, True, False, False, False)
    ]
    assert file_of("a.csv.sha1") == "a.csv"


@pytest.mark.parametrize("text", ["{}", "{}\n", "{}  a.csv\n", "{} *a.csv\r\n", "\ufeff{}  ", "{} x\n{} y\n{}  a.csv"])
@pytest.mark.parametrize(("ending", "digest"), [("sha1", SHA1), ("sha256", SHA256.upper())])
def test_a_checksum_is_bare_or_as_sha1sum_writes_it(text: str, ending: str, digest: str) -> None:
    others = ("0" * len(digest),) * (text.count("{}") - 1)
    assert stated(f"a.csv.{ending}", text.format(*others, digest).encode(), "a.csv") == digest.lower()


@given(st.binary(max_size=80))
def test_anything_else_is_no_checksum(text: bytes) -> None:
    with pytest.raises(SourceError, match="holds no SHA256"):
        stated("a.csv.sha256", text, "a.csv")


def test_a_checksum_that_agrees_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv.sha1").write_text(SHA1)
    (tmp_path / "a.csv.sha256").write_text(SHA256)
    assert check_sidecars(tmp_path / "a.csv", [DATA]) == ["a.csv.sha1", "a.csv.sha256"]
    assert check_sidecars(tmp_path / "b.csv", [DATA]) == []


@pytest.mark.parametrize("name", ["a.csv.gz.sha1", "a.csv.sha1"])
def test_wechats_hash_is_that_of_the_bill_before_it_is_packed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(SHA1)
    assert check_sidecars(tmp_path / "a.csv.gz", [gzip.compress(DATA), DATA]) == [name]


def test_one_that_does_not_agree_names_both_digests(tmp_path: Path) -> None:
    (tmp_path / "a.csv.sha1").write_text("0" * 40)
    with pytest.raises(SourceError, match=f"SHA1 is {SHA1}, and a.csv.sha1 says {'0' * 40}"):
        check_sidecars(tmp_path / "a.csv", [DATA])


def test_inspect_looks_at_the_checksum_and_not_for_a_profile_of_it(tmp_path: Path) -> None:
    bill = tmp_path / "a.csv"
    bill.write_bytes(DATA)
    sidecar = tmp_path / "a.csv.sha1"
    sidecar.write_text("0" * 40)
    found = inspection.inspect([bill, sidecar], None, None)
    assert [entry["file"] for entry in found] == [str(bill)]
    assert "says 0000" in found[0]["error"]
    assert inspection.inspect([sidecar], None, None)[0]["file"] == str(bill)
