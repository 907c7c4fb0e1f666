"""Which fee of which contract governs a line, and that fee as exact whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from pipelines.contracts import Charge, Contract, Fee
from pipelines.money import EXPONENTS

Volume = Callable[[Contract, date, date, str], int]
"""Sales of a contract from a day to another, both included, of a currency, in minor units."""


def no_volume(contract: Contract, first: date, last: date, currency: str) -> int:
    """Of contracts without tiers, whose volume nobody asks for."""
    del contract, first, last, currency
    return 0


@dataclass(frozen=True)
class Line:
    """What tells which fee governs a line: lines alike in these are governed alike.

    channel: None for a wallet of which nobody says which one. card_type: None where the acquirer does not say it.
    """

    acquirer: str
    merchant_id: str | None
    channel: str | None
    card_type: str | None
    day: date
    currency: str
    refund: bool


@dataclass(frozen=True)
class Scaled:
    """A fee as whole numbers: rate × gross + fixed, no less than least, no more than most, all in 1/scale minor units.

    most: None without a cap. sign: 1 on a sale, -1 on a refund that gives it back, 0 on one that does not.
    """

    scale: int
    rate: int
    fixed: int
    least: int
    most: int | None
    rounding: str
    sign: int


@dataclass(frozen=True)
class Offer:
    """One way to charge a line. cause: empty where the contract says so, else what went wrong if it is charged so."""

    cause: str
    detail: str
    contract: Contract
    fee: Fee
    scaled: Scaled


def decimals(number: Decimal) -> int:
    """How many decimals a number needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def scaled(charge: Charge, rate_bp: Decimal, currency: str, rounding: str = "half-up", sign: int = 1) -> Scaled:
    """A charge as whole numbers; amounts of money in it are major units of the line's currency."""
    scale, rate, fixed, least, most = _whole(charge.fixed, charge.minimum, charge.cap, rate_bp, currency)
    return Scaled(scale, rate, fixed, least, most, rounding, sign)


@cache
def _whole(
    fixed: Decimal | None, minimum: Decimal | None, cap: Decimal | None, rate_bp: Decimal, currency: str
) -> tuple[int, int, int, int, int | None]:
    """Scale, rate, fixed part, minimum and cap: thousands of merchants share a few."""
    digits = EXPONENTS[currency]
    money = [fixed or Decimal(0), minimum or Decimal(0), cap or Decimal(0)]
    places = max(4 + decimals(rate_bp), *(decimals(amount) - digits for amount in money))
    part, least, most = (int(amount.scaleb(digits + places)) for amount in money)
    return 10**places, int(rate_bp.scaleb(places - 4)), part, least, most if cap is not None else None


def text_of(contract: Contract, fee: Fee) -> str:
    """The fee in words, dates and selectors included: what an account manager finds in the contract."""
    whose = [contract.acquirer, contract.merchant_id, *contract.channels]
    narrower = [fee.merchant_id, *fee.channels, fee.card_type]
    dates = f"from {fee.valid_from}" + (f" to {fee.valid_to}" if fee.valid_to else "")
    parts = [f"{fee.rate_bp} bp", *(f"{tier.rate_bp} bp above {tier.above} a month" for tier in fee.tiers)]
    parts += [f"by the volume of the {fee.tier_volume.replace('-', ' ')}"] if fee.tiers else []
    parts += [f"{name} {getattr(fee, name)}" for name in ("fixed", "minimum", "cap") if getattr(fee, name) is not None]
    parts += [f"of {' and '.join(fee.parts)}"] if fee.parts else []
    kind = "promotion" if fee.promotional else "fee"
    head = f"{' '.join(whose)}: {kind} for {' '.join(word for word in narrower if word)} {dates}"
    return f"{head}: {', '.join(parts)}, rounded {fee.rounding}, refund {fee.refund}"


def contract_of_line(contracts: tuple[Contract, ...], line: Line) -> Contract | None:
    """The first contract of the acquirer that covers the line."""
    ours = (c for c in contracts if c.acquirer == line.acquirer and c.covers(line.merchant_id, line.channel))
    return next(ours, None)


def stand_in(contracts: tuple[Contract, ...]) -> Callable[[str, str | None, str | None], str | None]:
    """Of an acquirer's merchant on a channel the first one whom contract and fees treat alike: thousands share a few.

    One whom no contract covers stands for itself.
    """
    first: dict[tuple[object, ...], str | None] = {}

    @cache
    def merchant(acquirer: str, merchant_id: str | None, channel: str | None) -> str | None:
        contract = contract_of_line(contracts, Line(acquirer, merchant_id, channel, None, date.min, "", refund=False))
        if contract is None:
            return merchant_id
        fitting = tuple(fee.fits(merchant_id, channel) for fee in contract.fees)
        return first.setdefault((id(contract), channel, fitting), merchant_id)

    return merchant


def why_none(contract: Contract | None, line: Line) -> str:
    """Why no fee governs a line, in words."""
    if contract is None:
        return f"no contract of {line.acquirer} covers merchant {line.merchant_id}"
    if not contract.fees:
        return f"the contract of {line.acquirer} states no fees"
    return f"no fee of the contract is in force on {line.day} for {line.card_type or line.channel or 'a wallet'}"


def offers(contract: Contract, line: Line, volume: Volume) -> list[Offer]:
    """What the contract says of a line: one offer, or, where its card type is not known, one for each type."""
    known = [line.card_type] if line.card_type else ["WALLET"] * (line.channel != "CARD")
    found = _governing(contract, line, (*known, "*"))
    if found is not None:
        return [_offer("", "", contract, found, line, volume)]
    if line.card_type:
        return []
    either = [_governing(contract, line, (kind,)) for kind in ("DEBIT", "CREDIT")]
    return [_offer("", "", contract, fee, line, volume) for fee in either if fee is not None]


def mistakes(offer: Offer, line: Line, volume: Volume) -> Iterator[Offer]:
    """What else may have been charged by mistake, the likeliest first."""
    fee, right = offer.fee, offer.scaled
    if line.refund:
        cause, sign = ("refund fee kept", 0) if fee.refund == "returned" else ("refund fee returned", -1)
        yield replace(offer, cause=cause, scaled=replace(right, sign=sign))
    if right.most is not None:
        yield replace(offer, cause="cap ignored", scaled=replace(right, most=None))
    if right.least:
        yield replace(offer, cause="minimum ignored", scaled=replace(right, least=0))
    for rounding in ("down", "up"):
        yield replace(offer, cause="rounding", detail=f"rounded {rounding}", scaled=replace(right, rounding=rounding))
    yield from _other_fees(offer, line, volume)
    for tier in (None, *fee.tiers):
        rate = tier.rate_bp if tier else fee.rate_bp
        yield replace(
            offer, cause="volume tier", detail=f"{rate} bp", scaled=_scaled(fee, rate, line.currency, right.sign)
        )


def _other_fees(offer: Offer, line: Line, volume: Volume) -> Iterator[Offer]:
    """The contract's other fees: of the same day for another card, without the promotion, of other days."""
    same_day = [f for f in offer.contract.fees if f is not offer.fee and f.in_force(line.day)]
    other_days = [f for f in offer.contract.fees if f is not offer.fee and not f.in_force(line.day)]
    for fee in same_day:
        if fee.card_type != offer.fee.card_type:
            detail = f"{fee.card_type} rate on {offer.fee.card_type}".replace("*", "any")
            yield _offer("card type", detail, offer.contract, fee, line, volume)
        elif offer.fee.promotional and not fee.promotional:
            yield _offer("promotion ignored", "", offer.contract, fee, line, volume)
        else:
            yield _offer("another fee", text_of(offer.contract, fee), offer.contract, fee, line, volume)
    for fee in other_days:
        dates = f"{fee.valid_from} to {fee.valid_to or 'now'}"
        yield _offer("fee of other days", dates, offer.contract, fee, line, volume)


def _governing(contract: Contract, line: Line, kinds: tuple[str, ...]) -> Fee | None:
    fitting = [
        fee
        for fee in contract.fees
        if fee.card_type in kinds and fee.in_force(line.day) and fee.fits(line.merchant_id, line.channel)
    ]
    return min(fitting, key=lambda fee: fee.narrowness, default=None)


def _offer(cause: str, detail: str, contract: Contract, fee: Fee, line: Line, volume: Volume) -> Offer:
    sign = 1 if not line.refund else -1 if fee.refund == "returned" else 0
    rate = _rate(contract, fee, line, volume)
    return Offer(cause, detail, contract, fee, _scaled(fee, rate, line.currency, sign))


def _scaled(fee: Fee, rate: Decimal, currency: str, sign: int) -> Scaled:
    return scaled(fee, rate, currency, fee.rounding, sign)


def _rate(contract: Contract, fee: Fee, line: Line, volume: Volume) -> Decimal:
    """The rate of the highest tier that the month's volume has passed before the day."""
    if not fee.tiers:
        return fee.rate_bp
    first = line.day.replace(day=1)
    last = line.day - timedelta(days=1)
    if fee.tier_volume == "previous-month":
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    sold = volume(contract, first, last, line.currency) if first <= last else 0
    passed = [t for t in fee.tiers if sold > t.above.scaleb(EXPONENTS[line.currency])]
    return passed[-1].rate_bp if passed else fee.rate_bp
