-- What became of the refunds, voids and reversals of a day?
-- $date DATE = (SELECT max(business_date) FROM runs): business date; the newest run's
SELECT txn_time, txn_type, merchant_id, terminal_id, channel, rrn, order_no, original_rrn, amount, currency, status, state,
    reason, operator_id
FROM journal
WHERE business_date = $date AND txn_type IN ('REFUND', 'VOID', 'REVERSAL')
ORDER BY txn_time, row_id;
