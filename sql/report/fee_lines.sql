-- Settlement lines of open fee variances, as a claim shows them, minor units. Grain: one line.
-- Parameters: first and last settlement date or null, last date of the run that first listed it or null, acquirer or null.
WITH standing AS (
    SELECT exception_id FROM (
        SELECT exception_id, status, first_seen FROM book.exception_events WHERE type = 'FEE_VARIANCE'
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
    ) WHERE status NOT IN ('cleared', 'resolved') AND first_seen <= coalesce(?, first_seen)
)
SELECT s.acquirer, t.words AS contract, t.told, c.cause, c.detail, s.currency, s.settlement_date, s.business_date,
       f.name AS file, s.line, s.merchant_id, s.terminal_id, s.rrn, s.order_no, s.payout_id, s.record_type, s.card_type,
       s.gross_minor, s.fee_minor, c.expected_minor
FROM book.fee_checks c
JOIN book.settlement s ON s.row_id = c.row_id
JOIN book.files f ON f.file_id = s.file_id AND f.state = 'loaded'
JOIN book.fee_terms t ON t.term = c.term
JOIN standing e ON e.exception_id = fee_exception(f.source, f.name, s.row_id)
WHERE c.cause IS NOT NULL AND s.settlement_date BETWEEN coalesce(?, s.settlement_date) AND coalesce(?, s.settlement_date)
AND s.acquirer = coalesce(?, s.acquirer)
ORDER BY s.acquirer, t.words, c.cause, s.currency, s.settlement_date, s.row_id;
