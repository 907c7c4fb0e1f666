-- Which customers may have been charged or settled twice?
-- $from DATE = DATE '2000-01-01': first business date
SELECT type, status, business_date, merchant_id, terminal_id, rrn, order_no, amount, currency, explanation, exception_id
FROM exceptions
WHERE type IN ('DUPLICATE_CHARGE', 'DUPLICATE_SETTLEMENT', 'FAILED_BUT_SETTLED', 'REFUND_DUPLICATE')
    AND business_date >= $from
ORDER BY business_date, type, exception_id;
