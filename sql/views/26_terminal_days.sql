-- Grain: one terminal and business date, all its journals added up.
CREATE OR REPLACE VIEW terminal_days AS
SELECT
    terminal_id, day AS business_date, max_by(merchant_id, row_count) AS merchant_id,
    CAST(sum(row_count) AS BIGINT) AS row_count, CAST(sum(sales) AS BIGINT) AS sales,
    CAST(sum(declined) AS BIGINT) AS declined, CAST(sum(timeouts) AS BIGINT) AS timeouts,
    CAST(sum(reversals) AS BIGINT) AS reversals, CAST(sum(small) AS BIGINT) AS small_payments,
    CAST(sum(below) AS BIGINT) AS below_limit, min(first_at) AS first_at, max(last_at) AS last_at
FROM book.terminal_days GROUP BY unit, terminal_id, day;
COMMENT ON VIEW terminal_days IS 'One row per terminal and business date: what it did that day, as signals are judged by it';
-- Grain: one terminal and business date whose clock could be compared.
CREATE OR REPLACE VIEW terminal_clocks AS
SELECT
    terminal_id, day AS business_date, max(merchant_id) AS merchant_id, CAST(sum(pairs) AS BIGINT) AS pairs,
    CAST(list(ahead_seconds ORDER BY pairs DESC, run_no, file_id)[1] AS BIGINT) AS ahead_seconds
FROM book.clock_days GROUP BY unit, terminal_id, day;
COMMENT ON VIEW terminal_clocks IS 'One row per terminal and business date: by how many seconds its clock was ahead of the acquirer''s';
