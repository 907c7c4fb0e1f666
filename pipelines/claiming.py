"""A customer complains: what fits is found and shown, and the claim is an exception and a case from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from pipelines import working
from pipelines.cases.claims import Candidate, Known, about_one, as_json, candidates_of, opened
from pipelines.cases.policies import Policies
from pipelines.cases.register import Entry, Event
from pipelines.cases.workflow import Case
from pipelines.config import RefusedError, Settings
from pipelines.deciding import Said
from pipelines.money import to_minor
from pipelines.registering import due_of
from pipelines.sources.pan import mask_text
from pipelines.store import Store, StoreError, anchors, books, casebook, casework, claims, entries, seals


@dataclass(frozen=True)
class Asked:
    """What somebody typed; amounts in major units."""

    kind: str
    amount: str
    about: datetime
    hours: int
    currency: str | None = None
    last4: str | None = None
    order_no: str | None = None
    rrn: str | None = None
    merchant_id: str | None = None
    terminal_id: str | None = None


def look(settings: Settings, asked: Asked) -> list[Candidate]:
    """Only what fits, nearest first."""
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        return claims.candidates(store, _known(store, asked))


def open_claim(settings: Settings, asked: Asked, number: int | None, said: Said) -> dict[str, Any]:
    """Open a claim; number: the candidate it is about, as `look` counts them."""
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        known = _known(store, asked)
        found = claims.candidates(store, known)
        chosen = found if number is None else [_of(found, number)]
        run_no, newest, _ = books.last_finished(store)
        if newest is None:
            raise StoreError("no night has been run yet; run `recon run --date …` first")
        ((last,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.case_events")
        claim = opened(known, chosen, int(last) + 1)
        words = {"act": "claim", "claim": as_json(known, found)}
        due = _keep(store, settings, Event("opened", Entry(claim, "open", newest)), words, said, run_no, newest)
    return {
        "exception_id": claim.exception_id,
        "status": "open",
        "due_date": due.isoformat() if due else None,
        "explanation": claim.explanation,
        "explanation_zh": claim.explanation_zh,
        "candidates": numbered(found),
        "chosen": number or (1 if len(found) == 1 else None),
    }


def choose(settings: Settings, key: str, number: int, said: Said) -> dict[str, Any]:
    """Say which of the payments a claim is about; from then on its records are those of that payment."""
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        rows = store.execute(
            "SELECT claim FROM book.case_events WHERE exception_id = ? AND act = 'claim' ORDER BY event_no", [key]
        )
        case = casebook.cases(store, [key]).get(key)
        if not rows or case is None:
            raise RefusedError(f"{key}: is no customer's claim; `recon case open` opens one")
        if case.state in ("resolved", "cleared"):
            raise RefusedError(f"{key}: choose is not possible while it is {case.state}; reopen it first")
        found = _of(candidates_of(rows[0][0]), number)
        entry = entries.newest(store, pl.Series([key]))[key]
        run_no, newest, _ = books.last_finished(store)
        assert newest is not None  # noqa: S101 - a claim is opened after a run
        event = Event("changed", replace(entry, break_=about_one(entry.break_, found)))
        _keep(store, settings, event, {"act": "choose"}, said, run_no, newest, case)
    return {"exception_id": key, "act": "choose", "chosen": number, "row": found.text}


def _keep(
    store: Store,
    settings: Settings,
    event: Event,
    words: dict[str, Any],
    said: Said,
    run_no: int,
    run_date: date,
    case: Case | None = None,
) -> date | None:
    """Write the register's event and the act, seal both, and show them."""
    found, policies = event.entry.break_, Policies.of(settings.policy)
    due = due_of(found, event.entry.first_seen, settings, policies)
    case = case or Case(found.exception_id, found.amount_minor, found.currency)
    told = {"acted_at": working.now(), "actor": said.actor, "reason": said.reason, **words}
    ((before,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    with store.transaction():
        entries.write(store, [event], {found.exception_id: due}, policies, run_no, run_date)
        acts = casebook.append(store, casebook.rows_of([(case, told)]))
        sealed = seals.seal(store)
    anchors.write(store)
    written = store.frame("SELECT * FROM book.exception_events WHERE event_no > ?", [int(before)])
    casework.tell(store, settings.paths.investigate, {"exception_events": written, "case_events": acts, **sealed})
    return due


def _known(store: Store, asked: Asked) -> Known:
    """What was typed, checked."""
    currency = asked.currency
    if currency is None:
        there = claims.currencies(store)
        if len(there) != 1:
            raise RefusedError(f"--currency is needed; the books hold {', '.join(there) or 'no money yet'}")
        (currency,) = there
    try:
        amount = to_minor(asked.amount, currency)
    except ValueError as error:
        raise RefusedError(f"--amount {asked.amount}: {error}; write it like 45.60") from None
    if amount <= 0:
        raise RefusedError(f"--amount {asked.amount}: write what the claim is about, more than nothing")
    if asked.last4 is not None and not (len(asked.last4) == 4 and asked.last4.isdecimal()):
        raise RefusedError("--last4: write the last four digits of the card, and no more of it")
    return Known(
        kind=asked.kind,
        amount_minor=amount,
        currency=currency,
        about=asked.about,
        hours=asked.hours,
        last4=asked.last4,
        **{name: _masked(getattr(asked, name)) for name in ("order_no", "rrn", "merchant_id", "terminal_id")},
    )


def _masked(word: str | None) -> str | None:
    return None if word is None else mask_text(word)


def _of(found: Sequence[Candidate], number: int) -> Candidate:
    if not 1 <= number <= len(found):
        raise RefusedError(f"candidate {number}: there are {len(found)}; `recon case open … --look` numbers them")
    return found[number - 1]


def numbered(found: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Candidates as JSON, counted from 1."""
    return [
        {
            "number": number,
            "row": each.text,
            "exact": each.exact,
            "evidence": [{"side": e.side, "file": e.file, "line": e.line} for e in each.evidence],
        }
        for number, each in enumerate(found, start=1)
    ]
