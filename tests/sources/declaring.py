"""A declared profile and a file of it, read as the night reads them."""

from __future__ import annotations

from typing import Any

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources.base import SourceError
from pipelines.sources.declared import Declaration, profile_of

SETTLEMENT = {
    "name": "mine",
    "side": "settlement",
    "header": False,
    "delimiter": "|",
    "columns": {"settlement_date": 1, "record_type": 2, "gross": 3, "fee": 4, "net": 5},
    "constants": {"currency": "CNY", "merchant_id": "M"},
}
BANK = {
    "name": "mine",
    "side": "bank",
    "columns": {"booking_date": "日期", "amount": "金额", "remittance": "摘要"},
    "constants": {"currency": "CNY"},
}


def read(text: str | bytes, declared: dict[str, Any], filename: str = "x.txt") -> intake.Read:
    """What becomes of a file of this declaration."""
    profile = profile_of(Declaration.model_validate(declared))
    data = text if isinstance(text, bytes) else text.encode()
    source = Source(name="s", profile="mine", pattern="*", acquirer="A", account="B")
    return intake.read(profile, data, Settings(), source, filename)


def read_or_refused(data: bytes, declared: dict[str, Any]) -> intake.Read | None:
    """What becomes of a file; None where it is refused, in one plain line."""
    try:
        return read(data, declared)
    except SourceError as error:
        refused = error.text
    assert "\n" not in refused
    return None


def reasons(done: intake.Read) -> list[tuple[int, str]]:
    """Line and reason of each rejected row."""
    return list(done.rejected.select("line", "reason").iter_rows())
