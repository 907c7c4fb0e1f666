"""A declaration as the layout that reads its files."""

from __future__ import annotations

from functools import cache

from pipelines.sources.declared.checks import unsigned
from pipelines.sources.declared.groups import given_columns, place
from pipelines.sources.declared.known import SPLIT, kind_of
from pipelines.sources.declared.model import Declaration
from pipelines.sources.declared.ready import ready_table
from pipelines.sources.declared.tables import Columns
from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import (
    ISO_DATES,
    ISO_TIMES,
    Amounts,
    Field,
    Given,
    Ignored,
    Layout,
    RowKind,
)
from pipelines.sources.slots import Slot


@cache
def ready_profile(name: str) -> Delimited:
    """A ready profile as a reader."""
    return profile_of(Declaration.model_validate({"name": name, **ready_table(name)}))


def profile_of(declared: Declaration) -> Delimited:
    """The declared profile as a reader."""
    return Delimited(
        Layout(
            profile=declared.name,
            side=declared.side,
            fields=_fields(declared),
            delimiter=declared.delimiter,
            encoding=declared.encoding,
            exact="encoding" in declared.model_fields_set or declared.format == "fixed",
            sheet=declared.sheet,
            quote=declared.quote or None,
            header=declared.header and declared.format == "delimited",
            preamble=declared.preamble,
            amounts=_amounts(declared),
            trailer="|".join(f"(?:{pattern})" for pattern in declared.trailer) or None,
            trailer_required=bool(declared.trailer) and declared.trailer_required,
            footer=declared.footer,
            blank_rows=True,
            ragged=declared.ragged,
            pattern=declared.pattern,
            format=declared.format,
            slots={name: Slot(first, length) for name, (first, length) in declared.places.items()},
            width=declared.width,
            head=declared.head,
            strip=declared.strip,
            blanks=declared.blanks or (),
            batches=declared.batch_totals,
            kinds=tuple(RowKind(kind.line, _fields_of(kind, declared)) for kind in declared.kinds),
            ignored=tuple(
                Ignored(rule.reason, rule.line, rule.column, rule.words or (), rule.counted) for rule in declared.ignore
            ),
        )
    )


def _amounts(declared: Declaration) -> Amounts:
    direction = declared.direction
    return Amounts(
        unit=declared.unit,
        decimal=declared.decimal,
        thousands=declared.thousands,
        sign=declared.sign,
        direction=direction.column if direction else None,
        plus=direction.plus if direction else (),
        minus=direction.minus if direction else (),
        marks=declared.marks or (),
        negative=declared.minus,
    )


def _fields(declared: Declaration) -> dict[str, Field]:
    given = {name: _field(name, declared, declared, (Given(name),)) for name in sorted(given_columns(declared))}
    return given | _fields_of(declared, declared)


def _fields_of(table: Columns, declared: Declaration) -> dict[str, Field]:
    """The columns of the profile or of one kind of its rows."""
    found = {name: _field(name, table, declared) for name in table.constants}
    for name, source in table.columns.items():
        found[name] = _field(name, table, declared, tuple(place(one) for one in source))
    for name, terms in table.sums.items():
        signed = [unsigned(term) for term in terms]
        found[name] = Field("amount", tuple(one for _, one in signed), signs=tuple(sign for sign, _ in signed))
    if table.split:
        both = (table.split.credit, table.split.debit)
        found[SPLIT[declared.side]] = Field("amount", both, signs=(1, -1), alone=True)
    return found


def _field(name: str, table: Columns, declared: Declaration, source: tuple[str | int | Given, ...] = ()) -> Field:
    kind = kind_of(declared.side, name)
    formats: tuple[str, ...] = table.formats.get(name, ()) or declared.formats.get(name, ())
    if not formats and kind in ("date", "datetime"):
        formats = ISO_DATES if kind == "date" else ISO_TIMES
    return Field(
        kind,
        source,
        None if source else table.constants.get(name),
        formats,
        table.codes.get(name) or declared.codes.get(name, {}),
        table.defaults.get(name) or declared.defaults.get(name),
    )
