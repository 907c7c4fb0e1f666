"""WeChat Pay's two bills of a day: the trade bill of a service provider's shops, and the fund bill of their account.

UTF-8 with byte order mark, CRLF, a backtick before every cell of a row, fees with five decimals, refunds as rows of
their own. The trade bill knows no payouts: they are the withdrawals of the fund bill, which empty the account at the
end of each day.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from pipelines.synth.settle import major, order_number, order_text
from pipelines.synth.world import BY_NAME

WECHAT_CANNOT = frozenset({"CHARGEBACK", "ADJUSTMENT", "ADJUSTMENT_UNEXPLAINED", "TYPE_MISMATCH", "CURRENCY_MISMATCH"})
"""What a bill of payments and refunds has no row for."""

PROVIDER = "1900015200"
OPENING_MINOR = 10_000_000
_TRADES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADE_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FLOWS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
_FLOW_TOTALS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


class _Bill:
    """A bill under way: header at once, rows as they come, the second table at the end."""

    columns = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(f"\ufeff{self.columns}\r\n".encode())
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def _append(self, cells: pl.DataFrame) -> None:
        line = pl.concat_str(pl.all().fill_null(""), separator=",`")
        self._file.writelines(f"`{text}\r\n".encode() for text in cells.select(line).to_series())
        self.rows += cells.height

    def _close(self, names: str, figures: list[str]) -> None:
        self._file.write(f"{names}\r\n`{',`'.join([str(self.rows), *figures])}\r\n".encode())


class TradeBill(_Bill):
    """The trade bill of all payments and refunds, in its layout of 27 columns."""

    columns = _TRADES

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._sums = dict.fromkeys(("paid", "refunded", "fee"), 0)

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write the lines by time; return those with truth, with `line`."""
        del payouts
        last = [newest_first, newest_first, False]
        rows = lines.sort("a_time", "id", "copy", descending=last).with_columns(_exact_fee())
        rows = rows.with_columns((pl.int_range(pl.len()) + self.rows + 2).alias("line"))
        self._append(rows.select(_trade_cells()))
        readable = pl.col("spoilt").is_null() | (pl.col("spoilt") != "a_gross")
        self._sums["paid"] += int(rows.filter(readable & (pl.col("gross") > 0))["gross"].sum())
        self._sums["refunded"] -= int(rows.filter(pl.col("gross") < 0)["gross"].sum())
        self._sums["fee"] += int(rows["exact"].sum())
        return rows.drop("exact").filter(pl.col("fault").is_not_null() | pl.col("told"))

    def end(self) -> None:
        """Write the totals."""
        paid, refunded = (major(self._sums[name]) for name in ("paid", "refunded"))
        size = abs(self._sums["fee"])
        fee = f"{'-' if self._sums['fee'] < 0 else ''}{size // 10**5}.{size % 10**5:05d}"
        self._close(_TRADE_TOTALS, [paid, refunded, "0.00", fee, paid, refunded])


class FundBill(_Bill):
    """The fund bill: what each line put into the account or took out of it, and a withdrawal for each payout."""

    columns = _FLOWS

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._balance = OPENING_MINOR
        self._flows: list[int] = []

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write the flows in the order of time; return the withdrawals, with `line` and `file`."""
        del newest_first
        flows = pl.concat([*_of_lines(lines), _of_payouts(payouts)]).sort("time", "number", maintain_order=True)
        flows = flows.with_columns(balance=self._balance + pl.col("flow").cum_sum())
        place = (pl.int_range(pl.len()) + self.rows + 2).alias("line")
        told = flows.with_columns(place).filter(pl.col("kind") == "提现").select("line", payout_id="number")
        self._append(flows.select(_flow_cells()))
        self._flows += flows["flow"].to_list()
        self._balance = flows["balance"][-1] if flows.height else self._balance
        found = payouts.with_columns(pl.lit("PAYOUT").alias("a_type"), pl.lit(self.path.name).alias("file"))
        placed = found.join(told, on="payout_id", maintain_order="left")
        return pl.concat([lines.clear(), placed], how="diagonal")

    def end(self) -> None:
        """Write the totals."""
        income, spent = ([flow for flow in self._flows if (flow > 0) is way] for way in (True, False))
        counts = (len(income), major(sum(income)), len(spent), major(-sum(spent)))
        self._close(_FLOW_TOTALS, [str(count) for count in counts])


def withdrawal_number() -> pl.Expr:
    """Number of the withdrawal that pays a line out: 28 digits, by day and group."""
    group = pl.col("group").str.extract(r"(\d+)$").str.zfill(15)
    return pl.lit("42000") + pl.col("settles").dt.to_string("%Y%m%d") + group


def spoil_summary(good: Path, bad: Path) -> None:
    """Copy a bill with its total of payments 1.00 too high."""
    body, _, totals = good.read_bytes().removesuffix(b"\r\n").rpartition(b"\r\n")
    cells = totals.decode().split(",`")
    fen = int(re.sub(r"\D", "", cells[1])) + 100
    bad.write_bytes(body + b"\r\n" + ",`".join([cells[0], major(fen), *cells[2:]]).encode() + b"\r\n")


def _exact_fee() -> pl.Expr:
    """The fee in hundred-thousandths of a yuan, not rounded: what the contract asks of this amount."""
    exact = pl.lit(None, pl.Int64)
    for acquirer in BY_NAME.values():
        mine = pl.col("acquirer") == acquirer.name
        exact = pl.when(mine).then(pl.col("gross") * acquirer.fees[0].rate_bp // 10).otherwise(exact)
    return (exact + pl.col("fee_off") * 1000).alias("exact")


def _trade_cells() -> list[pl.Expr]:
    back = pl.col("a_type") == "REFUND"
    none, nothing = pl.lit("0"), pl.lit("0.00")
    original = order_number("parent")
    size = yuan(pl.col("gross").abs())
    paid = pl.when(back).then(nothing).otherwise(size)
    spoilt = pl.when(pl.col("spoilt") == "a_gross").then(paid.str.replace(".", "x.", literal=True)).otherwise(paid)
    refunded = pl.when(back).then(size).otherwise(nothing)
    paid_number = pl.when(back).then("parent").otherwise("order_id")
    cells = {
        "time": shown_time("a_time"),
        "app": pl.lit("wx8888888888888888"),
        "provider": pl.lit(PROVIDER),
        "shop": pl.col("merchant_id"),
        "device": pl.col("terminal_id"),
        "number": wechat_number(paid_number),
        "order": pl.when(back).then(original).otherwise(order_text()),
        "user": pl.lit("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
        "way": pl.lit("MICROPAY"),
        "state": pl.when(back).then(pl.lit("REFUND")).otherwise(pl.lit("SUCCESS")),
        "bank": pl.when(pl.col("id") % 3 == 0).then(pl.lit("CMB_DEBIT")).otherwise(pl.lit("OTHERS")),
        "currency": pl.lit("CNY"),
        "paid": spoilt,
        "voucher": nothing,
        "refund_number": pl.when(back).then(pl.lit("50300") + digits("order_id", 24)).otherwise(none),
        "refund_order": pl.when(back).then(order_text()).otherwise(none),
        "refunded": refunded,
        "voucher_refunded": nothing,
        "refund_way": pl.when(back).then(pl.lit("ORIGINAL")),
        "refund_state": pl.when(back).then(pl.lit("SUCCESS")),
        # a comma within a cell does no harm
        "goods": pl.when(pl.col("id") % 7 == 0).then(pl.lit("咖啡,大杯")).otherwise(pl.lit("门店消费")),
        "package": pl.lit(""),
        "fee": _five_decimals("exact"),
        "rate": pl.lit("0.60%"),
        "ordered": paid,
        "refund_asked": refunded,
        "remark": pl.lit(""),
    }
    return [cell.alias(name) for name, cell in cells.items()]


def _of_lines(lines: pl.DataFrame) -> list[pl.DataFrame]:
    """The flow of each line's amount, and that of its fee, if any: `time`, `number`, `flow`, `kind`, `order`."""
    back = pl.col("gross") < 0
    number = pl.when(back).then(pl.lit("50300") + digits("order_id", 24)).otherwise(wechat_number(pl.col("order_id")))
    known = [pl.col("a_time").alias("time"), number.alias("number"), order_text().alias("order")]
    kind = pl.when(back).then(pl.lit("退款")).otherwise(pl.lit("交易"))
    fee = pl.when(pl.col("fee") < 0).then(pl.lit("退还交易手续费")).otherwise(pl.lit("扣除交易手续费"))
    flows = lines.select(*known, flow="gross", kind=kind)
    fees = lines.filter(pl.col("fee") != 0).select(*known, flow=-pl.col("fee"), kind=fee)
    return [flows, fees]


def _of_payouts(payouts: pl.DataFrame) -> pl.DataFrame:
    """A withdrawal of each payout's sum, in the last moment of the day before its settlement date."""
    day = pl.col("settles").cast(pl.Datetime("us")) - pl.duration(seconds=1)
    return payouts.select(
        time=day, number="payout_id", order=pl.lit(None, pl.String), flow=-pl.col("net"), kind=pl.lit("提现")
    )


def _flow_cells() -> list[pl.Expr]:
    income = pl.col("flow") > 0
    out = pl.col("kind") == "提现"
    entry = pl.lit("4200001") + pl.col("number").str.tail(18) + pl.int_range(pl.len()).cast(pl.String).str.zfill(6)
    cells = {
        "time": shown_time("time"),
        "number": pl.col("number"),
        "entry": pl.when(out).then("number").otherwise(entry),
        "name": pl.col("kind"),
        "kind": pl.col("kind"),
        "way": pl.when(income).then(pl.lit("收入")).otherwise(pl.lit("支出")),
        "flow": yuan(pl.col("flow").abs()),
        "left": yuan(pl.col("balance")),
        "asked": pl.lit(f"{PROVIDER}API"),
        "remark": pl.lit(""),
        "order": pl.col("order"),
    }
    return [cell.alias(name) for name, cell in cells.items()]


def wechat_number(number: pl.Expr) -> pl.Expr:
    """WeChat's own number of a payment, 28 digits."""
    return pl.lit("42000") + number.cast(pl.String).str.zfill(23)


def digits(column: str, width: int) -> pl.Expr:
    """A number with its leading zeros."""
    return pl.col(column).cast(pl.String).str.zfill(width)


def yuan(fen: pl.Expr) -> pl.Expr:
    """Yuan with two decimals of an amount that is not negative."""
    return (fen // 100).cast(pl.String) + "." + (fen % 100).cast(pl.String).str.zfill(2)


def shown_time(column: str) -> pl.Expr:
    """The time as bills print it; an impossible date where it is spoilt."""
    right = pl.col(column).dt.to_string("%Y-%m-%d %H:%M:%S")
    if column != "a_time":
        return right
    wrong = pl.col(column).dt.to_string("%Y-02-30 %H:%M:%S")
    return pl.when(pl.col("spoilt") == "a_time").then(wrong).otherwise(right)


def _five_decimals(column: str) -> pl.Expr:
    size = pl.col(column).abs()
    sign = pl.when(pl.col(column) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + (size // 10**5).cast(pl.String) + "." + (size % 10**5).cast(pl.String).str.zfill(5)
