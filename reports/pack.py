"""An evidence pack: one page that needs nothing else, and a zip of it with the records and what was attached."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache

from jinja2 import Template

from reports.casefile import CaseFile
from reports.templating import environment
from reports.zipped import packed

SIDES = {"journal": "终端流水", "settlement": "收单清算", "bank": "银行流水"}


@cache
def _template() -> Template:
    return environment(escaped=True).get_template("case.html.j2")


def render(case: CaseFile) -> bytes:
    """The page: no script, no link to anywhere, for screen and paper."""
    kinds = sorted({moment.kind for moment in case.timeline})
    return _template().render(case=case, sides=SIDES, kinds=kinds).encode()


def as_zip(case: CaseFile, page: bytes, others: Mapping[str, bytes]) -> bytes:
    """Page, records, the case as JSON, other files by name, and SHA256SUMS over all of them."""
    name = f"case-{case.exception_id}"
    parts = {
        f"{name}.html": page,
        "records.csv": _records(case),
        "case.json": json.dumps(case.data, ensure_ascii=False, indent=2, sort_keys=True).encode(),
        **others,
    }
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in parts.items())
    return packed({**parts, "SHA256SUMS": sums.encode()})


def _records(case: CaseFile) -> bytes:
    """The masked lines; text that a sheet would run as a formula is made harmless."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["side", "file", "line", "sha256", "as_received_masked"])
    for each in case.records:
        rows.writerow([each.side, _harmless(each.file), each.line, each.sha256, _harmless(each.text)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_pdf(page: bytes) -> bytes | None:
    """The page as PDF, where WeasyPrint and the libraries it needs are there; else None."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - it is not of our dependencies and takes a second
    except (ImportError, OSError):  # Pango is a library of the system: without it the import ends in OSError
        return None
    return bytes(HTML(string=page.decode()).write_pdf())
