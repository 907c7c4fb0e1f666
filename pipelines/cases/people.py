"""Who somebody is, and how much they may approve, by `[[people]]` of recon.toml."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.case_settings import Person, same_name
from pipelines.cases.workflow import Allowed, Case, IllegalError, Move
from pipelines.money import money_text, to_minor


def person(people: Sequence[Person], word: str) -> str:
    """The name of the person that a name or login means; as it was written where recon.toml lists nobody.

    IllegalError for somebody who is not listed.
    """
    if not people:
        return word
    for each in people:
        if same_name(word) in {same_name(each.name), same_name(each.login or each.name)}:
            return each.name
    names = ", ".join(each.name for each in people)
    raise IllegalError(f"{word}: is none of the [[people]] of recon.toml; there are {names}")


def limits(people: Sequence[Person]) -> Allowed:
    """Who may approve how much. Where recon.toml lists nobody, every second person may approve everything."""
    by_name = {same_name(each.name): each for each in people}

    def allowed(case: Case, move: Move) -> None:
        if people:
            _check(by_name[same_name(move.actor)], case)

    return allowed


def _check(who: Person, case: Case) -> None:
    amount, currency = case.proposed_minor or 0, case.currency or ""
    if case.remedy not in who.remedies:
        told = f"{who.name} may not approve a {case.remedy}; only {', '.join(who.remedies) or 'nothing'}"
        raise IllegalError(f"{case.exception_id}: {told}")
    if not who.may_approve:
        raise IllegalError(f"{case.exception_id}: {who.name} may approve nothing; see may_approve in recon.toml")
    if amount == 0:
        return
    if currency not in who.may_approve:
        told = f"{who.name} may approve nothing in {currency or 'no currency'}; see may_approve in recon.toml"
        raise IllegalError(f"{case.exception_id}: {told}")
    limit = to_minor(who.may_approve[currency], currency)
    if amount > limit:
        told = f"{money_text(amount, currency)} is above the {money_text(limit, currency)} that {who.name} may approve"
        raise IllegalError(f"{case.exception_id}: {told}; ask somebody who may approve more")
