"""The outer shape of a delimited text: where its header, its rows and its trailer stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipelines.sources.base import SourceError
from pipelines.sources.layout import Layout
from pipelines.sources.quoted import PADDING, Quoting, cells_of
from schemas.validation import shown

TRAILER_WITHIN = 12
"""How many lines from the end the trailer and title lines may take."""

SAMPLE_LINES = 100
"""Lines that tell how many cells a row without header has."""


Trailers = tuple[tuple[re.Match[str], int], ...]
"""Trailer lines from the last to the first, each with its offset."""


@dataclass(frozen=True)
class Frame:
    """The outer shape of a text: header names (none: positions), how many cells a row has, the line on which the data
    begins, the data, its trailers, and the lines at its head."""

    names: list[str]
    columns: int
    first: int
    body: bytes
    trailers: Trailers = ()
    head: bytes = b""

    @property
    def trailer(self) -> re.Match[str] | None:
        """The last trailer line, where there is one."""
        return self.trailers[0][0] if self.trailers else None


def header_of(data: bytes, layout: Layout) -> tuple[list[str], int, int] | None:
    """Header names, their line number and the offset of the line after; None where no line is the header."""
    offset, number, looked = 0, 0, 0
    while offset < len(data) and looked <= layout.preamble:
        end = data.find(b"\n", offset)
        end = len(data) if end < 0 else end
        number += 1
        text = data[offset:end].decode(errors="replace")
        offset = end + 1
        if not text.strip(PADDING):
            continue
        looked += 1
        cells = _named(text, layout)
        if set(layout.names) <= set(cells):
            return cells, number, offset
    return None


def _named(line: str, layout: Layout) -> list[str]:
    cells = cells_of(line, layout.delimiter, layout.quote)
    return [layout.named(cell.strip(PADDING + layout.strip) if layout.strip else cell) for cell in cells]


def _once(cells: list[str], layout: Layout, line: int) -> None:
    """SourceError where a column that is asked for stands twice: nobody knows which one is meant."""
    twice = [name for name in layout.names if cells.count(name) > 1]
    if twice:
        what = f"column {', '.join(twice)} stands twice in the header"
        raise SourceError(what, line=line, mend="ask the sender which one counts", profile=layout.profile)


def tail_of(data: bytes, start: int, layout: Layout, encoding: str = "utf-8") -> tuple[int, Trailers]:
    """Offset at which the data ends, and its trailers with their offsets."""
    trailer, footer = re.compile(layout.trailer or r"(?!)"), re.compile(layout.footer or r"(?!)")
    end = len(data)
    found: list[tuple[re.Match[str], int]] = []
    for _ in range(TRAILER_WITHIN):
        text_end = _without_space(data, start, end)
        line_start = max(data.rfind(b"\n", start, text_end) + 1, start)
        text = data[line_start:text_end].decode(encoding, errors="replace").strip()
        if not text or line_start >= text_end:
            break
        bare = text.rstrip(layout.delimiter + PADDING)  # as spreadsheets pad it
        match = trailer.search(text) or trailer.search(bare)
        if match and _tells_more(match, found):
            found.append((match, line_start))
        elif not footer.search(text) and not (layout.blank_rows and not text.strip(layout.delimiter + PADDING)):
            break
        end = line_start
    return end, tuple(found)


def _tells_more(match: re.Match[str], found: list[tuple[re.Match[str], int]]) -> bool:
    """Whether it is the first trailer, or another one that names totals of its own."""
    told = {name for other, _ in found for name, text in other.groupdict().items() if text is not None}
    return not found or bool({name for name, text in match.groupdict().items() if text is not None} - told)


def _without_space(data: bytes, start: int, end: int) -> int:
    """Where the text before `end` stops, read in windows so that a large file is not copied."""
    while end > start:
        low = max(start, end - 65536)
        kept = len(data[low:end].rstrip())
        if kept:
            return low + kept
        end = low
    return start


def frame_of(data: bytes, layout: Layout) -> Frame:
    """Header, rows and trailer of a text; SourceError where its header is not there."""
    frame, start = begun(data, layout)
    end, trailers = tail_of(data, start, layout)
    return replace(frame, body=data[start:end], trailers=trailers)


def begun(data: bytes, layout: Layout) -> tuple[Frame, int]:
    """What the beginning of a text shows, and the offset of its first row."""
    if layout.header:
        located = header_of(data, layout)
        if located is None:
            raise SourceError(no_header(data, layout))
        names, line, start = located
        _once(names, layout, line)
        return Frame(names, len(names), line + 1, b"", head=head_of(data, line)), start
    start, names = skipped(data, layout.preamble), names_of_places(layout)
    columns = len(names) or layout.columns or usual_columns(data[start : start + 65536], layout)
    return Frame(names, columns, layout.preamble + 1, b"", head=data[:start]), start


def names_of_places(layout: Layout) -> list[str]:
    """Names of the cells where the layout itself says which is which: keys of JSON objects, places in a line."""
    return {"jsonl": layout.names, "fixed": [*layout.slots]}.get(layout.format, [])


def head_of(data: bytes, line: int) -> bytes:
    """The lines before the header on this line."""
    return data[: skipped(data, line - 1)]


def skipped(data: bytes, lines: int) -> int:
    """Offset behind so many lines."""
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def usual_columns(data: bytes, layout: Layout) -> int:
    """How many cells most of the first rows have; the rows with another number are the odd ones."""
    filled = [line for line in data.decode(errors="replace").split("\n") if line.strip(PADDING)]
    lines = filled[:SAMPLE_LINES]
    if layout.quote:
        records = Quoting(layout.delimiter, layout.quote).records(lines, 0)
        counts = [len(record.cells) for record in records if record.cells]
    else:
        counts = [len(line.split(layout.delimiter)) for line in lines]
    enough = [count for count in counts if count >= layout.last_position]
    return max(enough, key=enough.count, default=max(counts, default=1))


def no_header(data: bytes, layout: Layout) -> str:
    """Name the columns that the best header candidate lacks, and its line."""
    lines = [line for line in enumerate(data[:65536].decode(errors="replace").split("\n"), 1) if line[1].strip()]
    heads = [(line, set(_named(text, layout))) for line, text in lines[: layout.preamble + 1]]
    line, best = max(heads, key=lambda head: len(head[1] & set(layout.names)), default=(1, set()))
    missing = [name for name in layout.names if name not in best]
    if len(missing) * 2 > len(layout.names):
        reads = next((text for number, text in lines if number == line), "")
        wanted = shown(", ".join(layout.names))
        return f"no header of {layout.profile} is there: wanted {wanted}; line {line} reads {shown(reads.strip())!r}"
    several = "columns" if len(missing) > 1 else "column"
    return f"line {line}: {several} {', '.join(missing)} of {layout.profile} missing in the header"


def no_trailer(text: bytes, layout: Layout, first: int = 1) -> SourceError:
    """The last line, and that it is no trailer: the file is cut off, or the trailer is garbled.

    first: number of the text's first line.
    """
    end = _without_space(text, 0, len(text))
    last = text[text.rfind(b"\n", 0, end) + 1 : end].decode(errors="replace")
    garbled = last.startswith("#")
    what = f"the trailer {shown(last)!r} cannot be read" if garbled else "the trailer is missing"
    mend = "the file is cut off or its layout changed; ask the sender to send it again"
    return SourceError(what, line=first + text.count(b"\n", 0, end), mend=mend, profile=layout.profile)
