"""Files that come by mistake in the place of ours, told by their first bytes, and what to ask for instead."""

from __future__ import annotations

from pipelines.sources.encoding import encoding_of, utf8_head

LOOKED_AT = 8_192

PERSONAL_WECHAT = "a personal WeChat bill, not a merchant's; ask for the 交易账单 of pay.weixin.qq.com"
PERSONAL_ALIPAY = "a personal Alipay bill, not a merchant's; ask for the 业务明细 of b.alipay.com"
SUMMARY_ALIPAY = "an Alipay summary (汇总) without transactions; the file beside it, 业务明细 or 账务明细, holds them"
NO_WECHAT_BILL = "WeChat's answer that it has no bill for the day, not a bill; ask for the day again from 10:00 on"

_SIGNS = (
    (("微信支付账单明细", "微信昵称"), PERSONAL_WECHAT),
    (("支付宝交易记录明细查询", "交易对方"), PERSONAL_ALIPAY),
    (("支付宝", "本明细仅供个人对账使用"), PERSONAL_ALIPAY),
    (("支付宝账户：", "导出交易类型"), PERSONAL_ALIPAY),
    (("支付宝业务汇总查询",), SUMMARY_ALIPAY),
    (("支付宝账务汇总查询",), SUMMARY_ALIPAY),
    (("return_code", "No Bill Exist"), NO_WECHAT_BILL),
    (("NO_STATEMENT_EXIST",), NO_WECHAT_BILL),
)
"""Words that all stand in the first bytes, and what that makes of the file."""


def stranger(head: bytes) -> str | None:
    """What the file is instead of one of ours; None where nobody knows."""
    text = utf8_head(head[:LOOKED_AT], encoding_of(head, "gb18030")).decode(errors="replace")
    return next((what for words, what in _SIGNS if all(word in text for word in words)), None)
