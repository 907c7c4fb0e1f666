"""What the auditor asks: whether the events are whole, which months are closed, what is to be learnt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines import closing, config
from pipelines.commands_people import said_by
from pipelines.money import money_text
from pipelines.store import Published, StoreError, anchors, looking, seals

DIMENSIONS = ("terminal", "merchant", "operator", "acquirer", "type", "cause")


class TamperedError(StoreError):
    """Events are not as they were sealed; the message names each, one line for one."""


def verify(config_path: Path, seal: str | None = None) -> dict[str, Any]:
    """Check the chain over all events of the store; TamperedError names what is not as it was sealed.

    seal: number and digest as a report tells them, which must be in the chain, too.
    """
    path = config.load(config_path).paths.store
    if not path.exists():
        raise StoreError(f"{path}: there is no store yet; run `recon run --date …` first")
    beside = anchors.named(path)
    with Published(path) as store:
        if "seals" not in store.frame("SELECT table_name FROM duckdb_tables()")["table_name"].to_list():
            raise StoreError(f"{path}: is of a version that sealed nothing yet; the next run does")
        every = store.frame("SELECT seal_no, digest FROM book.seals ORDER BY seal_no").rows()
        found = [*seals.broken(store, beside), *anchors.broken(path, every)]
        if seal is not None and not seals.is_there(store, seal):
            found.append(seals.Broken("seals", None, f"{seal!r} is not in the chain, though a report told it"))
        counts = dict(
            store.frame("SELECT stream, CAST(sum(event_count) AS BIGINT) FROM book.seals GROUP BY stream").rows()
        )
    if found:
        raise TamperedError("\n".join(_broken(each) for each in found))
    number, digest = every[-1] if every else (0, seals.FIRST)
    named = len(beside)
    return {"whole": True, "events": counts, "seals": number, "named_beside_the_store": named, "digest": digest}


def _broken(found: seals.Broken) -> str:
    which = "" if found.event_no is None else f" {found.event_no}"
    return f"{found.stream}{which}: {found.what}"


def verified_text(found: Mapping[str, Any]) -> str:
    """One or two lines."""
    events = ", ".join(f"{count:,} of {stream}" for stream, count in sorted(found["events"].items())) or "no events"
    return f"whole: {events}, {found['seals']:,} seals\nnewest seal {found['seals']}: {found['digest']}"


def close_period(config_path: Path, period: str, actor: str | None, reason: str) -> dict[str, Any]:
    """Close a month."""
    settings, said = said_by(config_path, actor, reason)
    return closing.close(settings, period, said)


def reopen_period(config_path: Path, period: str, actor: str | None, reason: str) -> dict[str, Any]:
    """Open a month again."""
    settings, said = said_by(config_path, actor, reason)
    return closing.reopen(settings, period, said)


def period_done(told: Mapping[str, Any]) -> str:
    """What became of the month."""
    closed = "closed: what comes later on it counts in the open month"
    return f"{told['period']} is {closed if told['act'] == closing.CLOSE else 'open again'}"


def list_periods(config_path: Path) -> list[dict[str, Any]]:
    """Closed months with their figures and what was news since."""
    with Published(config.load(config_path).paths.investigate) as published:
        looking.current(published)
        closed = published.frame("SELECT * EXCLUDE (event_no) FROM closed_periods ORDER BY period").to_dicts()
        figures = published.frame("SELECT * FROM period_figures ORDER BY ALL").to_dicts()
        news = published.frame("SELECT * FROM period_adjustments ORDER BY ALL").to_dicts()
    return [
        plain(row) | {"figures": _of(figures, row["period"]), "adjustments": _of(news, row["period"])} for row in closed
    ]


def _of(rows: list[dict[str, Any]], period: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in plain(row).items() if k != "period"} for row in rows if row["period"] == period]


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON holds it: dates and decimals as text."""
    told = {k: v.isoformat() if isinstance(v, date | datetime) else v for k, v in row.items()}
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in told.items()}


def periods_text(found: list[dict[str, Any]]) -> str:
    """Each closed month, its figures, and what counts in a later one."""
    lines = []
    for month in found:
        lines.append(
            f"{month['period']}  closed by {month['closed_by']}, {month['closed_at'][:16]} UTC: {month['reason']}"
        )
        for row in month["figures"]:
            closed, now = (money_text(row[f"{name}_minor"], row["currency"]) for name in ("closed", "now"))
            same = "" if row["adjustment_minor"] == 0 else f", now {now}"
            lines.append(f"    {row['figure']:<16} {row['rows_closed']:>9,} rows {closed:>20}{same}")
        for row in month["adjustments"]:
            amount = "" if row["currency"] is None else f"{money_text(row['adjustment_minor'], row['currency'])}, "
            what = f"{row['type']} {row['event']}" if row["what"] == "exception" else f"{row['file']} {row['event']}"
            lines.append(f"    {row['run_date']} {what}: {amount}counts in {row['counts_in']}")
    return "\n".join(lines) or "no month is closed"


def learn(config_path: Path, by: str, month: str | None, top: int) -> list[dict[str, Any]]:
    """Who or what makes most exceptions, by month: the view `lessons`, summed over types."""
    if month is not None:
        closing.days_of(month)
    with Published(config.load(config_path).paths.investigate) as published:
        looking.current(published)
        rows = published.frame(
            """
            SELECT month, name, currency, CAST(sum(breaks) AS BIGINT) AS breaks,
                   CAST(sum(amount_minor) AS BIGINT) AS amount_minor, CAST(sum(closed) AS BIGINT) AS closed,
                   CAST(sum(recovered_minor) AS BIGINT) AS recovered_minor,
                   max(median_days_to_close) AS slowest_median_days,
                   string_agg(type || ' ' || breaks, ', ' ORDER BY breaks DESC, type) AS types
            FROM lessons WHERE dimension = ? AND (? IS NULL OR month = ?)
            GROUP BY month, name, currency
            QUALIFY row_number() OVER (PARTITION BY month ORDER BY sum(breaks) DESC, sum(amount_minor) DESC, name) <= ?
            ORDER BY month DESC, breaks DESC, amount_minor DESC, name, currency
            """,
            [by, month, month, top],
        ).to_dicts()
    return [plain(row) for row in rows]


def lessons_text(found: list[dict[str, Any]]) -> str:
    """One line for each."""
    lines = []
    for row in found:
        money = money_text(row["amount_minor"], row["currency"]) if row["currency"] else "—"
        days = f", closed after {row['slowest_median_days']} days" if row["slowest_median_days"] is not None else ""
        what = "exception" if row["breaks"] == 1 else "exceptions"
        lines.append(
            f"{row['month']}  {row['name']:<28} {row['breaks']:>6,} {what:<10} {money:>18}  "
            f"{row['closed']:,} closed{days}  ({row['types']})"
        )
    return "\n".join(lines) or "nothing to learn from yet"
