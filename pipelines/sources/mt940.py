"""SWIFT MT940 (end of day statements) and MT942 (interim reports) as bank profiles.

Source: SWIFT MT940 and MT942. C and RD are credits, D and RC debits. `swift.py` says why no library reads them here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.money import EXPONENTS
from pipelines.sources import swift
from pipelines.sources.bank_rows import balance_frame, entry_frame, refusal_frame
from pipelines.sources.base import Context, Parsed, Side, SourceError
from pipelines.sources.swift_statement import Page, page_of
from pipelines.sources.swift_totals import balances, control, warnings
from pipelines.sources.text import RawText
from schemas.validation import shown

KINDS = {"940": "mt940", "942": "mt942"}


@dataclass(frozen=True)
class Mt9:
    """One kind of message (940 or 942) as a bank profile."""

    name: str
    kind: str
    side: Side = "bank"

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - extensions say nothing of the content
        """Whether the first message that tells is of this kind."""
        return _kind(head) == self.kind

    def explain(self, filename: str, head: bytes) -> str:  # noqa: ARG002 - as above
        """Why a file that should be of this kind is not."""
        kind = _kind(head)
        if kind == self.kind:
            return f"it is {self.name}"
        return f"it is {KINDS[kind]}, not {self.name}" if kind else f"not {self.name}: {_lacking(head, self.kind)}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read every entry of every message; SourceError where the file cannot be used at all."""
        lines = b"" if swift.unfit(data) else swift.as_lines(data)
        file = swift.split(lines)
        if swift.kind_of(file.messages) != self.kind:
            raise SourceError(self.explain("", data), mend=f"ask the bank for a {self.name.upper()} file")
        pages = [page_of(message, context.account) for message in file.messages]
        self._refuse_mixtures(file.messages)
        self._refuse_currency(pages)
        statements = self.kind == "940"
        found = control(file, pages, statements=statements)
        entries = [entry for page in pages for entry in page.entries]
        refused = [refusal for page in pages for refusal in page.refused]
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=entry_frame(entries),
            refused=refusal_frame(refused),
            raw=RawText(lines),
            data_rows=len(entries) + len(refused),
            totals=found.totals(),
            covered=tuple(sorted({day for page in pages for day in page.days()})) if statements else (),
            warnings=(*warnings(file, pages, statements=statements), *found.unchecked),
            balances=balance_frame(balances(pages)),
            standing="final" if statements else "interim",
        )

    def _refuse_mixtures(self, messages: list[swift.Message]) -> None:
        """Reports among statements would book the day's entries twice."""
        for message in messages:
            kind = swift.kind_of([message])
            if kind and kind != self.kind:
                what = f"a message of {KINDS[kind]} stands among those of {self.name}"
                raise SourceError(what, line=message.line, mend="ask for one kind a file", profile=self.name)

    def _refuse_currency(self, pages: list[Page]) -> None:
        """A file whose every statement is in no known currency holds no money that could be booked."""
        if not any(page.currency in EXPONENTS for page in pages) and any(page.entries for page in pages):
            what = f"the account's currency {shown(pages[0].currency)!r} is not in ISO 4217"
            mend = "ask the bank in which currency the account is kept"
            raise SourceError(what, line=pages[0].line, mend=mend, profile=self.name)


def _kind(data: bytes) -> str:
    return "" if swift.unfit(data) else swift.kind_of(swift.split(swift.as_lines(data)).messages)


def _lacking(head: bytes, kind: str) -> str:
    wanted = ":25: and :60F:" if kind == "940" else ":25: with :34F:, :90C: or :90D:"
    return swift.unfit(head) or f"no message in it has the fields {wanted}"


MT940 = Mt9("mt940", "940")
MT942 = Mt9("mt942", "942")
