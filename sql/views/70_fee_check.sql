-- Grain: one SALE or REFUND line of a settlement file.
CREATE OR REPLACE VIEW fee_check AS
SELECT
    s.row_id, f.name AS file, s.line, s.acquirer, s.settlement_date, s.business_date, s.merchant_id, s.terminal_id, s.rrn,
    s.order_no, s.payout_id, s.record_type, s.card_type, s.currency,
    s.gross_minor, major(s.gross_minor, s.currency) AS gross, s.fee_minor, major(s.fee_minor, s.currency) AS fee,
    c.expected_minor, major(c.expected_minor, s.currency) AS expected,
    s.fee_minor - c.expected_minor AS difference_minor, major(s.fee_minor - c.expected_minor, s.currency) AS difference,
    CASE WHEN c.term IS NULL THEN 'no contract' WHEN c.cause IS NULL THEN 'agrees' ELSE 'FEE_VARIANCE' END AS verdict,
    c.cause, CASE WHEN c.row_id IS NULL THEN 'no contract of the acquirer states fees' ELSE c.detail END AS detail,
    t.words AS contract,
    if(c.cause IS NULL, NULL, fee_exception(f.source, f.name, s.row_id)) AS exception_id
FROM book.settlement s
JOIN book.files f ON f.file_id = s.file_id AND f.state = 'loaded'
LEFT JOIN book.fee_checks c ON c.row_id = s.row_id
LEFT JOIN book.fee_terms t ON t.term = c.term
WHERE s.record_type IN ('SALE', 'REFUND');
COMMENT ON VIEW fee_check IS 'One row per SALE or REFUND line: the fee charged beside the fee of the contract in force, and what went wrong where they differ';
