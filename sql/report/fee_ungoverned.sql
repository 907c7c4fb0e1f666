-- SALE and REFUND lines that no fee of a contract governs, minor units. Grain: acquirer, currency, reason.
-- Parameters: first and last settlement date or null, acquirer or null.
SELECT s.acquirer, s.currency,
       if(c.row_id IS NULL, 'no contract of the acquirer states fees', c.detail) AS why, count(*) AS line_count,
       min(s.settlement_date) AS first_date, max(s.settlement_date) AS last_date,
       CAST(sum(s.gross_minor) AS BIGINT) AS gross_minor, CAST(sum(s.fee_minor) AS BIGINT) AS fee_minor
FROM book.settlement s
JOIN book.files f ON f.file_id = s.file_id AND f.state = 'loaded'
LEFT JOIN book.fee_checks c ON c.row_id = s.row_id
WHERE s.record_type IN ('SALE', 'REFUND') AND c.term IS NULL
AND s.settlement_date BETWEEN coalesce(?, s.settlement_date) AND coalesce(?, s.settlement_date)
AND s.acquirer = coalesce(?, s.acquirer)
GROUP BY ALL ORDER BY ALL;
