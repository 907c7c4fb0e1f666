"""Large camt files are read part by part, in blocks cut anywhere; what comes out is what reading them whole gives."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_camt053 import balance, entry, message

from pipelines.sources import camt, xml_stream
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.camt053 import CAMT053

GOLDEN = Path(__file__).parent / "golden" / "camt053"
KNOWN = Context(account="A-9")
CUT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A few hundred bytes are large."""
    monkeypatch.setattr(camt, "PART", 300)
    monkeypatch.setattr(xml_stream, "BLOCK", 113)
    monkeypatch.setattr(xml_stream, "FED", 50)
    return monkeypatch


def same(parts: list[Parsed], whole: Parsed) -> None:
    """The parts add up to the whole: rows, what they look like in the file, totals, balances, days."""
    rows = pl.concat([part.rows for part in parts])
    assert rows.equals(whole.rows)
    assert sum(part.data_rows for part in parts) == whole.data_rows
    last = parts[-1]
    assert (last.totals, last.warnings, last.covered) == (whole.totals, whole.warnings, whole.covered)
    assert last.balances.equals(whole.balances)
    assert all(part.balances.is_empty() and not part.covered for part in parts[:-1])
    if rows["line"].is_unique().all():
        shown = {line: text for part in parts for line, text in part.raw(part.rows["line"].to_list()).items()}
        assert shown == whole.raw(rows["line"].to_list())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["envelope_v08", "partial_v02", "quiet_v13"])
def test_parts_add_up_to_the_whole(name: str, encoding: str, small: pytest.MonkeyPatch) -> None:
    data = (GOLDEN / f"{name}.xml").read_bytes().decode().replace('encoding="UTF-8"', "").encode(encoding)
    parts = [*CAMT053.stream(data, KNOWN)]
    assert len(parts) > 1 or name == "quiet_v13"
    small.undo()
    same(parts, CAMT053.parse(data, KNOWN))


DECOYS = st.sampled_from(
    [
        "",
        "\n",
        "<!-- <Ntry> > <Ntry>\n> -->",
        "<!-- <Stmt>\n\n -->",
        "<?note <Ntry> ?>",
        "<![CDATA[ ]]>",
        "<!--->-->",
        " ",
    ]
)


@CUT
@given(
    decoys=st.lists(DECOYS, min_size=1, max_size=30),
    block=st.integers(1, 400),
    part=st.integers(1, 900),
    prefixed=st.booleans(),
)
def test_wherever_blocks_are_cut(
    *, decoys: list[str], block: int, part: int, prefixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [balance("OPBD", "0.00"), balance("CLBD", f"{len(decoys)}.00")]
    inside += [decoy + entry("1.00", inside=decoy.strip()) for decoy in decoys]
    data = b'<?xml version="1.0"?>\n' + message("".join(inside))
    if prefixed:
        for tag in (b"Document", b"Stmt", b"Ntry"):
            data = data.replace(b"<" + tag, b"<p:" + tag).replace(b"</" + tag, b"</p:" + tag)
        data = data.replace(b"<p:Document", b'<p:Document xmlns:p="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"')
    whole = CAMT053.parse(data, KNOWN)
    assert (whole.data_rows, whole.totals.agree) == (len(decoys), True)
    with monkeypatch.context() as small:
        small.setattr(xml_stream, "BLOCK", block)
        small.setattr(camt, "PART", part)
        same([*CAMT053.stream(data, KNOWN)], whole)


def test_what_is_wrong_is_on_the_same_line_in_parts(small: pytest.MonkeyPatch) -> None:
    del small
    data = message(*[entry()] * 50)
    lines = data.count(b"\n")
    for broken, says in (
        (data.replace(b"</Stmt>", b"</Rpt>"), f"line {lines + 1}: the XML breaks off"),
        (data[:-3], f"line {lines + 1}: the XML breaks off"),
        (data.replace(b"\n</Stmt>", b"\n\xff</Stmt>"), f"line {lines + 1}: the XML breaks off"),
        (b'<?xml version="1.0" encoding="GBK"?>' + data.replace(b"</Stmt>", b"\xff</Stmt>"), f"line {lines + 1}: not"),
        (b"<!-- \n" + b"x" * 300 + b"-->\n<!DOCTYPE x>\n" + data, "line 3: the XML carries a document type"),
    ):
        with pytest.raises(SourceError) as error:
            [*CAMT053.stream(broken, KNOWN)]
        assert error.value.text.startswith(says)


def test_a_head_that_comes_after_its_entries_is_refused_once_they_are_handed_on(small: pytest.MonkeyPatch) -> None:
    undated = entry().replace("<BookgDt><Dt>2026-03-02</Dt></BookgDt>", "")
    data = message(*[undated] * 20, balance("CLBD", "100.00"))
    with pytest.raises(SourceError, match="line 1: the head of the Stmt that begins here comes after its entries"):
        [*CAMT053.stream(data, KNOWN)]
    small.undo()
    assert CAMT053.parse(data, KNOWN).rows["booking_date"].cast(str).unique().to_list() == ["2026-03-02"]


def test_a_total_that_disagrees_is_told_by_the_last_part(small: pytest.MonkeyPatch) -> None:
    del small
    data = message(balance("OPBD", "0.00"), balance("CLBD", "100.01"), *[entry()] * 20)
    *parts, last = CAMT053.stream(data, KNOWN)
    assert {part.totals.agree for part in parts} == {None}
    assert last.totals.disagreement() == "closing declared 10001, computed 10000"


def test_a_comment_without_end_does_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "BLOCK", 1_000)
    monkeypatch.setattr(xml_stream, "LONGEST", 10_000)
    data = message(entry(), "<!-- " + "x>" * 20_000)
    with pytest.raises(SourceError, match="line 3: a tag, comment or text of more than 10,000 bytes begins here"):
        [*CAMT053.stream(data, KNOWN)]
