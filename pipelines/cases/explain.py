"""Breaks as people read them: one sentence with both amounts, the keys, and where each record stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import islice, repeat
from typing import Any

import polars as pl

from pipelines.cases import sentences
from pipelines.cases.payout_words import net_words, payout_words
from pipelines.cases.register import Break, Evidence, exception_id
from pipelines.checks.balances import Gap, Statement
from pipelines.money import money_text as _money_text
from pipelines.row_ids import LINES_PER_FILE, line_of

BASES = (
    *("type", "journal_row_id", "settlement_row_id", "bank_row_id"),
    *("acquirer", "payout_id", "currency", "merchant_id", "rrn", "order_no"),
)
"""By what a break is known."""

Names = Mapping[int, tuple[str, str]]
"""Source and file name by file_id."""

REVIEWED = frozenset(
    {
        *("DUPLICATE_CHARGE", "REFUND_UNLINKED", "REFUND_EXCESS", "REFUND_DUPLICATE"),
        *("PREAUTH_NOT_COMPLETED", "PREAUTH_EXCESS"),
    }
)
"""Types judged on the journal alone, beside what its matching says."""

ON_JOURNAL = REVIEWED | {"NOT_SETTLED", "REFUND_NOT_SETTLED", "VOID_NOT_SETTLED", "REVERSAL_NOT_SETTLED"}


money_text = lru_cache(100_000)(_money_text)
"""Many breaks of a night are of one amount."""


def place(side: str, row_id: int, names: Names) -> Evidence:
    """File and line of a stored row."""
    return Evidence(side, names[row_id // LINES_PER_FILE][1], line_of(row_id))


def reference(row: Mapping[str, Any]) -> str:
    """The key a person would look for."""
    for key, label in (
        ("rrn", "RRN"),
        ("order_no", "order"),
        ("payout_id", "payout"),
        ("bank_ref", "bank reference"),
    ):
        if row.get(key):
            return f"{label} {row[key]}"
    return "no reference"


def identified(breaks: pl.DataFrame, names: Names, known_as: Mapping[int, tuple[str, ...]] = {}) -> pl.DataFrame:
    """Breaks with their `exception_id`, in its order; of several with one id the last.

    known_as: what bank entries (row ids) are known by that the register knows by another entry's place.
    """
    told = {name: breaks[name].to_list() if name in breaks.columns else repeat(None) for name in BASES}
    rows = islice(zip(*told.values(), strict=False), breaks.height)
    ids = [exception_id(row[0], known_as.get(row[3] or 0) or _basis(row, names)) for row in rows]
    found = breaks.with_columns(exception_id=pl.Series(ids, dtype=pl.String))
    return found.unique("exception_id", keep="last").sort("exception_id")


def to_break(row: Mapping[str, Any], names: Names) -> Break:
    """One row of `identified` breaks as a Break: sentence and evidence."""
    kind = row["type"]
    evidence, words = _evidence(row, names), _words(row)
    perhaps, perhaps_zh = _perhaps(row)
    return Break(
        type=kind,
        exception_id=row["exception_id"],
        amount_minor=int(row["amount_minor"]),
        direction=row["direction"],
        explanation=sentences.ENGLISH[row.get("sentence") or kind].format(**words) + perhaps,
        explanation_zh=sentences.CHINESE[row.get("sentence") or kind].format(**words) + perhaps_zh,
        currency=row.get("settlement_currency") if kind == "CURRENCY_MISMATCH" else row["currency"],
        business_date=row.get("business_date"),
        acquirer=row.get("acquirer"),
        merchant_id=row.get("merchant_id"),
        terminal_id=row.get("terminal_id"),
        rrn=row.get("rrn"),
        order_no=row.get("order_no"),
        payout_id=row.get("payout_id"),
        bank_ref=row.get("bank_ref"),
        evidence=evidence,
    )


def _basis(row: Sequence[Any], names: Names) -> tuple[str, ...]:
    """Payouts are known by their id, every other row by the source, file and line it stands in. row: in BASES."""
    kind, journal, settlement, bank, acquirer, payout, currency, merchant, rrn, order = row
    if kind in ("DEPOSIT_MISSING", "DEPOSIT_AMOUNT_DIFF", "NET_BREAK"):
        return ("payout", str(acquirer), str(payout), str(currency))
    if kind == "CHARGEBACK":
        return ("chargeback", str(acquirer), str(merchant), str(rrn or order))
    where = journal if kind in ON_JOURNAL else bank if settlement is None else settlement
    return basis_of(where, names)


def basis_of(row_id: int, names: Names) -> tuple[str, ...]:
    """What a row is known by: source, file, and line or place in it."""
    source, name = names[row_id // LINES_PER_FILE]
    return (source, name, str(row_id % LINES_PER_FILE))


def _evidence(row: Mapping[str, Any], names: Names) -> tuple[Evidence, ...]:
    found = [
        place(side, row[f"{side}_row_id"], names)
        for side in ("journal", "settlement", "bank")
        if row.get(f"{side}_row_id") is not None and not (side == "settlement" and row.get("payout_rows"))
    ]
    found += [place("journal", candidate, names) for candidate in row.get("candidates") or ()]
    found += [place("journal", sale, names) for sale in row.get("sale_rows") or ()]
    found += [place("settlement", line, names) for line in row.get("settled_rows") or ()]
    other = "settlement" if row["type"] in ON_JOURNAL else "journal"
    found += [place(other, meant, names) for meant in row.get("meant") or ()]
    found += [place("settlement", payout, names) for payout in row.get("payout_rows") or ()]
    found += [place("bank", entry, names) for entry in row.get("bank_rows") or ()]
    return tuple(found)


def _perhaps(row: Mapping[str, Any]) -> tuple[str, str]:
    """What is added where records of the other side may be meant, though only amount and time speak for it."""
    meant = len(row.get("meant") or ())
    if not meant:
        return "", ""
    return sentences.PERHAPS.format(meant=meant), sentences.PERHAPS_ZH.format(meant=meant)


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    currency = row["currency"] or ""
    amount = int(row["amount_minor"])
    mine, theirs = row.get("journal_amount_minor"), row.get("settlement_amount_minor")
    payout, bank = row.get("payout_minor"), row.get("bank_minor")
    less = "less" if row["direction"] == "short" else "more"
    return {
        "amount": money_text(amount, currency),
        "zero": money_text(0, currency),
        "mine": money_text(abs(amount if mine is None else mine), row.get("journal_currency") or currency),
        "theirs": money_text(abs(amount if theirs is None else theirs), row.get("settlement_currency") or currency),
        "payout_amount": money_text(payout or 0, currency),
        "bank_amount": money_text(bank or 0, currency),
        "less": less,
        "less_zh": "少" if less == "less" else "多",
        "way": "from" if row["direction"] == "long" else "to",
        "way_zh": "来自" if row["direction"] == "long" else "支付给",
        "day": str(row.get("business_date") or "an unknown day"),
        "due": str(row.get("due") or ""),
        "acquirer": row.get("acquirer") or "the acquirer",
        "payout": str(row.get("payout_id") or ""),
        **payout_words(row),
        "found": str(row.get("found") or ""),
        "other": str(row.get("other_ref") or "no reference"),
        "whole": money_text(row.get("refund_minor") or 0, currency),
        "original": money_text(row.get("original_minor") or 0, currency),
        "reason": str(row.get("reason_code") or "not given"),
        "ref": reference(row),
        **(net_words(row) if row["type"] == "NET_BREAK" else {}),
    }


def balance_break(gap: Gap) -> Break:
    """A statement that does not open with what the one before it closed with: the one between them is missing."""
    before, after = gap.before, gap.after
    words = {
        "account": after.account,
        "opening": money_text(after.opening or 0, after.currency),
        "closing": money_text(before.closing or 0, after.currency),
        "difference": money_text(abs(gap.difference), after.currency),
        "after": _statement(after),
        "before": _statement(before),
    }
    missing, missing_zh = _missing(gap)
    return Break(
        type="BALANCE_BREAK",
        exception_id=exception_id(
            "BALANCE_BREAK", (after.account, after.currency, after.last_day.isoformat(), str(after.opening))
        ),
        amount_minor=abs(gap.difference),
        direction="none",
        currency=after.currency,
        business_date=after.last_day,
        bank_ref=after.account,
        explanation=sentences.ENGLISH["BALANCE_BREAK"].format(**words, missing=missing),
        explanation_zh=sentences.CHINESE["BALANCE_BREAK"].format(**words, missing=missing_zh),
        evidence=(Evidence("bank", before.file, before.line), Evidence("bank", after.file, after.line)),
    )


def _statement(found: Statement) -> str:
    return f"{found.last_day} ({', '.join(filter(None, (found.statement, found.file)))})"


def _missing(gap: Gap) -> tuple[str, str]:
    """Which statement is not there, as far as the two around it tell."""
    last, first = gap.before.last_day, gap.after.first_day
    match gap.missing:
        case ():
            return "a statement or a page between the two", "两份之间的对账单或其中一页"
        case (day,):
            return f"the statement of {day}", f"{day} 的对账单"
        case _:
            return f"the statements after {last} and before {first}", f"{last} 之后、{first} 之前的对账单"


def adjustment_unexplained(row: Mapping[str, Any], linked: Break | None, names: Names) -> Break:
    """An adjustment that no open exception explains, linked to the one that it names for another amount."""
    found = to_break(row, names)
    if linked is None:
        return found
    theirs = money_text(linked.amount_minor, linked.currency or found.currency or "")
    english = f" It names the open {linked.type} of {theirs} ({linked.exception_id}), another amount."
    chinese = f"它所指的未结异常 {linked.type} 金额为 {theirs}（{linked.exception_id}），金额不符。"
    return replace(
        found,
        explanation=found.explanation + english,
        explanation_zh=found.explanation_zh + chinese,
        evidence=(*found.evidence, *linked.evidence),
    )


def file_late(source: str, day: date, what: str, acquirer: str | None) -> Break:
    """A file that was expected and has not arrived. acquirer: whose file it is, if one's."""
    return Break(
        type="FILE_LATE",
        exception_id=exception_id("FILE_LATE", (source, day.isoformat())),
        amount_minor=0,
        direction="none",
        business_date=day,
        acquirer=acquirer,
        explanation=f"The {what} file of {source} for {day} has not arrived; what depends on it is waiting.",
        explanation_zh=f"{source} {day} 的文件（{what}）尚未到达；依赖它的记录继续等待。",
    )


def file_invalid(source: str | None, name: str, error: str, day: date | None, acquirer: str | None) -> Break:
    """A file that was refused as a whole."""
    return Break(
        type="FILE_INVALID",
        exception_id=exception_id("FILE_INVALID", (source or "", name)),
        amount_minor=0,
        direction="none",
        business_date=day,
        acquirer=acquirer,
        explanation=f"The file {name} was refused and none of it is used: {error}.",
        explanation_zh=f"文件 {name} 被整体拒收，未使用其中任何内容：{error}。",
        evidence=(Evidence("file", name, 1),),
    )


def row_rejected(row: Mapping[str, Any], day: date | None) -> Break:
    """One line that was refused while the rest of its file is used; `turn`: which one of several rows on the line."""
    amount, currency = row["amount_minor"], row["currency"]
    again = () if row["turn"] == 1 else (str(row["turn"]),)
    return Break(
        type="ROW_REJECTED",
        exception_id=exception_id("ROW_REJECTED", (row["source"], row["file"], str(row["line"]), *again)),
        amount_minor=abs(amount or 0),
        direction="none",
        currency=currency,
        business_date=day,
        explanation=f"Line {row['line']} of {row['file']} was refused, the rest of the file is used: {row['reason']}.",
        explanation_zh=f"{row['file']} 第 {row['line']} 行被拒收，文件其余部分已使用：{row['reason']}。",
        evidence=(Evidence(row["side"], row["file"], row["line"]),),
    )
