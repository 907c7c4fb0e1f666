-- Grain: one gap in the numbers of one terminal and batch. A batch number that comes again after a week is another batch;
-- numbers that begin anew (999999, then 1) leave no gap.
CREATE OR REPLACE VIEW trace_gaps AS
WITH numbers AS (
    SELECT merchant_id, terminal_id, batch_no, business_date AS day, CAST(stan AS BIGINT) AS first_no, first_no AS last_no
    FROM book.journal WHERE terminal_id IS NOT NULL AND regexp_full_match(stan, '[0-9]{1,12}')
    UNION ALL
    SELECT merchant_id, terminal_id, batch_no, day, first_no, last_no FROM book.traces WHERE terminal_id IS NOT NULL
),
paused AS (
    SELECT *, coalesce(day - lag(day) OVER whole > 7, false) AS anew
    FROM numbers WINDOW whole AS (PARTITION BY merchant_id, terminal_id, batch_no ORDER BY day)
),
spells AS (
    SELECT *, count(*) FILTER (anew) OVER (
        PARTITION BY merchant_id, terminal_id, batch_no ORDER BY day, anew DESC ROWS UNBOUNDED PRECEDING
    ) AS spell
    FROM paused
),
placed AS (
    SELECT *, max(last_no) OVER (
            PARTITION BY merchant_id, terminal_id, batch_no, spell ORDER BY first_no
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS after_no,
        max(last_no) OVER (PARTITION BY merchant_id, terminal_id, batch_no, spell) AS highest
    FROM spells
)
SELECT merchant_id, terminal_id, batch_no, day, after_no, first_no AS before_no, first_no - after_no - 1 AS missing
FROM placed
WHERE missing > 0 AND NOT (missing > 1000 AND 2 * missing > highest);
COMMENT ON VIEW trace_gaps IS 'One row per gap in the trace numbers of a terminal and batch: transactions that no journal shows';
