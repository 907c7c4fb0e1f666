"""The daily report as frozen data: everything the page, the mail and the JSON say, before anything is drawn.

Money is integer minor units with an ISO 4217 code beside it; signs are the merchant's (contract.md, Money).
Fields ending in `_zh` are the Chinese of the field before them; empty means there is only the one text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from reports.books import Bridge, FeeCheck, Money, Proof

Verdict = Literal["OK", "INCOMPLETE", "FAILED"]
FileState = Literal["loaded", "already loaded", "rejected", "missing"]
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One expected or arrived file: what happened to it in this run, or that it is still missing.

    `declared` and `computed` are control totals as text ("rows 120, gross 45,678.90"); `totals_agree` is None
    where the format declares none. `reason` is the one plain line for a refused file, or what waits for a
    missing one.
    """

    source: str
    name: str
    side: str
    state: FileState
    expected_for: date | None = None
    rows: int = 0
    rejected_rows: int = 0
    totals_agree: bool | None = None
    declared: str = ""
    computed: str = ""
    sha256: str = ""
    arrived_at: datetime | None = None
    reason: str = ""
    reason_zh: str = ""

    @property
    def key(self) -> str:
        """Source and date it is expected for, the key of FILE_LATE."""
        return f"{self.source} {self.expected_for}" if self.expected_for else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatedRow:
    """One row that a corrected file added, removed or changed, and what the register made of it.

    Amounts and lines are None on the side where the row is not; `changed` are the columns that differ.
    """

    change: str
    key: str
    currency: str
    changed: tuple[str, ...] = ()
    old_line: int | None = None
    new_line: int | None = None
    old_minor: int | None = None
    new_minor: int | None = None
    meaning: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A corrected file beside what it replaced, in one currency; `rows` are the largest of the differences."""

    file: str
    replaced: str
    source: str
    currency: str
    old_rows: int
    new_rows: int
    added: int
    removed: int
    changed: int
    old_minor: int
    new_minor: int
    rows: tuple[RestatedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A file that a person took back, who and why."""

    file: str
    source: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows accepted in this run by side, and rows refused by the schemas."""

    journal: int = 0
    settlement: int = 0
    bank: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class MatchRate:
    """How much of what could be matched is matched, per leg and currency."""

    leg: str
    currency: str
    rows_matched: int
    rows_total: int
    amount_matched_minor: int
    amount_total_minor: int


@dataclass(frozen=True, slots=True)
class MatchRule:
    """Pairs or groups that one rule made, per leg and currency; `amount_minor` is their value."""

    leg: str
    rule: str
    currency: str
    count: int
    amount_minor: int


class Evidence(NamedTuple):
    """Where a record of an exception stands: side, file and line as in an editor (None: the whole file)."""

    side: str
    file: str
    line: int | None = None


class ExceptionItem(NamedTuple):
    """One exception of the register; a report may hold very many.

    Its fields are those of `recon exceptions --json`, and a few the page adds. Empty `next_action` and `contact` mean
    the policy's. `resolution` says how a cleared one was settled; `parent_id` is the incident it belongs to; `owner`
    works on it. `fee_contract`, `fee_cause`: the fee of the contract that a FEE_VARIANCE is claimed by, in words, and
    what went wrong.
    """

    exception_id: str
    type: str
    status: str
    severity: str
    leg: str
    business_date: date
    first_seen: date
    age_days: int
    amount_minor: int
    currency: str
    direction: str = "none"
    due_date: date | None = None
    acquirer: str = ""
    merchant_id: str = ""
    terminal_id: str = ""
    rrn: str = ""
    order_no: str = ""
    payout_id: str = ""
    bank_ref: str = ""
    explanation: str = ""
    explanation_zh: str = ""
    next_action: str = ""
    next_action_zh: str = ""
    contact: str = ""
    contact_zh: str = ""
    evidence: tuple[Evidence, ...] = ()
    merchant_name: str = ""
    owner: str = ""
    parent_id: str = ""
    fee_contract: str = ""
    fee_cause: str = ""
    resolution: str = ""
    resolution_zh: str = ""


@dataclass(frozen=True, slots=True)
class TypeGroup:
    """All exceptions of one type in one section; where `items` holds fewer than `count`, the page says so."""

    type: str
    count: int
    totals: tuple[Money, ...]
    items: Sequence[ExceptionItem] = ()


@dataclass(frozen=True, slots=True)
class AgeCell:
    """Open exceptions of one currency in one bucket of `grouping.BUCKETS`."""

    bucket: int
    currency: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows on their way (TIMING) of one acquirer, business date and currency; they wait up to run `until`."""

    acquirer: str
    business_date: date
    currency: str
    count: int
    amount_minor: int
    until: date | None = None
    reason: str = ""
    reason_zh: str = ""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What the runs of one date decided on a leg in a currency, and how much of it was matched without a break."""

    day: date
    leg: str
    currency: str
    rows_matched: int
    rows_total: int
    amount_matched_minor: int
    amount_total_minor: int


@dataclass(frozen=True, slots=True)
class NightLine:
    """One date of a week or month: how its last run ended, and what its runs opened and cleared; verdict "": no run."""

    day: date
    verdict: Verdict | Literal[""]
    opened: int = 0
    cleared: int = 0
    rows_matched: int = 0
    rows_total: int = 0


@dataclass(frozen=True, slots=True)
class BreakSource:
    """A terminal (or a shop without one) and the exceptions that were opened about it; incidents count no money."""

    acquirer: str
    merchant_id: str
    terminal_id: str
    currency: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One line the schemas refused: as it stands in its file, card numbers masked."""

    file: str
    line: int
    side: str
    reason: str
    raw: str
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One night, complete. `open` exceptions are `new` and `carried` together; `top` is what to do first.

    `versions` are (name, version) pairs for the footer: software, rules, configuration. `outputs` are paths
    of the reports written (html, xlsx, json), `seconds` the timings by step; both speak only in the JSON.
    `trend` is that of the last 30 days; `scope` names the acquirers or shops that a narrowed copy is about.
    A summary of several nights has a `period` (2026-W10, 2026-03), its `nights` and where its breaks come from; its
    `new` and `cleared` are those of the period, all else is as of its last night.
    """

    run_id: str
    business_date: date
    generated_at: datetime
    verdict: Verdict
    failure: str = ""
    files: tuple[FileRow, ...] = ()
    still_missing: tuple[FileRow, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()
    rows: RowCounts = field(default_factory=RowCounts)
    bridges: tuple[Bridge, ...] = ()
    proof: Proof = field(default_factory=Proof)
    fee_checks: tuple[FeeCheck, ...] = ()
    match_rates: tuple[MatchRate, ...] = ()
    match_rules: tuple[MatchRule, ...] = ()
    top: tuple[ExceptionItem, ...] = ()
    new: tuple[TypeGroup, ...] = ()
    cleared: tuple[TypeGroup, ...] = ()
    carried: tuple[TypeGroup, ...] = ()
    ageing: tuple[AgeCell, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    rejects: tuple[RejectedLine, ...] = ()
    scope: str = ""
    period: str = ""
    nights: tuple[NightLine, ...] = ()
    break_sources: tuple[BreakSource, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_rss_mb: int = 0
    row_limit: int = 500
    language: Language = "en"

    @property
    def title(self) -> str:
        """The business date, or the week or month."""
        return self.period or self.business_date.isoformat()

    @property
    def since(self) -> date:
        """First date on which what is found counts as new."""
        return self.nights[0].day if self.nights else self.business_date

    @property
    def missing(self) -> tuple[FileRow, ...]:
        """Every file that should be here and is not: expected by this run first, then by earlier ones."""
        return tuple(row for row in self.files if row.state == "missing") + self.still_missing
