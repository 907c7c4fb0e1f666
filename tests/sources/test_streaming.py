"""Large files are read part by part; what comes out is what reading them whole gives."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.sources import PROFILES, streaming
from pipelines.sources.base import Context, Parsed, SourceError, Streaming
from pipelines.sources.declared import Declaration, profile_of
from pipelines.synth import generate

GOLDEN = Path(__file__).parent / "golden"
REPORTS = ["adyen_settlement_detail", "stripe_payout_reconciliation", "stripe_balance"]
KNOWN = Context(acquirer="A", account="A1")


def text_of(profile: str) -> bytes:
    """The golden input."""
    return (GOLDEN / profile / "input.csv").read_bytes()


def streamed(profile: object, data: bytes) -> tuple[list[Parsed], pl.DataFrame, pl.DataFrame]:
    """Parts, all rows, all refused lines."""
    assert isinstance(profile, Streaming)
    parts = list(profile.stream(data, KNOWN))
    return parts, pl.concat([part.rows for part in parts]), pl.concat([part.refused for part in parts])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("chunk", [150, 400, 1000])
@pytest.mark.parametrize("name", ["pos_journal", "acquirer_csv", "bank_csv", *REPORTS])
def test_parts_add_up_to_the_whole(name: str, chunk: int, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = text_of(name).decode().encode(encoding)
    whole = PROFILES[name].parse(data, KNOWN)
    monkeypatch.setattr(streaming, "CHUNK", chunk)
    parts, rows, refused = streamed(PROFILES[name], data)
    assert len(parts) > 1 or name == "bank_csv" or len(data) < chunk * 3 // 2
    assert rows.equals(whole.rows)
    assert refused.equals(whole.refused)
    assert sum(part.data_rows for part in parts) == whole.data_rows
    assert (parts[-1].totals, parts[-1].warnings) == (whole.totals, whole.warnings)
    assert pl.concat([part.formed for part in parts]).equals(whole.formed)
    wanted = [*rows["line"], *refused["line"]]
    raw = {line: text for part in parts for line, text in part.raw([*part.rows["line"], *part.refused["line"]]).items()}
    assert raw == whole.raw(wanted)


def rows_with(*cells: str) -> bytes:
    """A file of the declared profile below."""
    return ("day,sum,text\n" + "".join(f"2026-03-0{n % 9 + 1},1.00,{cell}\n" for n, cell in enumerate(cells))).encode()


MINE = profile_of(
    Declaration.model_validate(
        {
            "name": "mine",
            "side": "settlement",
            "columns": {"settlement_date": "day", "gross": "sum", "order_no": "text"},
            "constants": {"currency": "CNY", "record_type": "FEE"},
        }
    )
)


def test_a_cell_over_several_lines_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows_with(*['"a\n\nb"', "c"] * 50)
    monkeypatch.setattr(streaming, "CHUNK", 60)
    parts, rows, refused = streamed(MINE, data)
    assert len(parts) > 5
    assert refused.is_empty()
    assert rows.equals(MINE.parse(data, KNOWN).rows)


def test_a_quote_that_never_closes_costs_its_line_and_not_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows_with(*["a"] * 5, '"slip', *["b"] * 500)
    monkeypatch.setattr(streaming, "CHUNK", 200)
    parts, rows, refused = streamed(MINE, data)
    assert max(part.rows.height for part in parts) < 100
    assert refused.rows() == [(7, "a quote is opened and never closed")]
    assert rows.height == 505


def test_what_is_not_ascii_may_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHUNK", 200)
    data = rows_with(*["a"] * 500, "退款").decode().encode("gbk")
    assert streamed(MINE, data)[1]["order_no"][-1] == "退款"
    with pytest.raises(SourceError, match="line 502: not UTF-8 text"):
        streamed(MINE, rows_with(*["a"] * 500) + b"2026-03-01,1.00,\xff\xfe\n")
    with pytest.raises(SourceError) as error:
        streamed(MINE, rows_with(*["a"] * 299) + b"2026-03-01,1.00,\x00\n" + rows_with(*["a"] * 99))
    assert error.value.text == "line 301: the file is not text"


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_a_file_that_is_cut_off_says_so_wherever(cut: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHUNK", 300)
    profile = PROFILES["acquirer_csv"]
    assert isinstance(profile, Streaming)
    data = text_of("acquirer_csv")[: -cut - 1]
    told = []
    for read in (lambda: profile.parse(data, KNOWN), lambda: [*profile.stream(data, KNOWN)][-1]):
        try:
            told.append(read().totals.disagreement())
        except SourceError as error:
            told.append(error.text)
    assert told[0] == told[1]
    assert told[0]


ZM = "INN26030388ZM_898300000000001"


@pytest.mark.parametrize("chunk", [700, 3000])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_fixed_width_adds_up_to_the_whole_too(
    chunk: int, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path, days=2, rows_per_day=60, seed=4, layouts="UNIONPAY=unionpay_zm")
    data = mark.encode() + (tmp_path / "settlement_UNIONPAY_20260303.csv").read_bytes() + b"too short\n"
    profile, known = PROFILES["unionpay_zm"], Context(acquirer="A", filename=ZM)
    whole = profile.parse(data, known)
    monkeypatch.setattr(streaming, "CHUNK", chunk)
    assert isinstance(profile, Streaming)
    parts = list(profile.stream(data, known))
    assert len(parts) > 3
    assert pl.concat([part.rows for part in parts]).equals(whole.rows)
    assert pl.concat([part.refused for part in parts]).equals(whole.refused)
    assert parts[-1].totals == whole.totals
    (line,) = whole.refused["line"]
    assert [text for part in parts for text in part.raw(part.refused["line"].to_list()).values()] == ["too short"]
    assert whole.raw([line]) == {line: "too short"}


def test_utf_16_cut_off_within_a_sign_names_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = text_of("acquirer_csv").decode().encode("utf-16")
    monkeypatch.setattr(streaming, "CHUNK", 400)
    lines = text_of("acquirer_csv").count(b"\n", 0, 1000)
    broken = data[: 2 + 2 * 1000] + b"\x00\xd8" + data[2 + 2 * 1000 :]
    with pytest.raises(SourceError) as error:
        streamed(PROFILES["acquirer_csv"], broken)
    assert error.value.text.startswith(f"line {lines + 1}: not UTF-16 text")


class Shrunk:
    """A file that its sender writes anew while it is read: shorter than it was when it was opened."""

    def __init__(self, left: bytes) -> None:
        self.left = left

    def __len__(self) -> int:
        return 1_000

    def __getitem__(self, part: slice) -> bytes:
        return self.left[part]


@pytest.mark.parametrize("read", [streaming.lines_of, lambda data: streaming.pieces_of(data, MINE.layout)])
def test_a_file_that_becomes_shorter_ends(read: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHUNK", 30)
    assert callable(read)
    for left in (b"a\n" * 20, b"a\n" * 20 + b"b", b""):
        assert b"".join(piece.text for piece in read(Shrunk(left))) == left
