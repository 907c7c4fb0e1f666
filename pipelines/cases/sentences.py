"""What each exception says in one sentence, in English and Chinese; the words in braces come from the rows."""

from __future__ import annotations

ENGLISH = {
    "NOT_SETTLED": "The terminal approved a sale of {mine} on {day} ({ref}), but {acquirer} settled nothing for "
    "it: {mine} expected, {zero} settled.",
    "REFUND_NOT_SETTLED": "The shop refunded {mine} on {day} ({ref}), but {acquirer} shows no such refund: "
    "{mine} expected, {zero} settled.",
    "VOID_NOT_SETTLED": "The shop voided {mine} on {day} ({ref}), but {acquirer} settled the sale and shows no void: "
    "{zero} expected, {mine} settled.",
    "REVERSAL_NOT_SETTLED": "The terminal reversed {mine} on {day} ({ref}), but {acquirer} settled the sale and shows "
    "no reversal: {zero} expected, {mine} settled.",
    "NOT_IN_JOURNAL": "{acquirer} settled {theirs} of {day} ({ref}), but the shop's journal of that day holds no such "
    "transaction: {zero} expected, {theirs} settled.",
    "FAILED_BUT_SETTLED": "The terminal says the payment of {mine} failed ({ref}), but {acquirer} settled {theirs}: "
    "the customer was charged.",
    "AMOUNT_OVER": "{acquirer} settled {theirs} where the terminal recorded {mine} ({ref}): {amount} too much.",
    "AMOUNT_UNDER": "{acquirer} settled {theirs} where the terminal recorded {mine} ({ref}): {amount} too little.",
    "CURRENCY_MISMATCH": "{acquirer} settled {theirs} where the terminal recorded {mine} ({ref}): another currency.",
    "TYPE_MISMATCH": "{acquirer} settled {theirs} as another kind of transaction than the {mine} that the terminal "
    "recorded ({ref}).",
    "DUPLICATE_SETTLEMENT": "{acquirer} settled {theirs} ({ref}) once more than the shop's journal holds it: "
    "{zero} expected, {theirs} settled.",
    "AMBIGUOUS_MATCH": "{acquirer} settled {theirs} ({ref}); {found} journal rows fit it and nothing tells them apart.",
    "AMBIGUOUS_DEPOSIT": "The bank booked {amount} {way} {acquirer} on {day} ({ref}); it names no payout, and {found} "
    "open payouts add up to it in more than one way.",
    "DUPLICATE_CHARGE": "The shop charged the same card {amount} twice within minutes on {day}: {ref} after "
    "RRN {other}.",
    "REFUND_UNLINKED": "The shop refunded {amount} on {day} ({ref}), but neither its journal nor {acquirer} knows the "
    "original it names ({other}).",
    "REFUND_EXCESS": "With the refund of {whole} on {day} ({ref}) the shop paid back {amount} more than the original "
    "{other} of {original}.",
    "REFUND_DUPLICATE": "The shop refunded {amount} on {day} ({ref}) once more: the original {other} of {original} was "
    "refunded the same amount before.",
    "PREAUTH_NOT_COMPLETED": "The pre-authorisation of {amount} of {day} ({ref}) was neither completed nor cancelled "
    "by {due}.",
    "PREAUTH_EXCESS": "The completion of {whole} on {day} ({ref}) is {amount} above 115 % of the pre-authorisation "
    "{other} of {original}.",
    "FEE_VARIANCE": "{acquirer} charged a fee of {fee} on {gross} ({ref}) where the contract gives {right}: {amount} "
    "{much}; {cause}.",
    "NET_BREAK": "The payout {payout} declares {declared}, but its lines add up to {lines}: {amount} {less}{how}.",
    "DEPOSIT_MISSING": "The payout {payout} of {amount} was due at the bank on {due} and is not in the statement: "
    "{amount} expected, {zero} received.",
    "DEPOSIT_AMOUNT_DIFF": "The {payouts} of {payout_amount} reached the bank as {bank_amount}: {amount} {less}.",
    "BALANCE_BREAK": "Account {account}: the statement of {after} opens with {opening}, but that of {before} closed "
    "with {closing}, a difference of {difference}. Missing is {missing}: it opens with {closing} and closes with "
    "{opening}.",
    "DEPOSIT_UNIDENTIFIED": "The bank booked {amount} {way} {acquirer} on {day} ({ref}), and no payout explains it.",
    "CHARGEBACK": "{acquirer} took back {amount} of the sale {ref}: a chargeback, reason {reason}.",
    "ADJUSTMENT_UNEXPLAINED": "{acquirer} booked an adjustment of {amount} ({ref}), and no open exception explains it.",
}

PERHAPS = (
    " It may be one of {meant} records of the other side, listed as evidence, of the same amount and about the same "
    "time: a person must decide."
)
PERHAPS_ZH = "证据中列出的另一方 {meant} 条记录金额和时间相近，可能是同一笔，须由人工判断。"

CHINESE = {
    "NOT_SETTLED": "终端于 {day} 批准了一笔 {mine} 的销售（{ref}），但 {acquirer} 没有清算："
    "应清算 {mine}，实际 {zero}。",
    "REFUND_NOT_SETTLED": "门店于 {day} 退货 {mine}（{ref}），但 {acquirer} 没有这笔退货：应退 {mine}，实际 {zero}。",
    "VOID_NOT_SETTLED": "门店于 {day} 撤销 {mine}（{ref}），但 {acquirer} 清算了销售且没有撤销："
    "应为 {zero}，实际 {mine}。",
    "REVERSAL_NOT_SETTLED": "终端于 {day} 冲正 {mine}（{ref}），但 {acquirer} 清算了销售且没有冲正："
    "应为 {zero}，实际 {mine}。",
    "NOT_IN_JOURNAL": "{acquirer} 清算了 {day} 的 {theirs}（{ref}），但当日门店流水没有这笔交易："
    "流水 {zero}，清算 {theirs}。",
    "FAILED_BUT_SETTLED": "终端显示 {mine} 的付款失败（{ref}），但 {acquirer} 清算了 {theirs}：顾客已被扣款。",
    "AMOUNT_OVER": "{acquirer} 清算 {theirs}，终端记录 {mine}（{ref}）：多收 {amount}。",
    "AMOUNT_UNDER": "{acquirer} 清算 {theirs}，终端记录 {mine}（{ref}）：少收 {amount}。",
    "CURRENCY_MISMATCH": "{acquirer} 清算 {theirs}，终端记录 {mine}（{ref}）：币种不同。",
    "TYPE_MISMATCH": "{acquirer} 清算 {theirs} 的交易类型与终端记录的 {mine} 不同（{ref}）。",
    "DUPLICATE_SETTLEMENT": "{acquirer} 清算 {theirs}（{ref}），次数多于门店流水：应为 {zero}，多清算 {theirs}。",
    "AMBIGUOUS_MATCH": "{acquirer} 清算 {theirs}（{ref}）；有 {found} 笔流水符合，无法区分。",
    "AMBIGUOUS_DEPOSIT": "银行于 {day} 记入{way_zh} {acquirer} 的 {amount}（{ref}），未注明付款；"
    "{found} 笔未到付款有多种组合与之相符。",
    "DUPLICATE_CHARGE": "门店于 {day} 在数分钟内对同一张卡两次收取 {amount}：{ref}，此前为参考号 {other}。",
    "REFUND_UNLINKED": "门店于 {day} 退货 {amount}（{ref}），但门店流水和 {acquirer} 都没有其原交易（{other}）。",
    "REFUND_EXCESS": "门店于 {day} 退货 {whole}（{ref}）后，累计退货比原交易 {other} 的 {original} 多出 {amount}。",
    "REFUND_DUPLICATE": "门店于 {day} 再次退货 {amount}（{ref}）：原交易 {other}（{original}）此前已退过同样金额。",
    "PREAUTH_NOT_COMPLETED": "{day} 的预授权 {amount}（{ref}）到 {due} 既未完成也未撤销。",
    "PREAUTH_EXCESS": "{day} 的预授权完成 {whole}（{ref}）比预授权 {other}（{original}）的 115% 多出 {amount}。",
    "FEE_VARIANCE": "{acquirer} 对 {gross}（{ref}）收取手续费 {fee}，按合同应为 {right}：{much} {amount}，{cause}。",
    "NET_BREAK": "付款 {payout} 申报 {declared}，而其明细合计为 {lines}：{less_zh} {amount}{how_zh}。",
    "DEPOSIT_MISSING": "付款 {payout} 的 {amount} 应于 {due} 到账，但对账单中没有：应收 {amount}，实收 {zero}。",
    "DEPOSIT_AMOUNT_DIFF": "付款 {payouts_zh}应为 {payout_amount}，银行到账 {bank_amount}：{less_zh} {amount}。",
    "BALANCE_BREAK": "账户 {account}：{after} 的对账单期初余额为 {opening}，而 {before} 的期末余额为 {closing}，"
    "相差 {difference}。缺少{missing}，其期初应为 {closing}，期末应为 {opening}。",
    "DEPOSIT_UNIDENTIFIED": "银行于 {day} 记入{way_zh} {acquirer} 的 {amount}（{ref}），没有付款可以解释。",
    "CHARGEBACK": "{acquirer} 就销售 {ref} 退单 {amount}，原因 {reason}。",
    "ADJUSTMENT_UNEXPLAINED": "{acquirer} 调账 {amount}（{ref}），没有未结异常可以解释。",
}
