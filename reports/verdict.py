"""The verdict of a night as one sentence in English and Chinese, the same on the page and in the mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reports.grouping import worth
from reports.model import FileRow, Report, TypeGroup

_NAMED = 3


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str


def sentence(report: Report) -> Words:
    """Say whether the night can be trusted, then how it went: no amount stands before a missing file."""
    if report.period:
        return _of_period(report)
    day = report.business_date.isoformat()
    if report.verdict == "FAILED":
        return Words(
            f"FAILED: {day} was not reconciled; nothing was published and the last good state is kept.",
            f"失败：{day} 未完成对账；未发布任何结果，保留上一次的正确状态。",
        )
    found = _found(report)
    if report.verdict == "INCOMPLETE":
        lack = _lack(report)
        return Words(
            f"INCOMPLETE: {lack.en}; what did arrive for {day} is reconciled and proven; {found.en}.",
            f"不完整：{lack.zh}；{day} 已到部分对账完成并验证平衡；{found.zh}。",
        )
    return Words(f"{day}: reconciled and proven; {found.en}.", f"{day}：对账完成并验证平衡；{found.zh}。")


def _of_period(report: Report) -> Words:
    """Which of the nights were run, then how the last one left things."""
    ran, all_nights = sum(1 for night in report.nights if night.verdict), len(report.nights)
    found, lack = _found(report), _lack(report)
    behind = report.verdict == "INCOMPLETE"
    return Words(
        f"{report.period}: {ran} of {all_nights} nights reconciled and proven"
        + (f"; INCOMPLETE at its end: {lack.en}" if behind else "")
        + f"; {found.en}.",
        f"{report.period}：{all_nights} 晚中 {ran} 晚完成对账并验证平衡"
        + (f"；期末不完整：{lack.zh}" if behind else "")
        + f"；{found.zh}。",
    )


def _found(report: Report) -> Words:
    """Open exceptions and their worth, new and cleared ones."""
    new, cleared = count(report.new), count(report.cleared)
    when = Words("", "") if report.period else Words(" today", "今日")
    number = new + count(report.carried)
    if not number:
        return Words(
            "no open exceptions" + (f", {cleared:,} cleared{when.en}" if cleared else ""),
            "无未结异常" + (f"，{when.zh}核销 {cleared:,} 笔" if cleared else ""),
        )
    amounts = [amount.text for amount in worth((*report.new, *report.carried)) if amount.minor]
    noun = "exception" if number == 1 else "exceptions"
    return Words(
        f"{number:,} open {noun}"
        + (f" worth {listed(amounts, 'and', len(amounts))}" if amounts else "")
        + f": {new:,} new, {number - new:,} carried over; {cleared:,} cleared{when.en}",
        f"未结异常 {number:,} 笔"
        + (f"，合计 {'、'.join(amounts)}" if amounts else "")
        + f"：新增 {new:,} 笔，结转 {number - new:,} 笔；{when.zh}核销 {cleared:,} 笔",
    )


def _lack(report: Report) -> Words:
    """Which inputs are missing or were refused."""
    refused = [row for row in report.files if row.state == "rejected"]
    parts = [words for words in (_missing(report.missing), _refused(refused)) if words]
    if not parts:
        return Words("inputs are incomplete", "输入文件不完整")
    return Words(" and ".join(part.en for part in parts), "，".join(part.zh for part in parts))


def _missing(rows: Sequence[FileRow]) -> Words | None:
    if not rows:
        return None
    keys = [row.key for row in rows]
    noun = "expected file is" if len(rows) == 1 else "expected files are"
    names_zh = "、".join(keys[:_NAMED]) + (" 等" if len(keys) > _NAMED else "")
    return Words(
        f"{len(rows):,} {noun} missing ({listed(keys, 'and')})",
        f"缺少 {len(rows):,} 个应到文件（{names_zh}）",
    )


def _refused(rows: Sequence[FileRow]) -> Words | None:
    if not rows:
        return None
    names = [row.name for row in rows]
    noun = "file was" if len(rows) == 1 else "files were"
    return Words(
        f"{len(rows):,} {noun} refused ({listed(names, 'and')})",
        f"拒收 {len(rows):,} 个文件（{'、'.join(names[:_NAMED])}{' 等' if len(names) > _NAMED else ''}）",
    )


def listed(texts: Sequence[str], conjunction: str, limit: int = _NAMED) -> str:
    """Join texts as in prose; past `limit` the rest is counted, not dropped: `a, b, c and 4 more`."""
    if len(texts) > limit:
        return f"{', '.join(texts[:limit])} {conjunction} {len(texts) - limit:,} more"
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"


def count(groups: Sequence[TypeGroup]) -> int:
    """Exceptions in all groups, shown or not."""
    return sum(group.count for group in groups)
