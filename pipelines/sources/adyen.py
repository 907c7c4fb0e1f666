"""Adyen Settlement details report: one or more batches, each of which adds up to nothing with its payout.

Source: formats/SPEC-adyen.md. Columns are found by name. The side is the column that is filled, debit or credit, never
the type. Amounts are those of the net currency: net as stated, fee the sum of its parts, gross = net + fee; the gross
columns, which may be of another currency, only confirm them. Times are those of the zone that the row names.
"""

from __future__ import annotations

import polars as pl

from pipelines.money import EXPONENTS, minor_units, money_text
from pipelines.sources.amounts import with_plain_decimals
from pipelines.sources.base import Context, Totals
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Field
from pipelines.sources.report import Reading, Report, Survey, Told, own
from pipelines.sources.report_words import (
    by_word,
    counted,
    optional,
    unknown_words,
    with_honest_types,
    words_of,
)

BY_SIGN = "RESERVE"
"""Types that hold money back or let it go, by the side that is filled."""

TYPES = {
    **dict.fromkeys(("settled", "settledininstallments", "settledexternally", "settledexternallywithinfo"), "SALE"),
    **dict.fromkeys(
        ("refunded", "refundedininstallments", "refundedexternally", "refundedexternallywithinfo"), "REFUND"
    ),
    **dict.fromkeys(("chargeback", "secondchargeback", "chargebackexternally"), "CHARGEBACK"),
    **dict.fromkeys(("chargebackreversed", "chargebackreversedexternally"), "REPRESENTMENT"),
    "settledreversed": "REVERSAL",
    **dict.fromkeys(("fee", "misccosts", "paymentcost", "authorisationschemefee", "invoicededuction"), "FEE"),
    **dict.fromkeys(("advancementcommission", "advancedcommission"), "FEE"),
    **dict.fromkeys(("depositcorrection", "reserveadjustment", "balancetransfer", "advanced", "advancement"), BY_SIGN),
    **dict.fromkeys(("refundedreversed", "matchedstatement", "manualcorrected", "manualcorrection"), "ADJUSTMENT"),
    **dict.fromkeys(("bankinstructionreturned", "internalcompanypayout", "merchantpayin", "paidout"), "ADJUSTMENT"),
    "merchantpayout": "PAYOUT",
}
"""Our record types by Adyen's journal types in lower case."""

CARRIED = ("Balancetransfer",)
OF_AN_ORIGINAL = ("REFUND", "CHARGEBACK", "REPRESENTMENT", "REVERSAL", "ADJUSTMENT")
NO_REFERENCE = ("<auto>", "")
PARTS = ("commission", "markup", "scheme_fee", "interchange")

FIELDS = {
    **own("payout_id", "record_type", "merchant_id", "terminal_id", "auth_code"),
    **own("card_type", "original_rrn", "order_no", "reason_code", "acquirer_ref"),
    **own("net", *PARTS, kind="amount"),
    "currency": Field("code", ("currency",)),
    "settlement_date": Field("date", ("settlement_date",), None, ISO_DATES),
    "txn_time": Field("datetime", ("txn_time",), None, ISO_TIMES),
}

SIDES = ("gross debit (gc)", "gross credit (gc)", "net debit (nc)", "net credit (nc)")
AMOUNTS = (*SIDES, "commission (nc)", "markup (nc)", "scheme fees (nc)", "interchange (nc)")
NEEDS = (
    *("merchant account", "psp reference", "merchant reference", "creation date", "type", "batch number"),
    *("net currency", *SIDES),
)


def _texts(cells: pl.DataFrame, context: Context) -> pl.DataFrame:
    del context
    cells = with_plain_decimals(cells, AMOUNTS)
    cells = cells.with_columns(_kind=by_word(cells["type"], _kind), _batch=_batch(cells))
    stated = cells.with_columns(
        _net=pl.when(pl.col("_kind") == "PAYOUT")
        .then(_sided("net credit (nc)", "net debit (nc)"))
        .otherwise(_sided("net debit (nc)", "net credit (nc)"))
    )
    return stated.select(
        "line",
        record_type=_type(),
        reason_code=by_word(cells["type"], _reason),
        merchant_id=optional(cells, "merchant account", "company account"),
        terminal_id=optional(cells, "unique terminal id", "terminal id"),
        auth_code=optional(cells, "authorisation code"),
        card_type=by_word(words_of(cells, "payment method variant"), _card_type),
        payout_id="_batch",
        acquirer_ref=_acquirer_ref(cells),
        order_no=_order_no(cells),
        original_rrn=pl.when(pl.col("_kind").is_in(OF_AN_ORIGINAL)).then("merchant reference"),
        currency="net currency",
        net="_net",
        commission=optional(cells, "commission (nc)"),
        markup=optional(cells, "markup (nc)"),
        scheme_fee=optional(cells, "scheme fees (nc)"),
        interchange=optional(cells, "interchange (nc)"),
        settlement_date=optional(cells, "booking date").str.head(10),
        txn_time="creation date",
        _zone=optional(cells, "timezone"),
        _batch="_batch",
        _gross=_sided("gross debit (gc)", "gross credit (gc)", none=None),
        _gross_currency=optional(cells, "gross currency").str.to_uppercase(),
    )


def _key(word: str) -> str:
    return word.lower().replace(" ", "").replace("_", "")


def _kind(word: str) -> str:
    return TYPES.get(_key(word), "ADJUSTMENT")


def _reason(word: str) -> str:
    """The report's own word, in one spelling where it says that a balance is carried on."""
    return CARRIED[0] if _key(word) == CARRIED[0].lower() else word


def _card_type(variant: str) -> str | None:
    return next((code for code in ("DEBIT", "CREDIT") if code.lower() in variant.lower()), None)


def _batch(cells: pl.DataFrame) -> pl.Expr:
    return pl.format("batch {}, {}", "batch number", optional(cells, "merchant account", "company account"))


def _sided(debit: str, credit: str, none: str | None = "0") -> pl.Expr:
    """Signed text of an amount in two columns; where both hold one, both, which is no amount and rejects the row."""
    minus, plus = (_filled(name) for name in (debit, credit))
    return (
        pl.when(minus.is_null())
        .then(plus.fill_null(pl.lit(none, pl.String)))
        .when(plus.is_null())
        .then(pl.concat_str(pl.lit("-"), minus))
        .otherwise(pl.format("debit {} and credit {}", minus, plus))
    )


def _filled(name: str) -> pl.Expr:
    """An amount column, without the zeros that some reports put into the side that is not meant."""
    return pl.when(pl.col(name).str.strip_chars("0.") != "").then(name)


def _type() -> pl.Expr:
    held = (
        pl.when(pl.col("_net").str.starts_with("-")).then(pl.lit("RESERVE_HOLD")).otherwise(pl.lit("RESERVE_RELEASE"))
    )
    return pl.when(pl.col("_kind") == BY_SIGN).then(held).otherwise("_kind")


def _acquirer_ref(cells: pl.DataFrame) -> pl.Expr:
    """The payment's number; on a payout the number of the transfer, which the bank statement repeats."""
    transfer = optional(cells, "modification reference").str.extract(r"\b(TX[0-9]+XT)\b")
    return pl.when(pl.col("_kind") == "PAYOUT").then(transfer).otherwise("psp reference")


def _order_no(cells: pl.DataFrame) -> pl.Expr:
    """The merchant's number of the sale; a refund has one of its own, the merchant's or else Adyen's."""
    reference = optional(cells, "modification merchant reference")
    given = pl.when(~reference.str.to_lowercase().is_in(NO_REFERENCE)).then(reference)
    own_number = pl.coalesce(given, optional(cells, "modification reference"))
    return pl.when(pl.col("_kind") == "REFUND").then(own_number).otherwise("merchant reference")


def _survey(reading: Reading) -> Survey:
    rows, extras = _with_sums(reading.rows), reading.extras
    return {
        "batches": _batches(rows, extras),
        "words": counted(rows["reason_code"]),
        "odd": _gross_that_differs(rows, extras),
    }


def _finish(reading: Reading, survey: Survey) -> pl.DataFrame:
    return with_honest_types(_with_dates(_with_sums(reading.rows), reading.extras, survey["batches"]))


def _told(survey: Survey, refused: bool) -> Told:
    totals, unchecked = _totals(_joined(survey["batches"]), refused)
    unknown = unknown_words(survey["words"], lambda word: _key(word) in TYPES)
    return Told(totals, (*unknown, *_odd_told(survey["odd"]), *unchecked, *totals.uncompared()))


def _with_sums(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.with_columns(fee_minor=pl.sum_horizontal(f"{part}_minor" for part in PARTS))
    return rows.with_columns(gross_minor=pl.col("net_minor") + pl.col("fee_minor"))


def _gross_that_differs(rows: pl.DataFrame, extras: pl.DataFrame) -> pl.DataFrame:
    """`n`, `first`: lines where a gross amount of the same currency is not net and fees, and the first of them."""
    same = rows.select("line", "currency", "record_type", ours="gross_minor").hstack(
        extras.select(pl.col("^_gross.*$"))
    )
    same = same.filter((pl.col("_gross_currency") == pl.col("currency")) & (pl.col("record_type") != "PAYOUT"))
    stated = same.with_columns(minor_units(same, "_gross", "currency"))
    return stated.filter(pl.col("_gross") != pl.col("ours")).select(n=pl.len(), first=pl.col("line").min())


def _odd_told(odd: pl.DataFrame) -> tuple[str, ...]:
    lines, first = odd["n"].sum(), odd["first"].min()
    return (f"{lines} line(s), the first line {first!s}: gross is not net and the fees stated",) if lines else ()


def _with_dates(rows: pl.DataFrame, extras: pl.DataFrame, batches: pl.DataFrame) -> pl.DataFrame:
    """Settlement date: the booking's; in reports without one that of the batch's payout, else of its last line."""
    if not rows["settlement_date"].null_count():
        return rows
    closed = batches.group_by("_batch").agg(_day=pl.coalesce(pl.col("paid_on").max(), pl.col("last_on").max()))
    dated = rows.hstack(extras.select("_batch")).join(
        closed, on="_batch", how="left", nulls_equal=True, maintain_order="left"
    )
    return dated.with_columns(pl.col("settlement_date").fill_null(pl.col("_day"))).select(rows.columns)


def _batches(rows: pl.DataFrame, extras: pl.DataFrame) -> pl.DataFrame:
    """One row per batch and currency: `paid` out or carried on, what its other lines add up to, `unread` amounts.

    paid_on, last_on: dates of its payout and of its last line.
    """
    payout = pl.col("record_type") == "PAYOUT"
    closing = payout | pl.col("reason_code").is_in(CARRIED)
    amount = pl.col("net_minor").cast(pl.Int128)
    out = amount * pl.when(payout).then(1).otherwise(-1)
    known = rows.select("record_type", "reason_code", "net_minor", "currency", "line").hstack(
        extras.select("_batch", "_printed")
    )
    return known.group_by("_batch", "currency", maintain_order=True).agg(
        closed=closing.any(),
        unread=pl.col("net_minor").null_count() > 0,
        paid=out.filter(closing).sum(),
        lines=amount.filter(~closing).sum(),
        paid_on=pl.col("_printed").filter(payout).max(),
        last_on=pl.col("_printed").max(),
    )


def _joined(batches: pl.DataFrame) -> pl.DataFrame:
    """Batches that stand in several parts of a report as one each."""
    return batches.group_by("_batch", "currency", maintain_order=True).agg(
        pl.col("closed", "unread").any(), pl.col("paid", "lines").sum()
    )


def _totals(batches: pl.DataFrame, refused: bool) -> tuple[Totals, tuple[str, ...]]:
    """The batches that state what becomes of them, against their lines; a warning for each that does not."""
    closed = batches.filter("closed")
    loose = batches.filter(~pl.col("closed") & pl.col("_batch").is_not_null())["_batch"].to_list()
    warnings = tuple(
        f"{batch} has no MerchantPayout line: nothing tells whether all its lines are here" for batch in loose
    )
    if batches.is_empty():
        return Totals(), ("the report has no line: nothing tells whether all its lines are here",)
    if closed.is_empty():
        return Totals(), warnings
    digits = max(EXPONENTS.get(currency or "", 2) for currency in closed["currency"])
    sums = {
        name: sum(_lifted(row[name], row["currency"], digits) for row in closed.to_dicts())
        for name in ("paid", "lines")
    }
    unread = refused or bool(closed["unread"].any())
    totals = Totals(
        declared={"net": sums["paid"]},
        computed={"net": sums["lines"]},
        contradiction=None if unread or closed.height == 1 else _that_differs(closed),
        unchecked=frozenset({"net"} if unread else ()),
        digits=digits,
    )
    return totals, warnings


def _lifted(amount: int, currency: str | None, digits: int) -> int:
    return int(amount * 10 ** (digits - EXPONENTS.get(currency or "", digits)))


def _that_differs(closed: pl.DataFrame) -> str | None:
    for row in closed.filter(pl.col("paid") != pl.col("lines")).head(1).to_dicts():
        paid, lines = (money_text(row[name], row["currency"] or "") for name in ("paid", "lines"))
        return f"{row['_batch']}: {paid} paid out, its lines add up to {lines}"
    return None


ADYEN = Report(
    name="adyen_settlement_detail",
    acquirer="ADYEN",
    needs=frozenset(NEEDS),
    fields=FIELDS,
    texts=_texts,
    survey=_survey,
    finish=_finish,
    told=_told,
    carried=CARRIED,
)
