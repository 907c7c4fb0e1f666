-- What became of the fees of all SALE and REFUND lines in use, minor units.
-- Grain: acquirer, currency, fee of the contract, verdict, cause, why no fee governs the lines.
-- Lines were added up when they were judged; those of acquirers whose contracts state no fees never are.
WITH judged AS (
    SELECT s.acquirer, s.currency, s.term, s.cause, s.why, sum(s.line_count) AS line_count, sum(s.gross_minor) AS gross_minor,
           sum(s.fee_minor) AS fee_minor, sum(s.expected_minor) AS expected_minor
    FROM book.fee_sums s JOIN book.files f ON f.file_id = s.file_id AND f.state = 'loaded' GROUP BY ALL
),
everything AS (
    SELECT acquirer, currency, sum(row_count) AS line_count, sum(amount_minor) AS gross_minor, sum(fee_minor) AS fee_minor
    FROM book.row_totals WHERE side = 'settlement' AND kind IN ('SALE', 'REFUND') GROUP BY acquirer, currency
),
unjudged AS (
    SELECT e.acquirer, e.currency, NULL AS term, NULL AS cause, 'no contract of the acquirer states fees' AS why,
           e.line_count - coalesce(j.line_count, 0) AS line_count, e.gross_minor - coalesce(j.gross_minor, 0) AS gross_minor,
           e.fee_minor - coalesce(j.fee_minor, 0) AS fee_minor, 0 AS expected_minor
    FROM everything e LEFT JOIN (
        SELECT acquirer, currency, sum(line_count) AS line_count, sum(gross_minor) AS gross_minor, sum(fee_minor) AS fee_minor
        FROM judged GROUP BY acquirer, currency
    ) j USING (acquirer, currency)
    WHERE e.line_count > coalesce(j.line_count, 0)
)
SELECT s.acquirer, s.currency, coalesce(t.words, '') AS contract,
       CASE WHEN s.term IS NULL THEN 'no contract' WHEN s.cause IS NULL THEN 'agrees' ELSE 'FEE_VARIANCE' END AS verdict,
       coalesce(s.cause, '') AS cause, coalesce(s.why, '') AS why, CAST(s.line_count AS BIGINT) AS line_count,
       CAST(s.gross_minor AS BIGINT) AS gross_minor, CAST(s.fee_minor AS BIGINT) AS fee_minor,
       CAST(s.expected_minor AS BIGINT) AS expected_minor
FROM (FROM judged UNION ALL BY NAME FROM unjudged) s LEFT JOIN book.fee_terms t ON t.term = s.term
ORDER BY s.acquirer, s.currency, contract, verdict, cause, why;
