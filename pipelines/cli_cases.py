"""`recon case …`: from an exception to a closed case, each act with who and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipelines.cli_people import BY, REASON, case, show
from pipelines.cli_words import CONFIG, DEBUG, JSON, Day, Moment

__all__ = ["case"]

REMEDIES = ("refund", "debit-adjustment", "credit-adjustment", "representment", "write-off", "accept", "no-action")
FORMS = ("dispute", "refund", "query", "adjustment", "letter")
CLAIMS = ("denied", "double", "wrong-amount", "failed", "not-received", "underpaid", "other")
WHY = click.option("--reason", default="", help="Why, or what was said; kept for good.")
DUE = click.option("--due", "due", type=Day(), help="By when it must be dealt with, in place of the policy's date.")
IDS = click.argument("exception_ids", nargs=-1, required=True, metavar="EXCEPTION_ID...")
FACTS = click.option(
    "--fact",
    "facts",
    multiple=True,
    help="What is known now, such as delivered=no; `recon case show` asks what matters.",
)


def ACT(command: Callable[..., None]) -> Callable[..., None]:  # noqa: N802 - used as the options above are
    """What every act takes: whose configuration, which cases, who acts."""
    for option in (BY, IDS, DEBUG, JSON, CONFIG):
        command = option(command)
    return command


def _do(config_path: Path, as_json: bool, debug: bool, act: str, **words: Any) -> None:
    from pipelines import commands_work as work

    show(lambda: work.act(config_path, act, **words), work.acts_text, as_json, debug)


@case.command(short_help="Give cases to somebody.")
@ACT
@WHY
@DUE
@click.option("--to", "assignee", help="Who works on it; whoever acts if left out.")
def assign(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Give cases to somebody; an open exception becomes a case by this."""
    _do(config_path, as_json, debug, "assign", **words)


@case.command(short_help="Look into cases; note what is known.")
@ACT
@WHY
@DUE
@FACTS
def investigate(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Begin to look into cases, or go on after an answer came; facts narrow down what is to be done."""
    _do(config_path, as_json, debug, "investigate", **words)


@case.command(short_help="Say that somebody else must answer first.")
@ACT
@WHY
@DUE
@click.option(
    "--for", "to", type=click.Choice(["acquirer", "customer", "bank"]), required=True, help="Whose turn it is."
)
def wait(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Say that somebody else must answer first."""
    _do(config_path, as_json, debug, "wait", **words)


@case.command(short_help="Write down what was said; also on closed cases.")
@ACT
@REASON
@DUE
@FACTS
def note(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Write down what was said or found; also on closed cases."""
    _do(config_path, as_json, debug, "note", **words)


@case.command(short_help="Keep a file with a case.")
@CONFIG
@JSON
@DEBUG
@click.argument("exception_id")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--for", "item", help="Piece of the checklist that it is, such as slip; see `recon case show`.")
@BY
@WHY
def evidence(
    config_path: Path, as_json: bool, debug: bool, exception_id: str, file: Path, item: str | None, **words: Any
) -> None:
    """Keep a file with a case, by its SHA-256 in the archive."""
    _do(config_path, as_json, debug, "evidence", exception_ids=(exception_id,), file=file, item=item, **words)


@case.command(short_help="Propose how cases are to be settled.")
@ACT
@REASON
@click.option("--remedy", type=click.Choice(REMEDIES), required=True, help="What is to be done.")
@click.option("--amount", help="How much of it, in major units; all of it if left out.")
def propose(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Propose how cases are to be settled; a second person approves or rejects it."""
    _do(config_path, as_json, debug, "propose", **words)


@case.command(short_help="Approve what somebody else proposed.")
@ACT
@WHY
def approve(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Approve what somebody else proposed, up to the amount that recon.toml lets you."""
    _do(config_path, as_json, debug, "approve", **words)


@case.command(short_help="Reject what somebody else proposed.")
@ACT
@REASON
def reject(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Reject what somebody else proposed."""
    _do(config_path, as_json, debug, "reject", **words)


@case.command(short_help="Close cases; or choose a partner with --match.")
@ACT
@REASON
@click.option("--match", "choice", help="Choose this row as the partner instead: a candidate's number, or FILE:LINE.")
@click.option("--recovered", help="How much of the money is right again, in major units.")
@click.option("--cause", help="What was behind it, in a word or two, such as operator-error; learnt from later.")
def resolve(
    config_path: Path,
    as_json: bool,
    debug: bool,
    exception_ids: tuple[str, ...],
    actor: str | None,
    reason: str,
    choice: str | None,
    recovered: str | None,
    cause: str | None,
) -> None:
    """Close cases whose proposal was approved and done; or, with --match, choose one of the possible partners.

    What --match chooses is paired by the next run and needs no proposal.
    """
    if choice is None:
        words: dict[str, Any] = {"exception_ids": exception_ids, "actor": actor, "reason": reason}
        _do(config_path, as_json, debug, "resolve", **words, amount=recovered, cause=cause)
        return
    from pipelines import commands_people as people

    def decided() -> dict[str, Any]:
        if len(exception_ids) > 1:
            raise click.UsageError("--match chooses the partner of one row; name one exception")
        return people.resolve(config_path, exception_ids[0], choice, actor, reason)

    show(decided, people.decision_text, as_json, debug)


@case.command(short_help="Take up resolved cases again.")
@ACT
@REASON
def reopen(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Take up resolved cases again; what was proposed for them counts no more."""
    _do(config_path, as_json, debug, "reopen", **words)


@case.command("open", short_help="Open a customer's claim.")
@CONFIG
@JSON
@DEBUG
@BY
@click.option("--reason", default="", help="What the customer said; kept for good.")
@click.option("--kind", type=click.Choice(CLAIMS), required=True, help="What is claimed.")
@click.option("--amount", required=True, help="How much, in major units.")
@click.option("--about", type=Moment(), required=True, help="About when: 2026-03-31T12:00, or a date for its noon.")
@click.option("--hours", type=click.IntRange(1, 2400), default=24, show_default=True, help="How far off that may be.")
@click.option("--last4", help="Last four digits of the card.")
@click.option("--order", "order_no", help="Order number of a wallet payment.")
@click.option("--rrn", help="Retrieval reference number on the slip.")
@click.option("--merchant", "merchant_id", help="Which shop.")
@click.option("--terminal", "terminal_id", help="Which terminal.")
@click.option("--currency", help="Needed where the books hold several.")
@click.option("--candidate", type=click.IntRange(1), help="The payment that it is about, as --look numbers them.")
@click.option("--look", is_flag=True, help="Only show which payments fit; nothing is opened.")
def open_(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Open a customer's claim by what the customer knows; payments that fit are found and shown."""
    from pipelines import commands_work as work

    show(lambda: work.open_claim(config_path, **words), work.claim_text, as_json, debug)


@case.command(short_help="Say which payment a claim is about.")
@CONFIG
@JSON
@DEBUG
@click.argument("exception_id")
@click.argument("candidate", type=click.IntRange(1))
@BY
@REASON
def choose(
    config_path: Path, as_json: bool, debug: bool, exception_id: str, candidate: int, actor: str | None, reason: str
) -> None:
    """Say which of the payments that were found a claim is about."""
    from pipelines import commands_work as work

    show(lambda: work.choose(config_path, exception_id, candidate, actor, reason), work.chosen_text, as_json, debug)


@case.command(short_help="Make the evidence pack: page, zip, PDF.")
@CONFIG
@JSON
@DEBUG
@click.argument("exception_id")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder; cases beside the reports if left out."
)
@click.option("--form", "forms", multiple=True, help="A form to put in, such as dispute.zh; without .zh or .en both.")
def pack(
    config_path: Path, as_json: bool, debug: bool, exception_id: str, out: Path | None, forms: tuple[str, ...]
) -> None:
    """Make the evidence pack of a case: a page that needs nothing else, a zip with records and attachments, a PDF.

    The PDF is made where Pango and a Chinese font are on the machine. Exit code 1: an attachment has vanished.
    """
    from pipelines import commands_packs as packs

    show(lambda: packs.make_pack(config_path, exception_id, out, forms), packs.pack_text, as_json, debug)


@case.command(short_help="Fill in a form or a letter, 中文 or English.")
@CONFIG
@JSON
@DEBUG
@click.argument("exception_id")
@click.argument("name", type=click.Choice(FORMS))
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Its language.")
@click.option("--format", "kind", type=click.Choice(["docx", "html", "pdf"]), default="docx", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def form(
    config_path: Path,
    as_json: bool,
    debug: bool,
    exception_id: str,
    name: str,
    language: str,
    kind: str,
    out: Path | None,
) -> None:
    """Fill in a form: dispute 交易纠纷申诉表, refund, query 调单回复, adjustment, or a letter to the customer."""
    from pipelines import commands_packs as packs

    show(lambda: packs.make_form(config_path, exception_id, name, language, kind, out), packs.file_text, as_json, debug)


@case.command(short_help="Write a form as a Word document to change.")
@JSON
@DEBUG
@click.argument("name", type=click.Choice(FORMS))
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Its language.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Word document to write.")
def template(as_json: bool, debug: bool, name: str, language: str, out: Path) -> None:
    """Write a built-in form as a Word document to change; put it into the folder `templates` of recon.toml."""
    from pipelines import commands_packs as packs

    show(lambda: packs.make_template(name, language, out), packs.file_text, as_json, debug)
