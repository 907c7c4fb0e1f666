"""camt.052, 053 and 054 against the real sample files beside the project: expected.tsv says what is in them."""

import csv
from pathlib import Path

import polars as pl
import pytest

import schemas
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.camt import CamtProfile
from pipelines.sources.camt052 import CAMT052
from pipelines.sources.camt053 import CAMT053
from pipelines.sources.camt054 import CAMT054

FORMATS = Path(__file__).resolve().parents[2].parent / "shared" / "formats"
HEAD = 1 << 16
AGREE = {True: "agree", False: "disagree", None: "none"}

pytestmark = pytest.mark.real
OURS = {profile.name: profile for profile in (CAMT052, CAMT053, CAMT054)}

Line = dict[str, str]


def expected_lines() -> list[Line]:
    """Lines of expected.tsv that speak of camt files; none where the samples are absent."""
    path = FORMATS / "expected.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    return [line for line in lines if "camt05" in line["profile"] or line["path"].startswith("camt")]


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


def parsed_or_none(profile: CamtProfile, data: bytes) -> Parsed | None:
    """The parsed file, or None where it is refused."""
    try:
        return profile.parse(data, Context())
    except SourceError:
        return None


def ids(line: Line) -> str:
    return f"{line['path']}-{line['currency']}"


@pytest.mark.parametrize("line", [x for x in LINES if x["path"].endswith(".xml")], ids=ids)
def test_ours(line: Line) -> None:
    data, profile = sample(line), OURS[line["profile"].split("|")[0]]
    if not profile.identify(line["path"], data[:HEAD]):
        assert "none" in line["profile"].split("|")
        assert "reject" in line["outcome"].split("|")
        return
    parsed = parsed_or_none(profile, data)
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


def test_nothing_else_among_the_samples_is_claimed() -> None:
    if not LINES:
        pytest.skip(f"the real sample files are not beside the project ({FORMATS})")
    ours = {line["path"]: line["profile"].split("|") for line in LINES}
    for path in (path for path in (FORMATS / "real").rglob("*") if path.is_file()):
        name = path.relative_to(FORMATS / "real").as_posix()
        head = path.read_bytes()[:HEAD]
        claimed = {profile.name for profile in OURS.values() if profile.identify(name, head)}
        assert claimed <= set(ours.get(name, ())), name


def test_balances_of_ten_days_follow_each_other() -> None:
    days = sorted((FORMATS / "real" / "camt_series").glob("*.xml"))
    if not days:
        pytest.skip(f"the real sample files are not beside the project ({FORMATS})")
    balances = pl.concat([CAMT053.parse(day.read_bytes(), Context()).balances for day in days])
    for _account, found in balances.group_by("account"):
        opening, closing = (found.filter(pl.col("kind") == kind)["amount_minor"] for kind in ("opening", "closing"))
        assert opening.len() == len(days)
        assert opening[1:].to_list() == closing[:-1].to_list()
