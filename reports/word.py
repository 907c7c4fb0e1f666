"""Forms as Word documents: drawn from blocks, or somebody's own document filled in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from lxml import etree

from reports.blocks import HOLE, Block, TemplateError
from reports.zipped import packed

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - documents have no clock: the same case gives the same bytes
NO_DOCUMENT = (PackageNotFoundError, zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError)
Fill = Callable[[str], str]


def as_docx(blocks: Iterable[Block]) -> bytes:
    """Blocks as a Word document, A4."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(10.5)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), "宋体")  # names are Chinese in English forms, too
    normal.paragraph_format.space_after = Pt(5)
    for block in blocks:
        if block.kind == "rows":
            _word_table(document, block)
            continue
        text = (" " * 10).join(block.lines[0]) if block.kind == "sign" else block.lines[0][0]
        paragraph = document.add_paragraph()
        run = paragraph.add_run(text)
        if block.kind == "title":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run.bold, run.font.size = True, Pt(17)
            paragraph.paragraph_format.space_after = Pt(12)
        elif block.kind == "heading":
            run.bold, run.font.size = True, Pt(11.5)
            paragraph.paragraph_format.space_before = Pt(9)
            paragraph.paragraph_format.keep_with_next = True
        elif block.kind == "sign":
            paragraph.paragraph_format.space_before = Pt(22)
    return _saved(document)


def _word_table(document: Any, block: Block) -> None:
    width = max(map(len, block.lines))
    table = document.add_table(rows=0, cols=width)
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    sizes = [Cm(size) for size in {2: (4.4, 12.2), 4: (3.2, 5.1, 3.2, 5.1)}.get(width, (16.6 / width,) * width)]
    for column, size in zip(table.columns, sizes, strict=True):
        column.width = size
    for line in block.lines:
        _word_row(table, line, sizes)
    document.add_paragraph().paragraph_format.space_after = 0


def _word_row(table: Any, line: tuple[str, ...], sizes: list[Any]) -> None:
    cells = table.add_row().cells
    for cell, size in zip(cells, sizes, strict=True):
        cell.width = size
    for at, text in enumerate(line):
        paragraph = cells[at].paragraphs[0]
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2.5)
        paragraph.add_run(text).bold = at % 2 == 0
    if len(line) < len(sizes):
        cells[len(line) - 1].merge(cells[-1])


def filled_document(path: Path, fill: Fill) -> bytes:
    """A Word document with its holes filled, in paragraphs and tables of body, head and foot."""

    try:
        document = Document(str(path))
    except NO_DOCUMENT as error:
        raise TemplateError(f"{path}: is no Word document: {type(error).__name__}; save it as DOCX") from None
    sections = [part for section in document.sections for part in (section.header, section.footer)]
    for part in (document, *sections):
        _fill_part(part, fill)
    return _saved(document)


def _fill_part(part: Any, fill: Fill) -> None:
    for paragraph in part.paragraphs:
        whole = "".join(run.text for run in paragraph.runs)
        if HOLE.search(whole):  # Word cuts a hole into several runs as it likes: the first one takes all of the text
            paragraph.runs[0].text = fill(whole)
            for run in paragraph.runs[1:]:
                run.text = ""
    for table in part.tables:
        for row in table.rows:
            for cell in row.cells:
                _fill_part(cell, fill)


def _saved(document: Any) -> bytes:
    """The document's bytes, without the clock."""
    core = document.core_properties
    core.created = core.modified = core.last_printed = EPOCH
    core.author, core.last_modified_by, core.comments = "settlement-recon", "settlement-recon", ""
    document.save(raw := io.BytesIO())
    return packed(dict(_parts(raw.getvalue())))


def _parts(data: bytes) -> Iterable[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)
