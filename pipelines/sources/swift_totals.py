"""SWIFT messages of one file together: do their entries make what they declare, and do their pages follow."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from pipelines.money import EXPONENTS, money_text
from pipelines.sources.bank_rows import Balance, Control, labelled, read_amount
from pipelines.sources.swift import File, Message
from pipelines.sources.swift_fields import balance_of, sum_of
from pipelines.sources.swift_statement import Page
from schemas.validation import shown


def control(file: File, pages: list[Page], *, statements: bool) -> Control:
    """Everything that the messages declare against their entries.

    statements: MT940, where opening + entries = closing, page by page; else MT942, where :90C: and :90D: state number
    and sum of the entries.
    """
    found = Control()
    for page, message, label in zip(pages, file.messages, _labels(pages), strict=True):
        found.currencies |= {page.currency}
        found.against(page.against)
        if statements:
            _tie(found, page, label)
        else:
            _sums(found, page, message, label)
    if statements:
        for before, page in pairwise(pages):
            _follows(found, before, page)
    _ends(found, file, pages if statements else [])
    last = file.messages[-1].fields[-1]
    if last.tag[:2] in {"64", "65"} and balance_of(last.text, last.line) is None:
        found.against([(last.line, f"the last balance {shown(last.text)!r} cannot be read: the file breaks off")])
    if file.broken:
        found.against([(file.broken, "a message begins here and breaks off")])
    return found


def _labels(pages: list[Page]) -> list[str]:
    """What tells the messages of a file apart, numbered where it comes again; nothing where there is one."""
    if len(pages) == 1:
        return [""]
    seen: Counter[str] = Counter()
    labels = []
    for page in pages:
        seen[page.label] += 1
        labels.append(page.label + (f" #{seen[page.label]}" if seen[page.label] > 1 else ""))
    return labels


def _tie(found: Control, page: Page, label: str) -> None:
    """opening + entries = closing; a page without its closing balance was cut off."""
    lacking = sorted({"opening", "closing"} - page.stated, reverse=True)
    found.against([(page.line, f"the statement that begins here has no {kind} balance: cut off?") for kind in lacking])
    if page.broken:
        what = "an entry whose amount could not be read keeps the closing balance from being checked"
        found.unchecked.append(f"{what} ({page.label})")
    elif len(page.minor) == 2:
        opening = page.minor["opening"]
        found.add(labelled("opening", label), opening, opening)
        closing = opening + page.sums["credit"] - page.sums["debit"]
        found.add(labelled("closing", label), page.minor["closing"], closing)


def _sums(found: Control, page: Page, message: Message, label: str) -> None:
    """:90C: and :90D:; a report with neither must at least have its end mark."""
    stated = [each for each in message.fields if each.tag in {"90C", "90D"}]
    if not stated and not message.ended:
        found.against([(page.line, "the report that begins here has neither sums nor an end mark: it is cut off")])
    for each in stated:
        declared = sum_of(each.text)
        amount = read_amount(declared[2], declared[1])[0] if declared else None
        if declared is None or amount is None:
            found.against([(each.line, f"the sum {shown(each.text)!r} cannot be read")])
        elif page.broken:
            what = "an entry that could not be read keeps the sums from being checked"
            found.unchecked.append(f"{what} ({page.label})")
        else:
            _compare(found, page, "credit" if each.tag == "90C" else "debit", label, (declared[0], amount))


def _compare(found: Control, page: Page, mark: str, label: str, declared: tuple[int, int]) -> None:
    """Banks count what is only expected, or leave it out: either is right."""
    counted = page.rows[mark], page.sums[mark]
    with_expected = counted[0] + page.expected_rows[mark], counted[1] + page.expected[mark]
    computed = with_expected if with_expected == declared else counted
    found.add(labelled(f"{mark}_rows", label), declared[0], computed[0])
    found.add(labelled(mark, label), declared[1], computed[1])


def _follows(found: Control, before: Page, page: Page) -> None:
    """A page that is not the last one ends with the balance that the next one begins with."""
    left, right = before.minor.get("closing"), page.minor.get("opening")
    if not before.final and "closing" in before.stated and before.account != page.account:
        found.against([(before.line, "further pages of the statement that goes on here are missing")])
    if before.final or before.account != page.account or left is None or right is None or left == right:
        return
    texts = [money_text(amount, page.currency) for amount in (left, right)]
    found.against([(page.line, f"the page before ends with {texts[0]}, this one begins with {texts[1]}")])


def _ends(found: Control, file: File, pages: list[Page]) -> None:
    """Whether the file goes on to its end: the brace that closes an envelope, and the last page of a statement.

    Without an envelope the mark `-` may only stand between messages. Banks may send each page as a file of its own; one
    that holds several holds all of a statement.
    """
    *others, last = file.messages
    if last.enclosed and not last.ended:
        found.against([(last.line, "the message that begins here has no end mark: the file breaks off")])
    elif pages and not pages[-1].final and "closing" in pages[-1].stated and (others or not last.ended):
        found.against([(last.line, "the page that begins here is not the last one: the file breaks off")])


def balances(pages: list[Page]) -> list[Balance]:
    """First and last balance of each statement, its pages joined."""
    found: list[Balance] = []
    begins = before = pages[0]
    for page in pages:
        if page is pages[0] or page.first or before.final or begins.account != page.account:
            begins = page
            found += _stated(page, page, "opening")
        found += _stated(page, begins, "closing") if page.final or page is pages[-1] else []
        before = page
    return found


def _stated(page: Page, begins: Page, kind: str) -> list[Balance]:
    if kind not in page.minor or page.currency not in EXPONENTS:
        return []
    day, amount = page.ends[kind].day, page.minor[kind]
    return [Balance(begins.line, begins.account, begins.statement, kind, day, amount, page.currency)]


def warnings(file: File, pages: list[Page], *, statements: bool) -> list[str]:
    """What was assumed or left out, one sentence each."""
    expected = sum((page.expected_rows for page in pages), Counter()).total()
    moved, strangers = sum(page.moved for page in pages), len(file.strangers)
    told = []
    if expected:
        told.append(f"left out as expected and not booked: {expected} of the entries")
    if moved:
        told.append(f"value dates after the end of February moved to its last day: {moved}")
    if strangers:
        told.append(f"lines outside any message passed over: {strangers}, the first is line {file.strangers[0]}")
    if not statements:
        told.append("it is an interim report: the statement of the day has the last word")
    elif not pages[-1].final:
        told.append("it is not the last page: further pages of the statement follow in other files")
    return told
