-- Every accepted row is in exactly one place. FAIL where a line does not balance: the run publishes nothing.
-- Grain: one side and currency. rows_in and amount_in_minor are what the parsers counted, apart from the row tables.
WITH places AS (
    SELECT 'journal' AS side, journal_row_id AS row_id, if(verdict = 'MATCHED', 'matched', 'excepted') AS state,
           if(verdict = 'MATCHED', rule, verdict) AS reason
    FROM book.matches
    UNION ALL
    SELECT 'settlement', settlement_row_id, if(verdict = 'MATCHED', 'matched', 'excepted'),
           if(verdict = 'MATCHED', rule, verdict)
    FROM book.matches
    UNION ALL
    SELECT m.side, m.row_id, if(g.verdict = 'MATCHED', 'matched', 'excepted'), if(g.verdict = 'MATCHED', g.rule, g.verdict)
    FROM book.deposit_members m JOIN book.deposit_groups g USING (group_no)
    UNION ALL
    SELECT side, row_id, state, reason FROM book.open_rows
    UNION ALL
    SELECT side, row_id, 'out_of_scope', reason FROM book.out_of_scope
),
stored AS (
    SELECT 'journal' AS side, row_id, currency, amount_minor FROM book.journal
    UNION ALL SELECT 'settlement', row_id, currency, gross_minor FROM book.settlement
    UNION ALL SELECT 'bank', row_id, currency, amount_minor FROM book.bank
),
counted AS (
    SELECT t.side, t.currency, CAST(sum(t.rows_in) AS BIGINT) AS rows_in, CAST(sum(t.amount_in_minor) AS BIGINT) AS amount_in_minor
    FROM book.file_totals t JOIN book.files f USING (file_id) WHERE f.state = 'loaded'
    GROUP BY t.side, t.currency
),
accounted AS (
    SELECT s.side, s.currency, p.state, p.reason, count(*) AS row_count, CAST(sum(s.amount_minor) AS BIGINT) AS amount_minor,
           sum(s.row_id) AS fingerprint
    FROM stored s JOIN places p ON p.side = s.side AND p.row_id = s.row_id
    GROUP BY s.side, s.currency, p.state, p.reason
),
there AS (
    SELECT side, currency, sum(row_id) AS fingerprint FROM stored GROUP BY side, currency
)
SELECT
    c.side, c.currency, c.rows_in, c.amount_in_minor, a.state, a.reason,
    coalesce(a.row_count, 0) AS row_count, coalesce(a.amount_minor, 0) AS amount_minor,
    sum(a.fingerprint) OVER (PARTITION BY c.side, c.currency) IS NOT DISTINCT FROM t.fingerprint AS each_once
FROM counted c
LEFT JOIN accounted a ON a.side = c.side AND a.currency = c.currency
LEFT JOIN there t ON t.side = c.side AND t.currency = c.currency
ORDER BY c.side, c.currency, a.state, a.reason;
