-- What did the acquirers settle that the terminals never sold?
-- $from DATE = DATE '2000-01-01': first settlement date
SELECT acquirer, settlement_date, record_type, merchant_id, terminal_id, rrn, order_no, gross, currency, payout_id, file, line
FROM settlement
WHERE state = 'excepted' AND reason IN ('NOT_IN_JOURNAL', 'DUPLICATE_SETTLEMENT', 'AMBIGUOUS_MATCH')
    AND settlement_date >= $from
ORDER BY settlement_date, acquirer, row_id;
