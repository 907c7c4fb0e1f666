-- Which sales were taken back, and how far is each?
-- $from DATE = DATE '2000-01-01': first settlement date
SELECT settlement_date, record_type, acquirer, merchant_id, rrn, order_no, original_rrn, gross, currency, reason_code,
    payout_id, file, line
FROM settlement
WHERE record_type IN ('CHARGEBACK', 'REPRESENTMENT') AND settlement_date >= $from
ORDER BY coalesce(original_rrn, rrn, order_no), settlement_date, row_id;
