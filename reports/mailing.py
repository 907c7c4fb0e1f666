"""The mail that brings a report: subject with the verdict, text, HTML that old clients show, picture and workbook."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import Environment

from reports import trend
from reports.grouping import INCIDENT, standing, worth
from reports.html import action, contact, major, overview, policy_of
from reports.model import Language, Report
from reports.picture import trend_png
from reports.templating import environment
from reports.verdict import Words, count, sentence

TOP = 10
IN_A_NOTE = 3
LONGEST_SUBJECT = 160
LONGEST_TEXT = 400
"""Characters of one sentence that a mail shows; the workbook has the whole of it."""

TONES = {"OK": "#17693f", "INCOMPLETE": "#8a4b00", "FAILED": "#a8231a"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with the mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What one group of readers is told, before it is put into the form of a mail.

    link: where the workbook lies when it does not come along; picture: the trend, None where there is none.
    """

    subject: str
    text: str
    html: str
    picture: bytes | None = None
    attachment: Attachment | None = None


def one_line(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text that can break neither a header nor a layout: control characters are spaces, what is too long is cut."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"


def subject(report: Report, language: Language) -> str:
    """Verdict first, then what is new and what is open."""
    new, found = count(report.new), count(report.new) + count(report.carried)
    sums = ", ".join(amount.text for amount in worth((*report.new, *report.carried)) if amount.minor)
    if report.verdict == "FAILED":
        said = Words("FAILED: nothing was published", "失败：未发布任何结果")
    elif not found:
        said = Words("nothing is open", "无未结异常")
    else:
        said = Words(f"{new:,} new, {found:,} open", f"新增 {new:,}，未结 {found:,}")
    words = said.zh if language == "zh" else said.en
    verdict = "" if report.verdict == "FAILED" else f"{report.verdict}: "
    scope = f" [{report.scope}]" if report.scope else ""
    whole = f"[recon] {report.title} {verdict}{words}{f' ({sums})' if sums else ''}{scope}"
    return one_line(whole, LONGEST_SUBJECT)


def letter(report: Report, language: Language, attachment: Attachment | None = None, link: str = "") -> Letter:
    """Compose what a group of readers gets. Everything from files is escaped and cut to what a mail can hold."""
    drawn = None if report.missing else trend.chart(report.trend)
    facts = {
        "report": report,
        "zh": language == "zh",
        "verdict": _in(language, sentence(report)),
        "tone": TONES[report.verdict],
        "top": report.top[:TOP],
        "incidents": standing((*report.new, *report.carried), INCIDENT),
        "overview": overview(report),
        "open_totals": worth((*report.new, *report.carried)),
        "chart": drawn,
        "attachment": attachment.name if attachment else "",
        "link": link,
    }
    return Letter(
        subject=subject(report, language),
        text=_environment(escaped=False, language=language).get_template("mail.txt.j2").render(facts),
        html=_environment(escaped=True, language=language).get_template("mail.html.j2").render(facts),
        picture=trend_png(drawn) if drawn else None,
        attachment=attachment,
    )


def note(report: Report, language: Language) -> str:
    """The verdict and what to do first, short enough for a chat."""
    lines = [_in(language, sentence(report)), *([report.failure] if report.failure else [])]
    for item in report.top[:IN_A_NOTE]:
        money = f" {major(item.amount_minor, item.currency)} {item.currency}" if item.currency else ""
        lines.append(f"• {item.type}{money}: {one_line(_in(language, action(item)))}")
    return "\n".join(one_line(line, 1_000) for line in lines)


def _in(language: Language, words: Words) -> str:
    return words.zh if language == "zh" and words.zh else words.en


def _environment(*, escaped: bool, language: Language) -> Environment:
    env = environment(escaped=escaped)
    env.filters |= {
        "major": major,
        "number": lambda value: f"{value:,}",
        "line": one_line,
        "action": lambda item: _in(language, action(item)),
        "contact": lambda item: _in(language, contact(item)),
        "says": lambda item: one_line(_in(language, Words(item.explanation, item.explanation_zh))),
    }
    env.globals |= {"policy": policy_of}
    return env


def mime(letter: Letter, sender: str, recipients: Sequence[str], sent_at: datetime, run_id: str) -> EmailMessage:
    """The mail as it is sent; the same letter of a run to the same readers has the same Message-ID."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(sent_at)
    told = "|".join([run_id, letter.subject, *recipients])
    domain = Address(addr_spec=sender.rsplit("<", 1)[-1].rstrip("> ")).domain
    mail["Message-ID"] = f"<{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if letter.picture:
        parts = mail.get_payload()
        parts[1].add_related(letter.picture, "image", "png", cid="<trend>", filename="trend.png")  # type: ignore[index,union-attr]
    if letter.attachment:
        kind = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        mail.add_attachment(letter.attachment.content, "application", kind, filename=letter.attachment.name)
    return mail
