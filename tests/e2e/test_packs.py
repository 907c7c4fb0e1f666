"""Evidence packs and forms: whole without anything else, masked, the same each time, and refused in one line."""

from __future__ import annotations

import builtins
import csv
import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from docx import Document
from people import recon, refused, told
from scenario import MON, THU, TUE, WED, Shop

from pipelines.cli import cli
from reports import pdf
from reports.forms import FORMS, LANGUAGES, TEMPLATES

CARD = "6222021234567890"
BY = ("--by", "Li Na")


@pytest.fixture(scope="module")
def worked(module_place: Path) -> tuple[Shop, str]:
    """A payment that the terminal called failed and the acquirer settled; approved to be refunded."""
    shop = Shop(module_place / "shop")
    shop.config.write_text(
        shop.config.read_text()
        + '\n[cases]\nmerchant_name = "晨光咖啡 <1>"\nmerchant_contact = "Li Na 021"\ntemplates = "forms"\n'
    )
    shop.sale("failed", "128.00", MON, status="TIMEOUT", response_code="68", card_no=CARD, batch_no="000007")
    shop.settled("failed", "128.00", TUE, fee="0.64", payout_id="PAY-1", card_no=CARD, auth_code="887766")
    shop.declared("PAY-1", "127.36", TUE)
    shop.banked("PAY-1", "127.36", WED)
    shop.nights(MON, THU)
    key = str(shop.exception("failed", "FAILED_BUT_SETTLED")["exception_id"])
    (photo := module_place / "photo.jpg").write_bytes(b"\xff\xd8\xff a picture")
    for words in (
        ("assign", key, *BY),
        ("evidence", key, str(photo), "--for", "photo", *BY),
        ("note", key, "--reason", "the customer rang", *BY),
        ("propose", key, "--remedy", "refund", "--reason", "charged twice", *BY),
        ("approve", key, "--by", "Wang Wei"),
    ):
        told(shop, "case", *words)
    return shop, key


@pytest.fixture
def case(worked: tuple[Shop, str], tmp_path: Path) -> tuple[Shop, str, Path]:
    """The same case for every test, and a folder to write into."""
    return *worked, tmp_path


def text_of(data: bytes) -> str:
    """All text of a Word document, its tables too."""
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_a_pack_holds_the_whole_life_with_file_line_and_digest(case: tuple[Shop, str, Path]) -> None:
    shop, key, out = case
    made = told(shop, "case", "pack", key, "--out", str(out), "--form", "dispute")
    page = (out / f"case-{key}.html").read_text(encoding="utf-8")
    for side, name in (
        ("journal", "journal_20260330.csv:2"),
        ("settlement", "settlement_UNIONPAY_20260331.csv:2"),
        ("settlement", "settlement_UNIONPAY_20260331.csv:3"),
        ("bank", "bank_20260401.csv:2"),
    ):
        assert f"{side} · {name}" in page
        source = shop.inbox / name.split(":")[0]
        assert hashlib.sha256(source.read_bytes()).hexdigest() in page
        line = source.read_text().splitlines()[int(name.split(":")[1]) - 1]
        assert line.replace(CARD, "622202******7890") in page, "as it was received"
    for words in ("rule rrn", "0.64 CNY", "887766", "PAY-1", "the customer rang", "photo.jpg", "退款"):
        assert words in page
    assert CARD not in page
    assert not re.search(r"<script|src=|href=|url\(", page), "nothing comes from elsewhere"
    assert made["missing"] == []


def test_a_zip_holds_everything_with_its_digests(case: tuple[Shop, str, Path]) -> None:
    shop, key, out = case
    told(shop, "case", "pack", key, "--out", str(out), "--form", "dispute", "--form", "letter.en")
    first = (out / f"case-{key}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sums = dict(line.split("  ")[::-1] for line in parts.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    assert {f"case-{key}.html", "records.csv", "case.json", "forms/dispute.zh.docx", "forms/letter.en.docx"} <= set(
        parts
    )
    assert [data for name, data in parts.items() if name.endswith("photo.jpg")] == [b"\xff\xd8\xff a picture"]
    assert not any(CARD.encode() in data for data in parts.values())
    rows = list(csv.DictReader(io.StringIO(parts["records.csv"].decode("utf-8-sig"))))
    assert [row["side"] for row in rows] == ["journal", "settlement", "settlement", "bank"]
    assert json.loads(parts["case.json"])["exception_id"] == key
    told(shop, "case", "pack", key, "--out", str(out), "--form", "dispute", "--form", "letter.en")
    assert (out / f"case-{key}.zip").read_bytes() == first, "the same case, the same bytes"


def test_an_attachment_that_vanished_or_was_changed_stops_the_pack(case: tuple[Shop, str, Path]) -> None:
    shop, key, out = case
    digest = told(shop, "case", "show", key)["acts"][1]["attachment_sha256"]
    kept = shop.root / "var" / "archive" / digest[:2] / digest
    before = kept.read_bytes()
    kept.write_bytes(b"another picture")
    line = refused(shop, "case", "pack", key, "--out", str(out / "pack"), code=1)
    assert (
        line
        == f"{kept}: the attachment photo.jpg of {key} was changed since it was kept; bring it back from the backup"
    )
    kept.unlink()
    line = refused(shop, "case", "pack", key, "--out", str(out / "pack"), code=1)
    assert "has vanished (No such file or directory)" in line
    assert not (out / "pack").exists()
    kept.write_bytes(before)


def test_a_record_whose_file_left_the_archive_is_still_told(case: tuple[Shop, str, Path]) -> None:
    shop, key, out = case
    digest = hashlib.sha256((shop.inbox / "journal_20260330.csv").read_bytes()).hexdigest()
    kept = shop.root / "var" / "archive" / digest[:2] / digest
    before = kept.read_bytes()
    kept.unlink()
    told(shop, "case", "pack", key, "--out", str(out))
    page = (out / f"case-{key}.html").read_text(encoding="utf-8")
    kept.write_bytes(before)
    assert page.count("The file is not in the archive any more") == 1
    assert digest in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_filled_in(case: tuple[Shop, str, Path], name: str, language: str) -> None:
    shop, key, out = case
    for kind in ("docx", "html"):
        file = out / f"{name}.{kind}"
        told(shop, "case", "form", key, name, "--language", language, "--format", kind, "--out", str(file))
        text = text_of(file.read_bytes()) if kind == "docx" else file.read_text(encoding="utf-8")
        assert FORMS[name][LANGUAGES[::-1].index(language)] in text or name == "letter"
        assert "{{" not in text
        assert "128.00 CNY" in text
        assert key in text
        assert CARD not in text
        assert ("晨光咖啡 <1>" if kind == "docx" else "晨光咖啡 &lt;1&gt;") in text
    again = out / "again.docx"
    told(shop, "case", "form", key, name, "--language", language, "--out", str(again))
    assert again.read_bytes() == (out / f"{name}.docx").read_bytes()


def test_templates_are_the_users_to_replace(case: tuple[Shop, str, Path]) -> None:
    """Written as Word, changed there, put into the folder: also where Word cuts a hole into pieces."""
    shop, key, out = case
    folder = shop.root / "forms"
    folder.mkdir()
    word = folder / "dispute.zh.docx"
    done = CliRunner().invoke(cli, ["case", "template", "dispute", "--out", str(word)])
    assert done.exit_code == 0, done.output
    document = Document(str(word))
    assert "{{ case_id }}" in text_of(word.read_bytes())
    cut = document.add_paragraph("编号 {{ ca")
    cut.add_run("se_id }} 完")
    document.sections[0].header.paragraphs[0].text = "页眉 {{ acquirer }}"
    document.save(str(word))
    told(shop, "case", "form", key, "dispute", "--out", str(out / "own.docx"))
    own = (out / "own.docx").read_bytes()
    assert f"编号 {key} 完" in text_of(own)
    assert Document(io.BytesIO(own)).sections[0].header.paragraphs[0].text == "页眉 UNIONPAY"
    line = refused(shop, "case", "form", key, "dispute", "--format", "html")
    assert line.endswith("a Word template makes DOCX only; write --format docx")

    (folder / "letter.en.txt").write_text("# Hello {{ card_nr }}\n", encoding="utf-8")
    line = refused(shop, "case", "form", key, "letter", "--language", "en")
    assert "nobody knows {{ card_nr }}; there are " in line
    (folder / "refund.zh.docx").write_bytes(b"no document")
    assert "is no Word document" in refused(shop, "case", "form", key, "refund")
    shutil.rmtree(folder)


def test_where_no_pdf_can_be_made_one_line_says_what_is_missing(
    case: tuple[Shop, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, key, out = case
    for broken, says in ((ImportError, "WeasyPrint is not installed"), (OSError, "apt-get install libpango-1.0-0")):
        monkeypatch.setattr("builtins.__import__", _without_weasyprint(broken))
        done = recon(shop, "case", "pack", key, "--out", str(out))
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("no PDF: ")]
        assert says in line
        assert line.endswith("; the HTML page prints as well")
        assert (out / f"case-{key}.html").exists()
        assert refused(shop, "case", "form", key, "dispute", "--format", "pdf").endswith("write --format docx or html")
        monkeypatch.undo()
    monkeypatch.setattr(pdf, "_writes_chinese", lambda: False)
    if _lacks() is None:
        assert "has Chinese characters" in refused(shop, "case", "form", key, "dispute", "--format", "pdf")


def _without_weasyprint(error: type[Exception]) -> Callable[..., object]:
    real = builtins.__import__

    def importing(name: str, *words: object, **more: object) -> object:
        if name == "weasyprint":
            raise error(name)
        return real(name, *words, **more)  # type: ignore[arg-type]

    return importing


def _lacks() -> str | None:
    """What this machine lacks to make a PDF."""
    try:
        pdf.as_pdf(b"<p>\xe4\xb8\xad</p>")
    except pdf.NoPdfError as error:
        return str(error)
    return None


def test_a_pdf_is_made_where_it_can_be(case: tuple[Shop, str, Path]) -> None:
    if lacks := _lacks():
        pytest.skip(f"no PDF on this machine: {lacks}")
    shop, key, out = case
    assert told(shop, "case", "pack", key, "--out", str(out))["pdf"] is True
    first = (out / f"case-{key}.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    told(shop, "case", "pack", key, "--out", str(out))
    assert (out / f"case-{key}.pdf").read_bytes() == first, "the same case, the same bytes"
    for language in LANGUAGES:
        file = out / "form.pdf"
        told(shop, "case", "form", key, "dispute", "--language", language, "--format", "pdf", "--out", str(file))
        assert file.read_bytes().startswith(b"%PDF-")


def test_what_no_pack_is_made_of(shop: Shop) -> None:
    shop.nights(MON, TUE)
    assert refused(shop, "case", "pack", "E0").startswith("E0: there is no such exception")
    assert refused(shop, "case", "form", "E0", "dispute").startswith("E0: there is no such exception")


def test_templates_hold_what_the_case_knows() -> None:
    """Ten built-in templates; each ends with places to sign."""
    files = {path.name for path in TEMPLATES.glob("*.txt")}
    assert files == {f"{name}.{language}.txt" for name in FORMS for language in LANGUAGES}
    for path in TEMPLATES.glob("*.txt"):
        assert path.read_text(encoding="utf-8").strip().splitlines()[-1].startswith("sign:"), path.name
