"""The faults the generator knows: how each is put in and what the truth says about it. Data only.

Definitions: contract.md and exceptions.md. A fault's consequences are part of its truth.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault: its exception type, where it strikes (row, deposit, file), how, and what truth follows."""

    name: str
    strikes: str
    injected: str
    truth: str


CATALOGUE = (
    Fault(
        "NOT_SETTLED",
        "row",
        "A's line of an approved sale of D is dropped, or comes in the file of D+4, or in that of D+2",
        "short, whole amount, first seen D+3 (later while the journal or a file named D+1, D+2 is missing); "
        "cleared in the run of D+4; the one of D+2 was only waiting and has no truth row",
    ),
    Fault(
        "NOT_IN_JOURNAL",
        "row",
        "J's row of a settled sale is dropped",
        "long, A's gross, first seen when the line and the journal of its date are loaded "
        "(within 10 minutes of midnight also the neighbouring journal)",
    ),
    Fault(
        "FAILED_BUT_SETTLED",
        "row",
        "A settles a sale that J shows as DECLINED or TIMEOUT",
        "long, A's gross, first seen when both are loaded",
    ),
    Fault(
        "AMOUNT_OVER",
        "row",
        "A settles ten times the amount, one fen more, or some yuan more; fee, net and payout follow A",
        "long, the difference, first seen when both are loaded",
    ),
    Fault(
        "AMOUNT_UNDER",
        "row",
        "A settles a tenth, one fen less, or a third less; fee, net and payout follow A",
        "short, the difference, first seen when both are loaded",
    ),
    Fault(
        "DUPLICATE_SETTLEMENT",
        "row",
        "A sends a line twice, in the same file or in the next day's too, and pays it twice",
        "long, the line's gross, on the second line, first seen when both lines and J are loaded",
    ),
    Fault(
        "ROW_REJECTED",
        "row",
        "one cell of a J row or A line cannot be read: an amount like 12x.50 or the 30th of February; "
        "the trailer counts the row, and each amount that can be read",
        "the row itself, none, its readable amount; and its counterpart: NOT_IN_JOURNAL for A's line, "
        "NOT_SETTLED for J's row. A rejected line's net stays in its payout",
    ),
    Fault(
        "DEPOSIT_MISSING",
        "deposit",
        "a payout's credit never comes, or comes one or two business days late",
        "short, the declared payout, first seen with the due date's statement; cleared by the credit",
    ),
    Fault(
        "DEPOSIT_AMOUNT_DIFF",
        "deposit",
        "the bank credits less or more than the declared payout",
        "short or long, the difference, first seen when payout and credit are loaded",
    ),
    Fault(
        "DEPOSIT_UNIDENTIFIED",
        "deposit",
        "the bank books a credit or debit of an acquirer that names no payout",
        "long or short, the entry, first seen when loaded and none of the acquirer's due files is missing",
    ),
    Fault(
        "FILE_LATE",
        "file",
        "a file arrives one to three days after its date (a bank statement one day)",
        "none, amount 0, first seen on its date, cleared by the file; what needs the file waits",
    ),
    Fault(
        "FILE_INVALID",
        "file",
        "a file's trailer is 1.00 off; the good one comes the next day under another name of the same date",
        "none, amount 0, first seen on its date, cleared by the good file; FILE_LATE beside it",
    ),
)
NAMES = tuple(fault.name for fault in CATALOGUE)


def wanted_faults(text: str) -> frozenset[str]:
    """Read `all`, `none` or a comma-separated list of fault names; ValueError names the valid ones."""
    if text in ("all", "none"):
        return frozenset(NAMES if text == "all" else ())
    names = frozenset(name.strip() for name in text.split(","))
    unknown = sorted(names - set(NAMES))
    if unknown:
        raise ValueError(f"unknown fault {', '.join(map(repr, unknown))}; valid: all, none, {', '.join(NAMES)}")
    return names
