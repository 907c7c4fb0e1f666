"""Settlement files in the formats of others. A writer takes the same lines as the native one, and knows no reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import polars as pl

from pipelines.synth.files import SettlementFile, spoil_trailer
from pipelines.synth.layouts.adyen import AdyenFile, batch_name, spoil_payout
from pipelines.synth.layouts.unionpay_zm import ZM_CANNOT, ZmFile, cut_short
from pipelines.synth.layouts.wechat import WECHAT_CANNOT, FundBill, TradeBill, spoil_summary, withdrawal_number
from pipelines.synth.settle import USUAL, Terms
from pipelines.synth.world import BY_NAME


class Writer(Protocol):
    """A settlement file under way, as `SettlementFile` is."""

    def __enter__(self) -> Self:
        """Begin the file."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write lines and payouts; return the faulty ones with `line`."""

    def end(self) -> None:
        """Write what stands behind the lines."""


@dataclass(frozen=True)
class Ledger:
    """The bill of a wallet's account, beside that of its trades: the profile that reads it, and its writer.

    paid_before: days from the date of the payout's line to the settlement date of its lines.
    """

    profile: str
    file: Callable[[Path], Writer]
    paid_before: int = 0


@dataclass(frozen=True)
class Layout:
    """A format: the profile that reads it, its writer, what makes a file of it invalid.

    channels: the only ones it can carry, if any. payouts: whether its files declare them; where they do not, bank
    entries of the acquirer are in nobody's scope. cannot: faults that it has no place for. terms: fees and names of
    payouts. alone: each merchant is paid by itself. sums_up: its payouts are what its lines add up to, or the file is
    no good. ledger: a second file of each day, which declares the payouts.
    """

    profile: str
    file: Callable[[Path], Writer]
    spoil: Callable[[Path, Path], None]
    channels: tuple[str, ...] = ()
    payouts: bool = True
    cannot: frozenset[str] = frozenset()
    terms: Terms = USUAL
    alone: bool = False
    sums_up: bool = False
    ledger: Ledger | None = None


NATIVE = Layout("acquirer_csv", SettlementFile, spoil_trailer)
LAYOUTS = {
    layout.profile: layout
    for layout in (
        NATIVE,
        Layout("unionpay_zm", ZmFile, cut_short, channels=("CARD",), payouts=False, cannot=ZM_CANNOT),
        Layout(
            "wechat_trade",
            TradeBill,
            spoil_summary,
            channels=("WECHAT",),
            cannot=WECHAT_CANNOT,
            terms=Terms(withdrawal_number()),
            sums_up=True,
            ledger=Ledger("wechat_fund", FundBill, paid_before=1),
        ),
        Layout(
            "adyen_settlement_detail",
            AdyenFile,
            spoil_payout,
            channels=("WECHAT", "ALIPAY"),
            cannot=frozenset({"TYPE_MISMATCH", "CURRENCY_MISMATCH"}),
            terms=Terms(batch_name(), keeps_fees=True),
            alone=True,
            sums_up=True,
        ),
    )
}


def chosen(text: str) -> Mapping[str, Layout]:
    """Layout by acquirer, from `UNIONPAY=unionpay_zm,WECHAT=…`; those not named stay native. ValueError for others."""
    found = dict.fromkeys(BY_NAME, NATIVE)
    for pair in (part.strip() for part in text.split(",") if part.strip()):
        acquirer, _, name = pair.partition("=")
        if acquirer not in BY_NAME or name not in LAYOUTS:
            raise ValueError(f"{pair!r}: write ACQUIRER=layout, of {', '.join(BY_NAME)} and {', '.join(LAYOUTS)}")
        layout = LAYOUTS[name]
        if layout.channels and BY_NAME[acquirer].channel not in layout.channels:
            carried = " or ".join(layout.channels)
            raise ValueError(f"{name} carries {carried} and not the {BY_NAME[acquirer].channel} of {acquirer}")
        found[acquirer] = layout
    return found
