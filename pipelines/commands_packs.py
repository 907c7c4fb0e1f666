"""What the commands for evidence packs and forms do: gather, draw, write beside each other, say where."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines import packing
from pipelines.config import RefusedError, Settings, load
from reports import forms, pack
from reports.blocks import TemplateError
from reports.casefile import CaseFile
from reports.forms import FORMS, LANGUAGES
from reports.pdf import NoPdfError, as_pdf


def make_pack(config_path: Path, key: str, out: Path | None, with_forms: Iterable[str]) -> dict[str, Any]:
    """Write the page and the zip of a case, and a PDF where this machine can; returns where."""
    settings = load(config_path)
    case = packing.gather(settings, key)
    others = packing.attached(settings, case)
    page = pack.render(case)
    drawn = {
        f"forms/{name}.{lang}.docx": _form(settings, case, name, lang, "docx") for name, lang in _named(with_forms)
    }
    pdf, lacks = _pdf(page)
    more = {f"case-{key}.pdf": pdf} if pdf else {}
    folder = packing.folder_of(settings, out)
    files = {f"case-{key}.html": page, **more, f"case-{key}.zip": pack.as_zip(case, page, {**more, **drawn, **others})}
    written = [str(_write(folder / name, data)) for name, data in files.items()]
    missing = [each.en for each in case.checklist if not each.there]
    return {"exception_id": key, "files": written, "pdf": pdf is not None, "no_pdf": lacks, "missing": missing}


def _pdf(page: bytes) -> tuple[bytes | None, str | None]:
    """The page as PDF, or what this machine lacks for it."""
    try:
        return as_pdf(page), None
    except NoPdfError as error:
        return None, str(error)


def pack_text(told: dict[str, Any]) -> str:
    """Where the pack is, and what it lacks."""
    lines = list(told["files"])
    lines += [] if told["pdf"] else [f"no PDF: {told['no_pdf']}; the HTML page prints as well"]
    lines += [f"evidence that is missing still: {', '.join(told['missing'])}"] if told["missing"] else []
    return "\n".join(lines)


def make_form(config_path: Path, key: str, name: str, language: str, kind: str, out: Path | None) -> dict[str, Any]:
    """Fill in a form of a case; returns where it is."""
    settings = load(config_path)
    case = packing.gather(settings, key)
    data = _form(settings, case, name, language, "docx" if kind == "docx" else "html")
    if kind == "pdf":
        try:
            data = as_pdf(data)
        except NoPdfError as error:
            raise RefusedError(f"no PDF: {error}; or write --format docx or html") from None
    path = out or packing.folder_of(settings, None) / f"{key}-{name}.{language}.{kind}"
    return {"exception_id": key, "form": name, "language": language, "file": str(_write(path, data))}


def make_template(name: str, language: str, out: Path) -> dict[str, Any]:
    """Write a built-in form as a Word document with its holes left open."""
    data = _refusing(lambda: forms.as_word_template(forms.template(name, language, None)))
    return {"form": name, "language": language, "file": str(_write(out, data))}


def file_text(told: dict[str, Any]) -> str:
    """Where it is."""
    return str(told["file"])


def _named(words: Iterable[str]) -> list[tuple[str, str]]:
    """`dispute` or `dispute.zh` as form and language; without one both."""
    found = []
    for word in words:
        name, _, language = word.partition(".")
        if name not in FORMS or language not in ("", *LANGUAGES):
            raise RefusedError(f"--form {word}: there are {', '.join(FORMS)}, each with .zh or .en after it, or both")
        found += [(name, each) for each in ([language] if language else LANGUAGES)]
    return found


def _form(settings: Settings, case: CaseFile, name: str, language: str, kind: Any) -> bytes:
    folder = settings.cases.templates
    return _refusing(lambda: forms.filled(forms.template(name, language, folder), case.fields, kind))


def _refusing(work: Any) -> bytes:
    try:
        return bytes(work())
    except TemplateError as error:
        raise RefusedError(str(error)) from None


def _write(path: Path, data: bytes) -> Path:
    """Whole or not at all, readable by its owner only: it tells of customers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return path
