"""Whatever happens to a file on its way: it is read, its rows are rejected, or it is refused; nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import config, intake
from pipelines.config import Settings, Source
from pipelines.sources.base import SourceError
from pipelines.sources.identify import expect, identify

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if list(folder.glob("input.*")))
CAMT = ("envelope_v08", "partial_v02", "quiet_v13", "bare_latin1")
PIECES = st.sampled_from(
    [
        *(b"", b'"', b",", b"\n", b"\r", b"\t", b"\0", b"\xff", b"\xe4", b"1", b"-", b".", b"#", b" ", b"\x01"),
        *(b"\xc2\xa0", b"9" * 30, b"2026-03-02T10:00:00Z", b"{line}", b"%", "贷".encode("gbk")),
    ]
)
DAMAGE = st.lists(st.tuples(st.integers(0, 5_000), st.sampled_from([0, 1, 2, 5, 40]), PIECES), min_size=1, max_size=5)


def whole(case: str) -> tuple[bytes, Settings, Source]:
    """A golden input and how it is read."""
    (path,) = (GOLDEN / case).glob("input.*")
    if (GOLDEN / case / "recon.toml").exists():
        declared = config.load(GOLDEN / case / "recon.toml")
        return path.read_bytes(), declared, declared.sources[0]
    return path.read_bytes(), Settings(), Source(name="s", profile=case, pattern="*", acquirer="A")


def camt(name: str) -> tuple[bytes, Settings, Source]:
    """A golden statement and how it is read."""
    return (
        (GOLDEN / "camt053" / f"{name}.xml").read_bytes(),
        Settings(),
        Source(name="s", profile="camt053", pattern="*"),
    )


def damaged(data: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    """The bytes with pieces put in the place of others."""
    for place, length, piece in damage:
        at = place % (len(data) + 1)
        data = data[:at] + piece + data[at + length :]
    return data


def told(look: Callable[[], object]) -> tuple[object, str]:
    """What a reader gives back, or the line in which it refuses the file."""
    try:
        return look(), ""
    except SourceError as error:
        return None, error.text


@pytest.mark.parametrize("case", [*CASES, *CAMT])
@settings(max_examples=20)
@given(DAMAGE)
def test_a_damaged_file_is_read_or_refused_in_one_line(case: str, damage: list[tuple[int, int, bytes]]) -> None:
    sound, known, source = camt(case) if case in CAMT else whole(case)
    data = damaged(sound, damage)
    profile = known.readers[source.profile]
    _, unknown = told(lambda: identify("x", data, known.readers))
    _, unexpected = told(lambda: expect("x", data, profile, known.readers))
    done, refused = told(lambda: intake.read(profile, data, known, source))
    assert "\n" not in unknown + unexpected + refused
    if isinstance(done, intake.Read):
        lines = [*done.accepted["line"], *done.rejected["line"]]
        assert len(lines) == done.parsed.data_rows
        assert len(lines) == len(set(lines)) or source.profile in MANY_A_LINE
        assert all(done.rejected["reason"])
    else:
        assert refused


MANY_A_LINE = {"ofx", "poslog", "camt053", "bai2"}
"""Formats of tags, which need no line ends."""

NO_TOTALS = {"ofx", "poslog", "stripe_balance", "stripe_payout_reconciliation", "unionpay_acquirer_csv", "unionpay_zm"}
"""Formats that declare nothing of themselves."""

BY_PAGE = {"mt940", "adyen_settlement_detail"}
"""A statement may come page by page, a report batch by batch; each is whole by itself."""


@pytest.mark.parametrize("case", sorted({*CASES} - NO_TOTALS - BY_PAGE))
@settings(max_examples=60)
@given(st.data())
def test_a_file_that_is_cut_off_never_has_fewer_rows_and_no_word_of_it(case: str, draw: st.DataObject) -> None:
    sound, known, source = whole(case)
    profile = known.readers[source.profile]
    rows = intake.read(profile, sound, known, source).parsed.data_rows
    cut = draw.draw(st.integers(0, len(sound) - 1))
    done, _ = told(lambda: intake.read(profile, sound[:cut], known, source))
    if isinstance(done, intake.Read) and done.refusal is None and done.parsed.data_rows < rows:
        assert any("nothing tells whether all its lines are here" in warning for warning in done.parsed.warnings)
