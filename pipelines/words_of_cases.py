"""Words of forms and packs that stand in no other table: remedies, directions, and cells of records."""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, tuple[str, str]] = {
    "refund": ("a refund", "退款"),
    "debit-adjustment": ("a debit adjustment", "请款"),
    "credit-adjustment": ("a credit adjustment", "贷记调整"),
    "representment": ("a representment", "再请款"),
    "write-off": ("a write-off", "核销"),
    "accept": ("accepting it", "接受"),
    "no-action": ("no further action", "无需处理"),
}
DIRECTIONS: Mapping[str, tuple[str, str]] = {
    "short": ("short: the merchant is owed", "短款（应收）"),
    "long": ("long: the merchant holds too much", "长款（应退）"),
    "none": ("none", "无"),
}
STATES: Mapping[str, str] = {
    "open": "未处理",
    "assigned": "已分派",
    "investigating": "调查中",
    "waiting-acquirer": "待收单机构",
    "waiting-customer": "待客户",
    "waiting-bank": "待银行",
    "proposed": "已提方案",
    "approved": "已复核",
    "rejected": "已驳回",
    "resolved": "已结案",
    "cleared": "已自动核销",
}
"""States of a case in Chinese; in English they are named as they are written."""
DONE: Mapping[str, str] = {
    "assign": "分派",
    "investigate": "调查",
    "wait": "等待",
    "note": "备注",
    "evidence": "附证据",
    "propose": "提方案",
    "approve": "复核通过",
    "reject": "驳回",
    "resolve": "结案",
    "reopen": "重开",
    "choose": "选定交易",
    "claim": "登记申诉",
    "close": "数据核销",
    "match": "人工匹配",
    "unmatch": "撤销匹配",
}
"""Acts in Chinese."""
CELLS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "journal": (
        ("txn_type", "type", "交易类型"),
        ("status", "status", "状态"),
        ("response_code", "response code", "响应码"),
        ("amount_minor", "amount", "金额"),
        ("txn_time", "time", "交易时间"),
        ("merchant_id", "merchant", "商户编号"),
        ("terminal_id", "terminal", "终端编号"),
        ("batch_no", "batch", "批次号"),
        ("stan", "trace number", "流水号"),
        ("rrn", "RRN", "参考号"),
        ("original_rrn", "original RRN", "原参考号"),
        ("auth_code", "approval code", "授权码"),
        ("card_no", "card (masked)", "卡号（已屏蔽）"),
        ("card_type", "card type", "卡类型"),
        ("channel", "channel", "渠道"),
        ("order_no", "order", "订单号"),
        ("operator_id", "operator", "操作员"),
    ),
    "settlement": (
        ("acquirer", "acquirer", "收单机构"),
        ("record_type", "type", "记录类型"),
        ("gross_minor", "gross", "总额"),
        ("fee_minor", "fee", "手续费"),
        ("net_minor", "net", "净额"),
        ("settlement_date", "settlement date", "清算日期"),
        ("payout_id", "payout", "划款编号"),
        ("txn_time", "time", "交易时间"),
        ("merchant_id", "merchant", "商户编号"),
        ("terminal_id", "terminal", "终端编号"),
        ("batch_no", "batch", "批次号"),
        ("stan", "trace number", "流水号"),
        ("rrn", "RRN", "参考号"),
        ("original_rrn", "original RRN", "原参考号"),
        ("auth_code", "approval code", "授权码"),
        ("card_no", "card (masked)", "卡号（已屏蔽）"),
        ("order_no", "order", "订单号"),
        ("reason_code", "reason code", "原因码"),
    ),
    "bank": (
        ("account", "account", "账户"),
        ("booking_date", "booking date", "记账日期"),
        ("value_date", "value date", "起息日"),
        ("amount_minor", "amount", "金额"),
        ("bank_ref", "bank reference", "银行流水号"),
        ("remittance", "text", "摘要"),
        ("counterparty", "counterparty", "对方户名"),
    ),
}
"""Column, and its name in English and Chinese."""
