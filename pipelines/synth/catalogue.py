"""The faults the generator knows: how each is put in and what the truth says about it. Data only.

Definitions: contract.md and exceptions.md. A fault's consequences are part of its truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True)
class Fault:
    """One fault: its type, where it strikes (row, story, line, payout, deposit, file), how, and what truth follows.

    `judged`: whether a night finds it today; `all` means these, the others are put in by name only.
    """

    name: str
    strikes: str
    injected: str
    truth: str
    judged: bool = True


CATALOGUE = (
    Fault(
        "NOT_SETTLED",
        "row",
        "A's line of an approved sale of D is dropped, or comes in the file of D+4, or in that of D+2",
        "short, whole amount, first seen D+3 (later while the journal or a file named D+1, D+2 is missing); "
        "cleared in the run of D+4; the one of D+2 was only waiting and has no truth row",
    ),
    Fault(
        "VOID_NOT_SETTLED",
        "row",
        "A shows a voided sale and not its void, or the void in the file of D+4",
        "long, whole amount, key the sale's RRN, first seen as for NOT_SETTLED, from the void's date on; cleared by "
        "the void",
    ),
    Fault(
        "REVERSAL_NOT_SETTLED",
        "row",
        "A shows a sale that timed out and was reversed, and not its reversal, or the reversal in the file of D+4",
        "as for VOID_NOT_SETTLED",
    ),
    Fault(
        "REFUND_NOT_SETTLED",
        "row",
        "A's line of a refund of D is dropped, or comes in the file of D+7",
        "long, whole amount, first seen D+6 (later while the journal or a file named D+1 … D+5 is missing); cleared by "
        "the line",
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
        "TYPE_MISMATCH",
        "row",
        "A settles a sale as a refund; fee, net and payout follow A",
        "none, the whole amount, first seen when both are loaded",
    ),
    Fault(
        "CURRENCY_MISMATCH",
        "row",
        "A's line of a sale is in USD, the same number or a seventh of it; its payout leaves it out",
        "none, A's gross in USD, first seen when both are loaded",
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
        "AMBIGUOUS_DEPOSIT",
        "deposit",
        "an acquirer pays 4, 6 or 40 equal payouts (released reserves), half of them in one sum that names nothing; "
        "the others come by name a business day later, or never",
        "AMBIGUOUS_MATCH on the bank's entry, none, its amount, first seen when loaded; cleared when the others come; "
        "the payouts wait",
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
    Fault(
        "DUPLICATE_CHARGE",
        "story",
        "a card is charged the same amount again within 10 minutes (exactly 10 too), on the same or another terminal "
        "of the merchant, two times or three; either charge may be refunded one to three days later",
        "long, the later charge, first seen when both journals are loaded; cleared by the journal of the refund",
    ),
    Fault(
        "REFUND_UNLINKED",
        "story",
        "a refund names an RRN that nobody has, or a sale of another merchant",
        "short, the refund, first seen when no journal up to its date is missing",
    ),
    Fault(
        "REFUND_EXCESS",
        "story",
        "one refund, or two parts together, exceed the sale, by a fen or by much",
        "short, the excess, on the refund that exceeds, first seen when it, those before it and the sale are known",
    ),
    Fault(
        "REFUND_DUPLICATE",
        "story",
        "the same amount is refunded again: beyond the sale, or within 10 minutes (exactly 10 too)",
        "short, the whole second refund, first seen as for REFUND_EXCESS",
    ),
    Fault(
        "PREAUTH_NOT_COMPLETED",
        "story",
        "a pre-authorisation is never ended, or completed or cancelled after its days are over (recon.toml: 3)",
        "none, its amount, first seen on its date + 4 when no journal up to its date + 3 is missing; cleared by "
        "its end",
    ),
    Fault(
        "PREAUTH_EXCESS",
        "story",
        "a completion above 115 % of its pre-authorisation, by a fen or up to twice of it",
        "long, what lies above floor(115 %), on the completion, first seen when both journals are loaded",
    ),
    Fault(
        "CHARGEBACK",
        "story",
        "A takes a sale back, in part or whole; may claim it again; may take it back a second time; the line names the "
        "sale by original_rrn or order number, beside a number of its own, the sale's, or none",
        "short, the line's gross, key the sale's RRN; cleared by the file of the representment, listed again (a row of "
        "its own) with the second chargeback",
    ),
    Fault(
        "AMBIGUOUS_MATCH",
        "story",
        "two cards that end in the same four digits buy for the same amount within a minute, and A's lines (or the "
        "only one of them) bear no RRN, batch, STAN, authorisation code or first six digits",
        "none, each such line's gross, key its payout and line, first seen when line and journals are loaded; both "
        "sales wait",
    ),
    Fault(
        "WEAK_KEYS",
        "noise",
        "A's line of a card sale bears no RRN, batch or STAN; some no authorisation code or first six digits either",
        "nothing: authorisation code, last four and amount decide, or terminal, last four, amount and minute",
    ),
    Fault(
        "ADJUSTMENT_UNEXPLAINED",
        "line",
        "A books a credit or debit that names a sale in order, by RRN, original_rrn or order number, or names nothing",
        "long for a credit, short for a debit, its gross, first seen when loaded",
    ),
    Fault(
        "ADJUSTMENT",
        "line",
        "six days after a sale with an open exception A books what makes it good; every third time a fen more",
        "the exception is cleared by the adjustment's file; a fen off, it stays, with ADJUSTMENT_UNEXPLAINED beside it",
    ),
    Fault(
        "FEE_VARIANCE",
        "row",
        "A charges a fen more or less than the contract, half a percent more, another card type's rate, or ignores the "
        "cap; net and payout follow",
        "short where too much was charged, else long, the difference, first seen when loaded",
    ),
    Fault(
        "NET_BREAK",
        "payout",
        "a payout declares, and the bank pays, more or less than the sum of its lines",
        "short or long, the difference, on the PAYOUT line, first seen when loaded",
    ),
    Fault(
        "BALANCE_BREAK",
        "file",
        "a statement opens with another balance than the one before it closed with",
        "none, the difference, first seen when both statements are loaded",
    ),
    Fault(
        "RESTATED",
        "file",
        "an acquirer's file comes in time with up to three lines wrong (too much, too little, an unknown number) and "
        "again the next day, corrected, under the same name",
        "AMOUNT_OVER, AMOUNT_UNDER and NOT_IN_JOURNAL, each cleared by the corrected file; all else stays as it is",
    ),
    *(
        Fault(name, "trouble", injected, f"nothing by itself; signals.csv says that {told} is to be told", judged=False)
        for name, injected, told in (
            ("OUTAGE", "WeChat answers nothing for 40 minutes of an evening", "CHANNEL_INCIDENT"),
            ("DRIFTING_CLOCK", "a terminal's clock goes ahead by 25 seconds more each day", "TERMINAL_HEALTH"),
            ("DYING_NETWORK", "every third sale of a terminal gets no answer, some leave no record", "TERMINAL_HEALTH"),
            ("REFUND_FRAUD", "a cashier refunds nine small sales within an afternoon", "UNUSUAL_PATTERN"),
            ("CARD_TESTING", "24 cards are tried with small amounts within an hour", "UNUSUAL_PATTERN"),
            ("ONE_CARD", "one card pays nine times on one day", "UNUSUAL_PATTERN"),
            ("AT_NIGHT", "a terminal sells at three in the morning", "UNUSUAL_PATTERN"),
            ("BELOW_LIMIT", "nine sales a little below 1,000.00", "UNUSUAL_PATTERN"),
            ("SILENT", "nobody uses a terminal any more", "TERMINAL_HEALTH"),
            ("OPEN_BATCH", "a terminal closes no batch any more", "TERMINAL_HEALTH"),
        )
    ),
)
NAMES = tuple(fault.name for fault in CATALOGUE)
ROW_LEVEL = frozenset(fault.name for fault in CATALOGUE if fault.strikes in ("row", "story", "line"))
_MOST_FAULTY = Decimal("0.1")


def wanted_faults(text: str) -> frozenset[str]:
    """Read `none`, or names separated by commas; `all` are those a night finds, and a rate alone means them too.

    ValueError names the valid ones.
    """
    words = frozenset(word for word in _words(text) if not word[:1].isdigit()) or {"all"}
    unknown = sorted(words - {"all", *NAMES}) if words != {"none"} else []
    if unknown:
        raise ValueError(f"unknown fault {', '.join(map(repr, unknown))}; valid: all, none, {', '.join(NAMES)}")
    judged = {fault.name for fault in CATALOGUE if fault.judged and "all" in words}
    return frozenset((words & {*NAMES}) | judged)


def fault_rate(text: str) -> Decimal | None:
    """Read the number among the words, if any: the share of rows that is to be faulty, more than 0 and at most 0.1."""
    rates = [word for word in _words(text) if word[:1].isdigit()]
    try:
        values = [Decimal(rate) for rate in rates]
    except InvalidOperation:
        values = [Decimal(0)]
    if len(values) > 1 or not all(0 < value <= _MOST_FAULTY for value in values):
        raise ValueError(f"fault rate {','.join(rates)!r}: give one number above 0, at most {_MOST_FAULTY}, like 0.01")
    return values[0] if values else None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]
