"""What signals and incidents say in one sentence, in English and Chinese; never an accusation."""

from __future__ import annotations

USUAL = "; on the {days} working days before there were usually {usual}, at most {most}"
USUAL_ZH = "；此前 {days} 个营业日通常 {usual} 笔，最多 {most} 笔"

ENGLISH = {
    "small_payments": "{who}: {found} of {of} payments on {day} were of {small} or less" + USUAL,
    "below_limit": "{who}: {found} of {of} payments on {day} lay up to {percent} % below a limit ({limits})" + USUAL,
    "declines": "{who}: {found} of {of} transactions on {day} were declined, and {after} approved after the "
    "first {fewest}" + USUAL,
    "odd_hours": "{who}: {found} payments on {day} between {from} and {to}; on the {days} working days before "
    "there was none at these hours",
    "same_card": "{who}: the card {card} came {found} times on {day}, {refused} of them declined; on the {days} "
    "working days before no card came more than {most} times",
    "refunds": "{who}: {found} sales were refunded on {day}, {amount} in all" + USUAL,
    "voids": "{who}: {found} sales were voided on {day}, {amount} in all" + USUAL,
    "timeouts": "{who}: {found} of {of} transactions on {day} got no answer" + USUAL,
    "reversals": "{who}: {found} of {of} transactions on {day} were reversals" + USUAL,
    "trace_gaps": "{who}: {found} trace numbers are missing among {of} transactions on {day}" + USUAL,
    "open_batch": "{who}: the batch {batch} is still open on {day}, for {found} working days now; before, none was "
    "open for more than {most}",
    "clock": "{who}: on {day} its clock is {found} seconds {way} the acquirer's, by {of} matched payments; on the "
    "{days} working days before usually {usual} seconds {usual_way}",
    "silence": "{who}: no transaction since {day}, while its shop goes on working; before, usually {usual} a day, and "
    "no silence of more than {most} days",
}
CHINESE = {
    "small_payments": "{who}：{day} 的 {of} 笔付款中有 {found} 笔不超过 {small}" + USUAL_ZH,
    "below_limit": "{who}：{day} 的 {of} 笔付款中有 {found} 笔比限额（{limits}）低不到 {percent}%" + USUAL_ZH,
    "declines": "{who}：{day} 的 {of} 笔交易中有 {found} 笔被拒绝，{fewest} 笔拒绝之后又有 {after} 笔成功" + USUAL_ZH,
    "odd_hours": "{who}：{day} 在 {from} 至 {to} 之间有 {found} 笔付款；此前 {days} 个营业日这些时段没有交易",
    "same_card": "{who}：{day} 同一张卡 {card} 出现 {found} 次，其中 {refused} 次被拒绝；此前 {days} 个营业日每张卡"
    "最多 {most} 次",
    "refunds": "{who}：{day} 对 {found} 笔销售退货，共 {amount}" + USUAL_ZH,
    "voids": "{who}：{day} 撤销 {found} 笔销售，共 {amount}" + USUAL_ZH,
    "timeouts": "{who}：{day} 的 {of} 笔交易中有 {found} 笔没有应答" + USUAL_ZH,
    "reversals": "{who}：{day} 的 {of} 笔交易中有 {found} 笔冲正" + USUAL_ZH,
    "trace_gaps": "{who}：{day} 的 {of} 笔交易之间缺少 {found} 个流水号" + USUAL_ZH,
    "open_batch": "{who}：批次 {batch} 到 {day} 已连续 {found} 个营业日未结；此前的批次最多 {most} 个营业日",
    "clock": "{who}：{day} 的时钟比收单机构{way_zh} {found} 秒（{of} 笔已匹配付款）；此前 {days} 个营业日通常"
    "{usual_way_zh} {usual} 秒",
    "silence": "{who}：自 {day} 起没有交易，而门店仍在营业；此前通常每天 {usual} 笔，静默从未超过 {most} 天",
}

AGAIN = ". The same was told on {times} days since {first}"
AGAIN_ZH = "。自 {first} 起共有 {times} 天如此"
PLAIN_REASON = ". There may be a plain reason for it."
PLAIN_REASON_ZH = "。可能有正常原因。"

WHO = {
    "terminal": ("Terminal {terminal} of merchant {merchant}", "商户 {merchant} 的终端 {terminal}"),
    "cashier": ("Cashier {operator} of merchant {merchant}", "商户 {merchant} 的收银员 {operator}"),
    "merchant": ("Merchant {merchant}", "商户 {merchant}"),
    "everywhere": (
        "{terminals} terminals at once, so it is hardly any one of them",
        "{terminals} 台终端同时出现，多半不是某一台终端的问题",
    ),
}

INCIDENT = (
    "{found} of {of} breaks of {where} on {day} fall between {from} and {to}, worth {amount}; on the {days} days "
    "before there were usually {usual} in a whole day, at most {most}: they look like one outage{more}."
)
INCIDENT_ZH = (
    "{where} 在 {day} 的 {of} 笔异常中有 {found} 笔集中在 {from} 至 {to}，金额 {amount}；此前 {days} 天通常全天 "
    "{usual} 笔，最多 {most} 笔：疑为同一次故障{more}。"
)
