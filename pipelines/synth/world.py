"""The small world the generator plays in: acquirers with their contracts, shops, terminals, cards."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

CURRENCY, FOREIGN = "CNY", "USD"
ACCOUNT = "CMB-001"


@dataclass(frozen=True)
class Fee:
    """What an acquirer charges for one card type: basis points of gross, an optional cap in fen."""

    card_type: str
    rate_bp: int
    cap_minor: int | None = None


@dataclass(frozen=True)
class Acquirer:
    """One acquirer: its channel, merchant numbers, contract, payout habits and bank counterparty.

    bank_fee_minor: what the bank takes from some of its deposits (fen).
    """

    name: str
    source: str
    channel: str
    merchant_glob: str
    payout_prefix: str
    lag_business_days: int
    counterparty: str
    counterparty_glob: str
    fees: tuple[Fee, ...]
    newest_first: bool = False
    bank_fee_minor: int = 0


ACQUIRERS = (
    Acquirer(
        name="UNIONPAY",
        source="unionpay",
        channel="CARD",
        merchant_glob="8983*",
        payout_prefix="UP",
        lag_business_days=1,
        counterparty="银联商务股份有限公司",
        counterparty_glob="银联商务*",
        fees=(Fee("DEBIT", 50, 2000), Fee("CREDIT", 60)),
    ),
    Acquirer(
        name="WECHAT",
        source="wechat",
        channel="WECHAT",
        merchant_glob="1900*",
        payout_prefix="WX",
        lag_business_days=1,
        counterparty="财付通支付科技有限公司",
        counterparty_glob="财付通*",
        fees=(Fee("WALLET", 60),),
        bank_fee_minor=500,
    ),
    Acquirer(
        name="ALIPAY",
        source="alipay",
        channel="ALIPAY",
        merchant_glob="2088*",
        payout_prefix="AL",
        lag_business_days=2,
        counterparty="支付宝（中国）网络技术有限公司",
        counterparty_glob="支付宝*",
        fees=(Fee("WALLET", 55),),
        newest_first=True,
    ),
)
BY_NAME = {acquirer.name: acquirer for acquirer in ACQUIRERS}


@dataclass(frozen=True)
class Shop:
    """A shop: the group whose payouts it shares, its merchant numbers by channel, its terminals."""

    group: str
    merchants: tuple[tuple[str, str], ...]
    terminals: tuple[str, ...]


def _shop(number: int, group: int, terminals: int) -> Shop:
    merchants = (
        ("CARD", f"8983101581200{number:02d}"),
        ("WECHAT", f"19000152{number:02d}"),
        ("ALIPAY", f"20887210456103{number:02d}"),
    )
    return Shop(f"M{group:03d}", merchants, tuple(f"{10000000 + number * 100 + t}" for t in range(1, terminals + 1)))


# Two shops share M001 and two M004: a chain's head office is paid for all its shops in one sum.
SHOPS = tuple(
    _shop(number, group, terminals)
    for number, group, terminals in (
        (1, 1, 3), (2, 1, 2), (3, 2, 2), (4, 3, 4), (5, 4, 2), (6, 4, 3),
        (7, 5, 2), (8, 6, 3), (9, 7, 2), (10, 8, 4), (11, 9, 2), (12, 10, 3),
    )
)  # fmt: skip

# First six digits and type; only masked numbers are ever written (PCI DSS).
CARD_BINS = (
    (622202, "DEBIT"), (621700, "DEBIT"), (622848, "DEBIT"), (621226, "DEBIT"),
    (625912, "CREDIT"), (622575, "CREDIT"), (436742, "CREDIT"),
)  # fmt: skip

# Another card that ends in the same four digits, charged by the same contract.
NEXT_BIN = {
    six: next(other for other, its_kind in (*CARD_BINS[n + 1 :], *CARD_BINS) if its_kind == kind)
    for n, (six, kind) in enumerate(CARD_BINS)
}
# The till beside: each shop has two or more.
NEXT_TERMINAL = {
    shop.terminals[n - 1]: terminal for shop in SHOPS for n, terminal in enumerate(shop.terminals)
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """The part of the world a run uses.

    `table`: one row per terminal and channel (term, channel, acquirer, group, merchant_id, terminal_id);
    `terminals`: how many there are; `channels`, `weights`: how often each channel is used.
    """

    table: pl.DataFrame
    terminals: int
    channels: tuple[str, ...] = ("CARD", "WECHAT", "ALIPAY")
    weights: tuple[int, ...] = (55, 27, 18)


def world(rows_per_day: int) -> World:
    """Choose as many shops as a day of that many journal rows keeps busy (3 to 12)."""
    shops = SHOPS[: min(len(SHOPS), max(3, rows_per_day // 60))]
    return World(_table(shops), sum(len(shop.terminals) for shop in shops))


def bench_world(first_group: int, groups: int) -> World:
    """Make card-only merchants M00001…, one payout group each with two terminals."""
    shops = [
        Shop(f"M{g:05d}", (("CARD", f"8983{g:011d}"),), (f"{20000000 + 2 * g}", f"{20000001 + 2 * g}"))
        for g in range(first_group, first_group + groups)
    ]
    return World(_table(shops), 2 * groups, ("CARD",), (1,))


def _table(shops: tuple[Shop, ...] | list[Shop]) -> pl.DataFrame:
    acquirer_of = {acquirer.channel: acquirer.name for acquirer in ACQUIRERS}
    terminals = [(shop, terminal) for shop in shops for terminal in shop.terminals]
    rows = [
        (term, channel, acquirer_of[channel], shop.group, merchant, terminal)
        for term, (shop, terminal) in enumerate(terminals)
        for channel, merchant in shop.merchants
    ]
    names = ["term", "channel", "acquirer", "group", "merchant_id", "terminal_id"]
    return pl.DataFrame(rows, schema=names, orient="row")
