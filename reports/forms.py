"""Forms and letters: a template in plain lines or a Word document, filled in from a case, as DOCX or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Literal

from reports.blocks import HOLE, Block, TemplateError
from reports.casefile import BLANK
from reports.word import as_docx, filled_document

FORMS: Mapping[str, tuple[str, str]] = {
    "dispute": ("Dispute application", "交易纠纷申诉表"),
    "refund": ("Refund application", "退款申请表"),
    "query": ("Reply to a query", "查询/调单回复"),
    "adjustment": ("Adjustment request", "调账申请表"),
    "letter": ("Letter to the customer", "致客户函"),
}
"""Forms by name, with what they are called."""

LANGUAGES = ("zh", "en")
TEMPLATES = Path(__file__).parent / "templates" / "forms"


def template(name: str, language: str, folder: Path | None) -> Path:
    """The template of a form: the user's own Word document or text, else the built-in one."""
    for place in ([folder] if folder else []) + [TEMPLATES]:
        for ending in ("docx", "txt"):
            path = place / f"{name}.{language}.{ending}"
            if path.is_file():
                return path
    raise TemplateError(f"{name}.{language}: there is no such template")


def filled(path: Path, fields: Mapping[str, str], kind: Literal["docx", "html"]) -> bytes:
    """The form, filled in. TemplateError names what the template asks for that nobody knows, or cannot be read."""
    if path.suffix == ".docx":
        if kind != "docx":
            raise TemplateError(f"{path}: a Word template makes DOCX only; write --format docx")
        return filled_document(path, lambda text: _fill(path, text, fields))
    blocks = _read(path)
    told = [Block(b.kind, tuple(tuple(_fill(path, cell, fields) for cell in line) for line in b.lines)) for b in blocks]
    return as_docx(told) if kind == "docx" else as_html(told, path.name)


def as_word_template(path: Path) -> bytes:
    """A built-in form as a Word document with its holes left open, to be changed and put into one's own folder."""
    return as_docx(_read(path))


def _fill(path: Path, text: str, fields: Mapping[str, str]) -> str:
    def value(hole: re.Match[str]) -> str:
        if hole[1] not in fields:
            raise TemplateError(f"{path}: nobody knows {{{{ {hole[1]} }}}}; there are {', '.join(sorted(fields))}")
        return fields[hole[1]] or BLANK

    return HOLE.sub(value, text)


def _read(path: Path) -> list[Block]:
    """Lines: `# title`, `## heading`, `| label | value |`, `sign: a | b`, anything else is a paragraph."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: cannot be read: {error}; save it as UTF-8 text") from None
    blocks: list[Block] = []
    for line in filter(str.strip, lines):
        kind, cells = _line(line.strip())
        if kind == "rows" and blocks and blocks[-1].kind == "rows":
            blocks[-1] = Block("rows", (*blocks[-1].lines, cells))
        else:
            blocks.append(Block(kind, (cells,)))
    return blocks


def _line(line: str) -> tuple[Literal["title", "heading", "text", "rows", "sign"], tuple[str, ...]]:
    if line.startswith("## "):
        return "heading", (line[3:],)
    if line.startswith("# "):
        return "title", (line[2:],)
    if line.startswith("|"):
        return "rows", tuple(cell.strip() for cell in line.strip("|").split("|"))
    if line.startswith("sign:"):
        return "sign", tuple(cell.strip() for cell in line[5:].split("|"))
    return "text", (line,)


_STYLE = """
@page { size: A4; margin: 20mm 22mm; }
body { font: 10.5pt/1.5 "Times New Roman", "Noto Serif CJK SC", "SimSun", "Songti SC", "Noto Sans CJK SC", serif;
  max-width: 170mm; margin: 12mm auto; color: #111; }
h1 { text-align: center; font-size: 17pt; } h2 { font-size: 11.5pt; margin: 12pt 0 4pt; } p { margin: 0 0 6pt; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: 4pt 0 10pt; }
td { border: 1px solid #333; padding: 3pt 6pt; vertical-align: top; overflow-wrap: anywhere; }
td:nth-child(odd) { font-weight: bold; width: 19%; }
.sign { display: flex; justify-content: space-between; margin-top: 26pt; }
"""


def as_html(blocks: Iterable[Block], name: str) -> bytes:
    """Blocks as one page that needs nothing else."""
    parts = [_html(block) for block in blocks]
    language = "zh-CN" if ".zh." in name else "en"
    head = f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(name)}</title>'
    return f"{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>".encode()


def _html(block: Block) -> str:
    tags = {"title": "h1", "heading": "h2", "text": "p"}
    if block.kind in tags:
        return f"<{tags[block.kind]}>{escape(block.lines[0][0])}</{tags[block.kind]}>"
    if block.kind == "sign":
        return '<div class="sign">' + "".join(f"<span>{escape(cell)}</span>" for cell in block.lines[0]) + "</div>"
    width = max(map(len, block.lines))
    rows = []
    for line in block.lines:
        last = f' colspan="{width - len(line) + 1}"' if len(line) < width else ""
        cells = [f"<td>{escape(cell)}</td>" for cell in line[:-1]] + [f"<td{last}>{escape(line[-1])}</td>"]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"
