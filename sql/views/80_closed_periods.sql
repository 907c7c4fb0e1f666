-- Grain: one month that is closed now.
CREATE OR REPLACE VIEW closed_periods AS
WITH newest AS (
    SELECT * FROM book.case_events WHERE act IN ('close-period', 'reopen-period')
    QUALIFY row_number() OVER (PARTITION BY period ORDER BY event_no DESC) = 1
)
SELECT
    period, CAST(period || '-01' AS DATE) AS first_day, last_day(CAST(period || '-01' AS DATE)) AS last_day,
    acted_at AS closed_at, actor AS closed_by, reason, after_run, event_no
FROM newest WHERE act = 'close-period';
COMMENT ON VIEW closed_periods IS 'One row per month that is closed: who closed it, when, and after which run; its figures stand, news on it count in the open month';

-- Grain: one figure and currency of a closed month.
CREATE OR REPLACE VIEW period_figures AS
WITH as_closed AS (
    SELECT c.period, c.first_day, c.last_day, u.figure, u.currency, u.row_count, u.amount_minor
    FROM closed_periods c JOIN book.case_events e USING (event_no),
    LATERAL (SELECT unnest(from_json(e.facts,
        '[{"figure": "VARCHAR", "currency": "VARCHAR", "row_count": "BIGINT", "amount_minor": "BIGINT"}]'), recursive := true)) u
),
as_now AS (
    SELECT c.period, 'journal' AS figure, j.currency, count(*) AS row_count, CAST(sum(j.amount_minor) AS BIGINT) AS amount_minor
    FROM closed_periods c JOIN book.journal j ON j.business_date BETWEEN c.first_day AND c.last_day GROUP BY ALL
    UNION ALL
    SELECT c.period, 'settlement', s.currency, count(*), CAST(sum(s.gross_minor) AS BIGINT)
    FROM closed_periods c JOIN book.settlement s ON s.settlement_date BETWEEN c.first_day AND c.last_day
    WHERE s.record_type <> 'PAYOUT' GROUP BY ALL
    UNION ALL
    SELECT c.period, 'bank', b.currency, count(*), CAST(sum(b.amount_minor) AS BIGINT)
    FROM closed_periods c JOIN book.bank b ON b.booking_date BETWEEN c.first_day AND c.last_day GROUP BY ALL
    UNION ALL
    SELECT c.period, 'open exceptions', x.currency, count(*), CAST(sum(x.amount_minor) AS BIGINT)
    FROM closed_periods c JOIN (
        SELECT * FROM book.exception_events QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
    ) x ON x.business_date BETWEEN c.first_day AND c.last_day
    WHERE x.status <> 'cleared' AND x.currency IS NOT NULL GROUP BY ALL
)
SELECT
    period, figure, currency, coalesce(c.row_count, 0) AS rows_closed, coalesce(c.amount_minor, 0) AS closed_minor,
    major(coalesce(c.amount_minor, 0), currency) AS closed, coalesce(n.row_count, 0) AS rows_now,
    coalesce(n.amount_minor, 0) AS now_minor, major(coalesce(n.amount_minor, 0), currency) AS now,
    coalesce(n.amount_minor, 0) - coalesce(c.amount_minor, 0) AS adjustment_minor,
    major(coalesce(n.amount_minor, 0) - coalesce(c.amount_minor, 0), currency) AS adjustment
FROM as_closed c FULL JOIN as_now n USING (period, figure, currency);
COMMENT ON VIEW period_figures IS 'One row per figure and currency of a closed month: as it was closed, as the books have it now, and the difference, which counts in the open month';

-- Grain: one news on a closed month: an event of the register, or a file that came or was taken back.
CREATE OR REPLACE VIEW period_adjustments AS
WITH told AS (
    SELECT e.*, coalesce(lag(if(e.status = 'cleared', 0, e.amount_minor)) OVER (PARTITION BY e.exception_id ORDER BY e.event_no), 0) AS was_minor
    FROM book.exception_events e
),
opened AS (
    SELECT c.period, c.last_day, 'exception' AS what, e.run_date, e.event, e.exception_id, e.type, NULL AS file, e.currency,
           if(e.status = 'cleared', 0, e.amount_minor) - e.was_minor AS adjustment_minor, e.explanation
    FROM closed_periods c JOIN told e ON e.business_date BETWEEN c.first_day AND c.last_day AND e.run_no > c.after_run
    UNION ALL
    SELECT c.period, c.last_day, 'file', r.business_date, if(f.run_no > c.after_run, 'loaded', 'retracted'), NULL, NULL, f.name, NULL,
           NULL, f.accepted || ' rows of ' || f.source
    FROM closed_periods c JOIN book.files f ON f.first_date <= c.last_day AND f.last_date >= c.first_day AND f.source IS NOT NULL
    AND ((f.run_no > c.after_run AND f.state = 'loaded')
        OR (f.run_no <= c.after_run AND f.retracted_run > c.after_run AND f.state = 'retracted'))
    JOIN book.runs r ON r.run_no = if(f.run_no > c.after_run, f.run_no, f.retracted_run)
)
SELECT
    period, strftime(greatest(run_date, last_day + 1), '%Y-%m') AS counts_in, what, run_date, event, exception_id, type, file,
    currency, adjustment_minor, major(adjustment_minor, currency) AS adjustment, explanation
FROM opened;
COMMENT ON VIEW period_adjustments IS 'One row per news on a closed month, with the open month in which it counts: events of exceptions with what they change, files that came or were taken back';
