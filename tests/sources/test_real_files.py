"""The reading side against the real sample files beside the project: expected.tsv says what is in them."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines import inspection
from pipelines.sources import PROFILES

FORMATS = Path(__file__).resolve().parents[2].parent / "shared" / "formats"
REAL = FORMATS / "real"
NOBODY_S = ("bank_csv", "cn_bank_csv", "must_reject")
AGREE = {True: "agree", False: "disagree", None: "none"}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"the real sample files are not beside the project ({FORMATS})"),
]


@cache
def found() -> dict[str, dict[str, Any]]:
    """What inspect says of every real file, by its path; that it says something of each is half of the test."""
    files = sorted(path for path in REAL.rglob("*") if path.is_file())
    entries = {entry["file"]: entry for entry in inspection.inspect(files, None, None)}
    return {str(path.relative_to(REAL)): entries[str(path)] for path in files}


@cache
def expected() -> list[dict[str, str]]:
    """Lines of expected.tsv, one per currency of a file."""
    path = FORMATS / "expected.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


ELSEWHERE = ("camt", "mt940", "bai2", "ofx")
"""Folders of profiles with a test of their own beside this one."""
OURS = [line for line in expected() if line["profile"] in PROFILES and not line["path"].startswith(ELSEWHERE)]


def allows(cell: str, got: object) -> bool:
    """Whether a cell (empty: anything; a|b: either) allows what was found."""
    return not cell or str(got) in cell.split("|")


def outcome(entry: dict[str, Any]) -> str:
    """What came of a file, in the words of expected.tsv."""
    if entry["control_totals"]["agree"] is False:
        return "control_mismatch"
    if entry["error"]:
        return "reject"
    return "partial" if entry["rejected"] else "ok"


@pytest.mark.parametrize("line", OURS, ids=[f"{line['path']} {line['currency']}" for line in OURS])
def test_files_of_our_profiles_hold_what_independent_readers_found(line: dict[str, str]) -> None:
    entry = found()[line["path"]]
    assert outcome(entry) in line["outcome"].split("|")
    assert allows(line["profile"], entry["profile"])
    assert allows(line["control_totals"], AGREE[entry["control_totals"]["agree"]])
    for column in ("rows", "accepted", "first_date", "last_date"):
        assert allows(line[column], entry[column]), column
    sums = entry["currency"].get(line["currency"], {})
    for column in ("gross_minor", "fee_minor", "net_minor", "credit_minor", "debit_minor"):
        assert allows(line[column], sums.get(column)), column


def test_both_kinds_of_portal_export_are_among_them() -> None:
    assert {line["path"] for line in OURS} >= {"unionpay/20170625.txt.netbank", "unionpay/20170625_part.txt.wap"}


def test_near_misses_are_claimed_by_nobody() -> None:
    strangers = {path: entry for path, entry in found().items() if path.startswith(NOBODY_S)}
    assert len(strangers) > 20
    for path, entry in strangers.items():
        assert entry["profile"] is None, path
        assert entry["error"], path


def test_every_real_file_gets_a_plain_line_and_never_a_traceback() -> None:
    assert len(found()) > 100
    for path, entry in found().items():
        known = path.startswith((*ELSEWHERE, "unionpay", "wechat", "alipay"))
        assert known or entry["profile"] is None, path
        assert entry["profile"] or entry["error"], path
        error = entry["error"] or "-"
        assert "\n" not in error, path
        assert "Traceback" not in error, path
        assert len(error) < 400, path


def test_an_archive_answers_with_the_one_file_in_it_or_for_all_and_then_each() -> None:
    (line,) = [line for line in expected() if line["path"].endswith(".zip")]
    entry = found()[line["path"]]
    assert allows(line["profile"], entry["profile"])
    assert allows(line["control_totals"], AGREE[entry["control_totals"]["agree"]])
    inside = inspection.inspect([REAL / line["path"]], None, None)[1:]
    assert [each["file"].rpartition("!")[2] for each in inside] == ["test-camt053_02.xml", "test-camt053_03.xml"]
    packed, plain = (found()[f"wechat/fund_BASIC_2021.csv{end}"] for end in (".gz", ""))
    assert {**packed, "file": ""} == {**plain, "file": ""}
