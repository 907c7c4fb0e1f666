"""camt.053 against the real sample files beside the project: expected.tsv says what is in them."""

import csv
from pathlib import Path

import polars as pl
import pytest

import schemas
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.camt053 import CAMT053

FORMATS = Path(__file__).resolve().parents[2].parent / "shared" / "formats"
HEAD = 1 << 16
AGREE = {True: "agree", False: "disagree", None: "none"}

pytestmark = pytest.mark.real

Line = dict[str, str]


def expected_lines() -> list[Line]:
    """Lines of expected.tsv that speak of camt files; none where the samples are absent."""
    path = FORMATS / "expected.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    return [line for line in lines if "camt053" in line["profile"] or line["path"].startswith("camt")]


LINES = expected_lines()


def sample(line: Line) -> bytes:
    """Bytes of the file a line speaks of."""
    return (FORMATS / "real" / line["path"]).read_bytes()


def test_the_samples_are_there() -> None:
    if not LINES:
        pytest.skip(f"the real sample files are not beside the project ({FORMATS})")
    assert len(LINES) > 20


def allows(line: Line, column: str, got: object) -> bool:
    """Whether a cell (empty: anything; a|b: either) allows what was found."""
    return not line[column] or str(got) in line[column].split("|")


def sums(parsed: Parsed, currency: str) -> tuple[int, int]:
    """Credits and debits of one currency, both without sign."""
    amounts = parsed.rows.filter(pl.col("currency") == currency)["amount_minor"]
    return int(amounts.filter(amounts > 0).sum()), -int(amounts.filter(amounts < 0).sum())


def outcome(parsed: Parsed, rejected: int) -> str:
    """The word of README.md for how a file came out."""
    if parsed.totals.agree is False:
        return "control_mismatch"
    return "partial" if rejected else "ok"


def parsed_or_none(data: bytes) -> Parsed | None:
    """The parsed file, or None where it is refused."""
    try:
        return CAMT053.parse(data, Context())
    except SourceError:
        return None


def ids(line: Line) -> str:
    return f"{line['path']}-{line['currency']}"


@pytest.mark.parametrize("line", [x for x in LINES if x["profile"].startswith("camt053")], ids=ids)
def test_ours(line: Line) -> None:
    data = sample(line)
    if not CAMT053.identify(line["path"], data[:HEAD]):
        assert "none" in line["profile"].split("|")
        assert "reject" in line["outcome"].split("|")
        return
    parsed = parsed_or_none(data)
    if parsed is None:
        assert "reject" in line["outcome"].split("|")
        return
    checked = schemas.check(schemas.BANK, parsed.rows)
    credit, debit = sums(parsed, line["currency"])
    days = parsed.rows["booking_date"]
    found = {
        "outcome": outcome(parsed, checked.rejected.height),
        "rows": parsed.data_rows,
        "accepted": checked.accepted.height,
        "credit_minor": credit,
        "debit_minor": debit,
        "control_totals": AGREE[parsed.totals.agree],
        "first_date": days.min(),
        "last_date": days.max(),
    }
    assert {column: got for column, got in found.items() if not allows(line, column, got)} == {}


@pytest.mark.parametrize("line", [x for x in LINES if "camt053" not in x["profile"]], ids=ids)
def test_not_ours(line: Line) -> None:
    assert not CAMT053.identify(line["path"], sample(line)[:HEAD])


def test_nothing_else_among_the_samples_is_claimed() -> None:
    if not LINES:
        pytest.skip(f"the real sample files are not beside the project ({FORMATS})")
    ours = {line["path"] for line in LINES if "camt053" in line["profile"]}
    for path in (path for path in (FORMATS / "real").rglob("*") if path.is_file()):
        name = path.relative_to(FORMATS / "real").as_posix()
        assert name in ours or not CAMT053.identify(name, path.read_bytes()[:HEAD]), name
