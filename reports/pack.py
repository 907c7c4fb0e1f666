"""An evidence pack: one page that needs nothing else, and a zip of it with the records and what was attached."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache

from jinja2 import Template

from pipelines.cases.checklist import PIECES
from pipelines.words_of_cases import STATES
from reports.casefile import CaseFile
from reports.templating import environment
from reports.zipped import packed

SIDES = {"journal": "终端流水", "settlement": "收单清算", "bank": "银行流水"}
KINDS = {
    **SIDES,
    "payout": "划款",
    "match": "匹配",
    "exception": "差异",
    "decision": "人工决定",
    "rejected": "拒收行",
    "restated": "更正",
}
"""What a line of the time line is, in Chinese."""


@cache
def _template() -> Template:
    return environment(escaped=True).get_template("case.html.j2")


def render(case: CaseFile) -> bytes:
    """The page: no script, no link to anywhere, for screen and paper."""
    pieces = {code: " ".join(reversed(words)) for code, words in PIECES.items()}
    state = STATES.get(case.status, "")
    return _template().render(case=case, sides=SIDES, kinds=KINDS, pieces=pieces, state_zh=state).encode()


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
