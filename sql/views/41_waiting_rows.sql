-- Grain: one row of any side that waits for its counterpart.
CREATE OR REPLACE VIEW waiting_rows AS
WITH waiting AS (SELECT * FROM book.open_rows WHERE state = 'waiting')
SELECT
    'journal' AS side, w.acquirer, j.merchant_id, j.terminal_id, j.rrn, j.order_no, NULL AS payout_id,
    NULL AS bank_ref, j.business_date, w.expected_by, j.amount_minor, j.currency, j.file_id, j.line,
    lower(replace(j.txn_type, '_', ' ')) AS what
FROM waiting w JOIN book.journal j ON w.side = 'journal' AND j.row_id = w.row_id
UNION ALL
SELECT
    'settlement', a.acquirer, a.merchant_id, a.terminal_id, a.rrn, a.order_no, a.payout_id, NULL,
    coalesce(a.business_date, a.settlement_date), w.expected_by, abs(a.net_minor), a.currency, a.file_id, a.line,
    lower(replace(a.record_type, '_', ' '))
FROM waiting w JOIN book.settlement a ON w.side = 'settlement' AND a.row_id = w.row_id
UNION ALL
SELECT
    'bank', w.acquirer, NULL, NULL, NULL, NULL, NULL, b.bank_ref, b.booking_date, w.expected_by, abs(b.amount_minor),
    b.currency, b.file_id, b.line, 'bank entry'
FROM waiting w JOIN book.bank b ON w.side = 'bank' AND b.row_id = w.row_id;
COMMENT ON VIEW waiting_rows IS 'One row per accepted row that waits (TIMING): in transit, or its counterpart file has not arrived';
