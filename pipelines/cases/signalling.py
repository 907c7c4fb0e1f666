"""Signals and incidents as exceptions: the sentence, the money behind it, and where the records stand. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.cases import signal_sentences as words
from pipelines.cases.explain import Names, place
from pipelines.cases.register import Break, Evidence, exception_id
from pipelines.checks.incidents import Crowd
from pipelines.checks.patterns import BY_NAME, GIVEN, PATTERN, Hit
from pipelines.checks.summaries import is_below, is_small, just_below, small
from pipelines.money import money_text
from pipelines.signal_settings import Signals

MOST_EVIDENCE = 20
"""Records that a signal or incident names, in order of time; the views hold them all."""

APPROVED, SALE = pl.col("status") == "APPROVED", pl.col("txn_type").is_in(["SALE", "PREAUTH_COMPLETION"])


@dataclass(frozen=True)
class Since:
    """The exception that a hit belongs to: the day it began, how many days were told before, and their money."""

    first: date
    times: int = 0
    amount_minor: int = 0
    currency: str | None = None


def behind(hit: Hit, rows: pl.DataFrame, settings: Signals) -> pl.DataFrame:
    """The journal rows that a hit is about. rows: those of its terminal or merchant on its day, in order of time."""
    mine = rows.filter(_own(hit) & (pl.col("business_date") == hit.day))
    match hit.kind:
        case "small_payments":
            return mine.filter(APPROVED & SALE & is_small(mine["currency"].unique(), settings))
        case "below_limit":
            return mine.filter(APPROVED & SALE & is_below(mine["currency"].unique(), settings))
        case "odd_hours":
            return mine.filter(APPROVED & SALE & pl.col("txn_time").dt.hour().is_in(list(hit.hours)))
        case "trace_gaps":
            return _after_gaps(mine)
        case "open_batch" | "clock" | "silence":
            return pl.concat([mine.head(1), mine.tail(1)]).unique("row_id", maintain_order=True)
        case _:
            return mine.filter(_WHICH[hit.kind])


_WHICH = {
    "declines": pl.col("status") == "DECLINED",
    "timeouts": pl.col("status") == "TIMEOUT",
    "reversals": APPROVED & (pl.col("txn_type") == "REVERSAL"),
    "refunds": APPROVED & (pl.col("txn_type") == "REFUND"),
    "voids": APPROVED & (pl.col("txn_type") == "VOID"),
    "same_card": pl.lit(value=True),
}


def _own(hit: Hit) -> pl.Expr:
    told = {"terminal_id": hit.terminal_id, "operator_id": hit.operator_id, "card_no": hit.card_no}
    if hit.unit or hit.kind in GIVEN or hit.card_no:
        told["merchant_id"] = hit.merchant_id
    return pl.all_horizontal(pl.col(name) == value for name, value in told.items() if value is not None)


def _after_gaps(rows: pl.DataFrame) -> pl.DataFrame:
    stan = pl.col("stan").str.to_integer(strict=False)
    ordered = rows.with_columns(stan_no=stan).drop_nulls("stan_no").sort("stan_no", "row_id")
    return ordered.filter(pl.col("stan_no").diff().is_between(2, 1000)).sort("txn_time", "row_id").drop("stan_no")


def succeeded(rows: pl.DataFrame, hit: Hit, settings: Signals) -> int:
    """Approved payments after so many declines that they are worth a look."""
    mine = rows.filter(_own(hit) & (pl.col("business_date") == hit.day))
    declined = mine.filter(_WHICH["declines"])["txn_time"].sort()
    if declined.len() < settings.fewest:
        return 0
    return mine.filter(APPROVED & SALE & (pl.col("txn_time") > declined[settings.fewest - 1])).height


def worth(concerned: pl.DataFrame) -> tuple[int, str | None]:
    """The money of rows in the currency of most of them."""
    if concerned.is_empty():
        return 0, None
    currency = min(Counter(concerned["currency"]).items(), key=lambda item: (-item[1], item[0]))[0]
    return int(concerned.filter(pl.col("currency") == currency)["amount_minor"].sum()), str(currency)


MONEYLESS = ("trace_gaps", "open_batch", "clock", "silence")
"""Signals that are about no money."""


def to_break(hit: Hit, rows: pl.DataFrame, since: Since, names: Names, settings: Signals) -> Break:
    """A hit as an exception. rows: as for `behind`."""
    concerned = behind(hit, rows, settings) if hit.terminals == 1 else rows.clear()
    amount, currency = (0, None) if hit.kind in MONEYLESS else worth(concerned)
    kind = BY_NAME[hit.kind]
    told = _words(hit, concerned, settings, amount, currency)
    told |= {"after": succeeded(rows, hit, settings) if hit.kind == "declines" else 0}
    again = {"times": since.times + 1, "first": since.first}
    english, chinese = (
        text[hit.kind].format(**told | {"who": who.format(**told)})
        for text, who in zip((words.ENGLISH, words.CHINESE), _who(hit), strict=True)
    )
    if since.times and hit.kind != "silence":
        english, chinese = english + words.AGAIN.format(**again), chinese + words.AGAIN_ZH.format(**again)
    ends = (words.PLAIN_REASON, words.PLAIN_REASON_ZH) if kind.type == PATTERN else (".", "。")
    before = since.amount_minor if since.currency in (None, currency) else 0
    return Break(
        type=kind.type,
        exception_id=exception_id(kind.type, (hit.kind, *hit.subject, since.first.isoformat())),
        amount_minor=amount + before,
        direction="none",
        explanation=english + ends[0],
        explanation_zh=chinese + ends[1],
        currency=currency,
        business_date=since.first,
        merchant_id=hit.merchant_id,
        terminal_id=hit.terminal_id,
        evidence=tuple(place("journal", row_id, names) for row_id in concerned["row_id"][:MOST_EVIDENCE]),
    )


def _who(hit: Hit) -> tuple[str, str]:
    if hit.terminals > 1:
        return words.WHO["everywhere"]
    if hit.operator_id:
        return words.WHO["cashier"]
    return words.WHO["terminal" if hit.terminal_id else "merchant"]


def _words(
    hit: Hit, concerned: pl.DataFrame, settings: Signals, amount: int, currency: str | None
) -> dict[str, object]:
    code = currency or "CNY"
    ahead, usual = hit.found >= 0, hit.usual >= 0
    signed = hit.kind == "clock"
    return {
        "terminal": hit.terminal_id, "merchant": hit.merchant_id or "—", "operator": hit.operator_id,
        "terminals": hit.terminals, "day": hit.day, "days": hit.days, "card": hit.card_no,
        "found": abs(hit.found), "of": hit.of, "usual": abs(hit.usual),
        "most": max(hit.most, 3) if hit.kind == "same_card" else hit.most,
        "way": "ahead of" if ahead else "behind", "way_zh": "快" if ahead else "慢",
        "usual_way": "ahead" if usual else "behind", "usual_way_zh": "快" if usual else "慢",
        "amount": money_text(amount, code), "small": money_text(small(settings, code), code),
        "percent": settings.below_limit_percent, "fewest": settings.fewest,
        "limits": ", ".join(money_text(limit, code) for _, limit in just_below(settings, code)),
        "from": f"{min(hit.hours, default=0):02d}:00", "to": f"{max(hit.hours, default=0) + 1:02d}:00",
        "refused": concerned.filter(pl.col("status") == "DECLINED").height,
        "batch": concerned["batch_no"].drop_nulls().last() if concerned.height and not signed else "",
    }  # fmt: skip


def incident(incident_id: str, crowd: Crowd, children: pl.DataFrame, names: Names) -> Break:
    """An incident as an exception. children: all of them (TIMES), in order of time."""
    sums: Counter[str] = Counter()
    for code, amount in children.select("currency", "amount_minor").drop_nulls().iter_rows():
        sums[code] += amount
    currency = min(Counter(children["currency"].drop_nulls()).items(), key=lambda item: (-item[1], item[0]))[0]
    acquirers, merchants = (children[name].drop_nulls().unique().to_list() for name in ("acquirer", "merchant_id"))
    types = Counter(children["type"])
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(types.items()))
    told = {
        "found": children.height, "of": max(crowd.of, children.height), "where": crowd.value,
        "day": crowd.first.date(), "from": f"{crowd.first:%H:%M}", "to": f"{crowd.last:%H:%M}",
        "amount": " + ".join(money_text(total, code) for code, total in sorted(sums.items())),
        "usual": crowd.usual, "most": crowd.most, "days": crowd.days,
    }  # fmt: skip
    return Break(
        type="CHANNEL_INCIDENT",
        exception_id=incident_id,
        amount_minor=sums[currency],
        direction="none",
        explanation=words.INCIDENT.format(**told, more=f" ({kinds})"),
        explanation_zh=words.INCIDENT_ZH.format(**told, more=f"（{kinds}）"),
        currency=currency,
        business_date=crowd.first.date(),
        acquirer=acquirers[0] if len(acquirers) == 1 else None,
        merchant_id=merchants[0] if len(merchants) == 1 else None,
        evidence=_places(children, names),
    )


def _places(children: pl.DataFrame, names: Names) -> tuple[Evidence, ...]:
    rows: Sequence[tuple[str, int, int]] = children.select("side", "file_id", "line").rows()
    return tuple(Evidence(side, names[file_id][1], line) for side, file_id, line in rows[:MOST_EVIDENCE])
