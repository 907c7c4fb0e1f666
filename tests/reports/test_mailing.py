"""Letters: the verdict in the subject, nothing from a file that breaks a header or a page, only the reader's part."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import sample
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from PIL import Image
from sample_items import item

from reports import grouping, mailing
from reports.mailing import Attachment, letter, mime, one_line, subject
from reports.model import Report
from reports.narrow import Scope, narrowed
from reports.picture import SIZE

NOW = datetime(2026, 3, 6, 1, 2, tzinfo=UTC)
SENDER = "Recon <recon@example.com>"
HARMFUL = (
    "\r\nBcc: thief@evil.example\r\n\r\nbody",
    '<script>alert(1)</script><img src="http://evil.example/x.png">',
    '"><a href="javascript:alert(1)">pay here</a>',
    "=?utf-8?q?hello?=",
    "商" * 4_000,
    "M" * 4_000,
    "\u202egpj.exe",
    "{{ 7 * 7 }}",
)


def poisoned(text: str) -> Report:
    found = [
        item(
            n, "NOT_SETTLED", 4_560, text, merchant_id=text, rrn=text, order_no=text, acquirer=text, explanation_zh=text
        )
        for n in range(3)
    ]
    files = tuple(replace(row, state="missing", source=text) for row in sample.files())
    night = replace(sample.sample(), run_id=text, files=files, failure=text, scope=text, versions=(("rules", text),))
    return grouping.filled(night, found, [])


def sent(report: Report, language: str = "en") -> EmailMessage:
    """The mail as a client parses it."""
    written = letter(report, language, Attachment("recon.xlsx", b"x"))  # type: ignore[arg-type]
    parsed = message_from_bytes(mime(written, SENDER, ["a@example.com"], NOW, "r1").as_bytes(), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", HARMFUL, ids=lambda text: repr(text[:14]))
def test_nothing_from_a_file_breaks_a_mail(text: str, language: str) -> None:
    for report in (poisoned(text), replace(poisoned(text), verdict="FAILED")):
        mail = sent(report, language)
        assert set(mail.keys()) == {
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
        }  # fmt: skip
        assert mail["To"] == "a@example.com"
        assert len(mailing.subject(report, "en")) <= mailing.LONGEST_SUBJECT
        assert len(mail["Subject"].splitlines()) == 1
        assert "\u202e" not in mail["Subject"] + body(mail, "plain")
        page = html.fromstring(body(mail, "html"))
        assert not page.xpath("//script | //iframe | //form | //a[not(starts-with(@href, 'https://'))]")
        assert set(page.xpath("//img/@src")) <= {"cid:trend"}
        assert len(body(mail, "html")) < 150_000


@pytest.mark.parametrize(
    ("report", "english", "chinese"),
    [
        (sample.clean(), "[recon] 2026-03-05 OK: nothing is open", "[recon] 2026-03-05 OK: 无未结异常"),
        (
            sample.failed(),
            "[recon] 2026-03-05 FAILED: nothing was published",
            "[recon] 2026-03-05 失败：未发布任何结果",
        ),
    ],
    ids=["clean", "failed"],
)
def test_the_subject_carries_the_verdict(report: Report, english: str, chinese: str) -> None:
    assert subject(report, "en") == english
    assert subject(report, "zh") == chinese
    assert subject(sample.sample(), "en").startswith("[recon] 2026-03-05 INCOMPLETE: ")


def test_a_clean_day_is_told_too() -> None:
    mail = sent(sample.clean())
    assert "Nobody has to do anything today" in body(mail, "plain")
    assert "Nobody has to do anything today" in body(mail, "html")


def test_no_rate_is_shown_while_a_file_is_missing() -> None:
    assert letter(sample.sample(), "en").picture is None
    drawn = letter(sample.clean(), "en").picture
    assert drawn is not None
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == SIZE
        assert len(picture.getcolors(100_000) or []) > 4
    assert letter(sample.clean(), "en").picture == drawn


def test_old_clients_can_show_it() -> None:
    """Tables and inline styles alone: Outlook knows no other layout, phones cut what is wide."""
    text = letter(sample.sample(), "en").html
    assert not [word for word in ("<style", "display:flex", "display:grid", "<svg", "<link", "class=") if word in text]
    assert 'width="600"' in text
    assert "max-width:600px" in text
    assert all(
        table.get("role") == "presentation" or table.xpath(".//th") for table in html.fromstring(text).iter("table")
    )


def test_the_message_id_is_the_letters_own() -> None:
    one, other = letter(sample.clean(), "en"), letter(sample.clean(), "zh")

    def name(written: mailing.Letter, run: str) -> str:
        return str(mime(written, SENDER, ["a@example.com"], NOW, run)["Message-ID"])

    assert name(one, "r1") == name(one, "r1")
    assert len({name(one, "r1"), name(one, "r2"), name(other, "r1")}) == 3


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert len(one_line(text)) <= mailing.LONGEST_TEXT


@pytest.mark.parametrize(
    "scope", [Scope(merchants=("1900*",)), Scope(acquirers=("ADYEN",)), Scope(("UNIONPAY",), ("898310053110002",))]
)
def test_a_narrowed_report_tells_nothing_of_others(scope: Scope) -> None:
    whole = sample.sample()
    part = narrowed(whole, scope)
    theirs = [i for g in (*whole.new, *whole.carried) for i in g.items if scope.is_of(i)]
    assert sorted(i.exception_id for g in (*part.new, *part.carried) for i in g.items) == sorted(
        i.exception_id for i in theirs
    )
    told = letter(part, "en").text + letter(part, "en").html
    others = {i.exception_id for g in (*whole.new, *whole.carried) for i in g.items} - {i.exception_id for i in theirs}
    assert not [key for key in others if key in told]
    assert part.scope == scope.text
    assert part.missing == whole.missing[:0] or "INCOMPLETE" in letter(part, "en").subject
    assert not part.proof.lines
    assert not part.trend
    assert {bridge.acquirer for bridge in part.bridges} <= set(scope.acquirers)


def test_everything_is_not_narrowed() -> None:
    assert narrowed(sample.sample(), Scope()) == sample.sample()
