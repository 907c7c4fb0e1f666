"""What acquirers make of the events: settlement lines with their fees, and one payout per merchant group."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from pipelines.synth.dice import Dice
from pipelines.synth.kinds import AFTERWARDS
from pipelines.synth.noise import counter
from pipelines.synth.world import ACQUIRERS, CURRENCY

# leading zeros come and go: each side leaves them out in one of so many rows
_LEAN_JOURNAL, _LEAN_ACQUIRER = 5, 3
PAYOUT_KEY = ["acquirer", "settles", "group"]


@dataclass(frozen=True)
class Terms:
    """What an acquirer does otherwise than the others, by the files it writes.

    payout_id: how it names a line's payout. keeps_fees: a refund does not bring its fee back.
    """

    payout_id: pl.Expr | None = None
    keeps_fees: bool = False


USUAL = Terms()


def lines(events: pl.DataFrame, last: date, terms: Mapping[str, Terms] = MappingProxyType({})) -> pl.DataFrame:
    """Return the settlement lines of files up to the last day: events with fee, net (fen) and payout_id.

    terms: by acquirer, where they are not the usual ones.
    """
    shown = events.filter(pl.col("settles") <= last)
    keeping = pl.col("acquirer").is_in([name for name, its in terms.items() if its.keeps_fees])
    free = pl.col("a_type").is_in(AFTERWARDS) | (keeping & (pl.col("a_type") == "REFUND"))
    fee = pl.when(free).then(pl.lit(0, pl.Int64)).otherwise(fee_minor() + pl.col("fee_off"))
    named = payout_id()
    for name, its in terms.items():
        if its.payout_id is not None:
            named = pl.when(pl.col("acquirer") == name).then(its.payout_id).otherwise(named)
    shown = shown.with_columns(fee.alias("fee"), named.alias("payout_id"))
    return shown.with_columns((pl.col("gross") - pl.col("fee")).alias("net"))


def payouts(settled: pl.DataFrame) -> pl.DataFrame:
    """Sum lines to payouts: acquirer, settles, group, payout_id, merchant_id (the first), net (fen), off (0).

    What bears another currency is no part of it.
    """
    sums = settled.group_by(PAYOUT_KEY).agg(
        pl.col("payout_id").first(),
        pl.col("merchant_id").min(),
        pl.col("net").filter(pl.col("a_currency").is_null()).sum(),
        pl.lit(0, pl.Int64).alias("off"),
    )
    return sums.sort(PAYOUT_KEY)


def misdeclare(
    dice: Dice, declared: pl.DataFrame, last: date, count: int, spared: Collection[str] = ()
) -> pl.DataFrame:
    """Let `count` payouts up to the last day declare, and pay, `off` fen more or less than their lines' sum.

    spared: acquirers whose files cannot tell such a payout.
    """
    luck = dice.bits("misdeclared", declared.height)
    fits = (pl.col("net") >= 10_000) & (pl.col("settles") <= last) & ~pl.col("acquirer").is_in(list(spared))
    order = declared.with_columns(luck.alias("luck")).filter(fits).sort("luck")["payout_id"].head(count)
    turn = pl.col("payout_id").replace_strict(order, range(len(order)), default=None, return_dtype=pl.Int64)
    off = pl.when(turn % 2 == 0).then(-(1 + turn * 137)).otherwise(1 + turn * 53).fill_null(0)
    return declared.with_columns(off.alias("off"), (pl.col("net") + off).alias("net"))


def fee_minor() -> pl.Expr:
    """Compute the contract's fee per line: half-up on the absolute value, capped, then the sign (fen).

    Needs acquirer, card_type ("" for wallets) and gross; a refund gives its fee back.
    """
    size = pl.col("gross").abs()
    fee = pl.lit(None, pl.Int64)
    for acquirer in ACQUIRERS:
        for rule in acquirer.fees:
            mine = pl.lit("" if rule.card_type == "WALLET" else rule.card_type)
            amount = (size * rule.rate_bp + 5000) // 10000
            if rule.cap_minor is not None:
                amount = pl.min_horizontal(amount, pl.lit(rule.cap_minor, pl.Int64))
            fits = (pl.col("acquirer") == acquirer.name) & (pl.col("card_type") == mine)
            fee = pl.when(fits).then(amount).otherwise(fee)
    return fee * pl.col("gross").sign()


def payout_id() -> pl.Expr:
    """Name a line's payout, like UP20260303-M001."""
    prefix = pl.col("acquirer").replace_strict({a.name: a.payout_prefix for a in ACQUIRERS}, return_dtype=pl.String)
    return prefix + pl.col("settles").dt.to_string("%Y%m%d") + "-" + pl.col("group")


def journal_frame(events: pl.DataFrame) -> pl.DataFrame:
    """Return the journal's rows as text in its columns, in the order given (contract.md, pos_journal)."""
    approved = pl.col("status") == "APPROVED"
    return events.select(
        "terminal_id",
        "merchant_id",
        _unless("b", "j_hides", counter("batch", 6, _LEAN_JOURNAL)).alias("batch_no"),
        _unless("s", "j_hides", counter("stan", 6, _LEAN_JOURNAL)).alias("stan"),
        _unless("r", "j_hides", _digits("id", 12)).alias("rrn"),
        pl.when(approved).then(_digits("auth", 6)).alias("auth_code"),
        "txn_type",
        "channel",
        _unless("c", "j_hides", card_text()).alias("card_no"),
        "card_type",
        _money("amount", "j_amount").alias("amount"),
        pl.lit(CURRENCY).alias("currency"),
        _clock("time", "j_time").alias("txn_time"),
        "response_code",
        "status",
        _digits("parent", 12).alias("original_rrn"),
        order_text().alias("order_no"),
        _digits("operator", 2).alias("operator_id"),
    )


def settlement_frame(settled: pl.DataFrame) -> pl.DataFrame:
    """Return settlement lines as text in their columns, in the order given (contract.md, acquirer_csv).

    PAYOUT lines are rows with a_type PAYOUT and nulls where they have nothing to say.
    """
    card = pl.col("channel") == "CARD"
    authorised = card & (pl.col("status") == "APPROVED")
    naming = card & pl.col("a_type").is_in(["REFUND", "VOID", "REVERSAL", *AFTERWARDS])
    last_four = pl.lit("*" * 12) + card_text().str.tail(4)
    card_no = pl.when(_hidden("6", "a_hides")).then(last_four).otherwise(card_text())
    return settled.select(
        "acquirer",
        pl.col("settles").dt.to_string("%Y-%m-%d").alias("settlement_date"),
        "payout_id",
        pl.col("a_type").alias("record_type"),
        "merchant_id",
        "terminal_id",
        pl.when(card).then(_unless("b", "a_hides", counter("batch", 6, _LEAN_ACQUIRER))).alias("batch_no"),
        pl.when(card).then(_unless("s", "a_hides", counter("stan", 6, _LEAN_ACQUIRER))).alias("stan"),
        pl.when(card).then(_unless("r", "a_hides", _digits("a_rrn", 12))).alias("rrn"),
        pl.when(authorised).then(_unless("a", "a_hides", _digits("auth", 6))).alias("auth_code"),
        card_no.alias("card_no"),
        "card_type",
        _clock("a_time", "a_time").alias("txn_time"),
        _money("gross", "a_gross").alias("gross"),
        _money("fee").alias("fee"),
        _money("net").alias("net"),
        pl.coalesce("a_currency", pl.lit(CURRENCY)).alias("currency"),
        pl.when(naming).then(_digits("parent", 12)).alias("original_rrn"),
        order_text().alias("order_no"),
        pl.lit("").alias("reason_code"),
    )


def order_text() -> pl.Expr:
    """Write a wallet transaction's order number; null for cards."""
    return order_number("order_id")


def order_number(column: str) -> pl.Expr:
    """Write the order number of the transaction of a number; null for cards, and where there is none."""
    number = _digits(column, 20)
    wallets = {"WECHAT": "42000", "ALIPAY": "2001"}
    prefix = pl.col("channel").replace_strict(wallets, default=None, return_dtype=pl.String)
    return prefix + number


def card_text() -> pl.Expr:
    """Write a masked card number, first six and last four digits; null for wallets."""
    card = pl.col("card").cast(pl.String)
    return card.str.head(6) + "******" + card.str.tail(4)


def major(minor: int) -> str:
    """Write fen as yuan with two decimals."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _hidden(letter: str, side: str) -> pl.Expr:
    return pl.col(side).str.contains(letter, literal=True)


def _unless(letter: str, side: str, text: pl.Expr) -> pl.Expr:
    """Write a cell unless the side hides it."""
    return pl.when(~_hidden(letter, side)).then(text)


def _digits(column: str, width: int) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(width)


def _money(column: str, spoilt_as: str = "") -> pl.Expr:
    size = pl.col(column).abs()
    dot = pl.when(pl.col("spoilt") == spoilt_as).then(pl.lit("x.")).otherwise(pl.lit("."))
    sign = pl.when(pl.col(column) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + (size // 100).cast(pl.String) + dot + (size % 100).cast(pl.String).str.zfill(2)


def _clock(column: str, spoilt_as: str) -> pl.Expr:
    impossible = pl.col(column).dt.to_string("%Y-02-30T%H:%M:%S")
    right = pl.col(column).dt.to_string("%Y-%m-%dT%H:%M:%S")
    return pl.when(pl.col("spoilt") == spoilt_as).then(impossible).otherwise(right)
