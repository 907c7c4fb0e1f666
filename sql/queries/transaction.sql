-- All that is known of one transaction?
-- $key VARCHAR: its RRN, order number or exception id
SELECT 'journal' AS side, CAST(txn_time AS VARCHAR) AS moment, txn_type AS what, status, amount, currency, state, reason, file, line
FROM journal WHERE $key IN (rrn, order_no, original_rrn)
UNION ALL
SELECT 'settlement', CAST(coalesce(txn_time, settlement_date) AS VARCHAR), record_type, payout_id, gross, currency, state, reason, file, line
FROM settlement WHERE $key IN (rrn, order_no, original_rrn)
UNION ALL
SELECT 'exception', CAST(first_seen AS VARCHAR), type, status, amount, currency, severity, explanation, NULL, NULL
FROM exceptions WHERE $key IN (rrn, order_no, exception_id)
ORDER BY moment, side, file, line;
