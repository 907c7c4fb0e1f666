-- Every accepted row is in exactly one place. FAIL where a line does not balance: the run publishes nothing.
-- Grain: one side, currency, state and reason. Three independent countings meet here: what the parsers counted
-- (file_totals), what the row tables hold (stored), and what matching took (matches keeps its own amounts).
-- Rows are looked up in the semi-joined ones, for the planner would else add up all of history before it joins.
WITH apart AS MATERIALIZED (
    SELECT m.side, m.row_id, if(g.verdict = 'MATCHED', 'matched', 'excepted') AS state,
           if(g.verdict = 'MATCHED', g.rule, g.verdict) AS reason
    FROM book.deposit_members m JOIN book.deposit_groups g USING (group_no)
    UNION ALL
    SELECT side, row_id, state, reason FROM book.open_rows
    UNION ALL
    SELECT side, row_id, 'out_of_scope', reason FROM book.out_of_scope
),
journal_apart AS (
    SELECT row_id, currency, amount_minor FROM book.journal
    WHERE row_id IN (SELECT row_id FROM apart WHERE side = 'journal')
),
settlement_apart AS (
    SELECT row_id, currency, gross_minor FROM book.settlement
    WHERE row_id IN (SELECT row_id FROM apart WHERE side = 'settlement')
),
bank_apart AS (
    SELECT row_id, currency, amount_minor FROM book.bank WHERE row_id IN (SELECT row_id FROM apart WHERE side = 'bank')
),
placed AS (
    SELECT 'journal' AS side, currency, if(verdict = 'MATCHED', 'matched', 'excepted') AS state,
           if(verdict = 'MATCHED', rule, verdict) AS reason, count(*) AS row_count,
           sum(abs(journal_amount_minor)) AS amount_minor, sum(journal_row_id) AS fingerprint
    FROM book.matches GROUP BY currency, verdict, rule
    UNION ALL
    SELECT 'settlement', settlement_currency, if(verdict = 'MATCHED', 'matched', 'excepted'),
           if(verdict = 'MATCHED', rule, verdict), count(*), sum(settlement_amount_minor), sum(settlement_row_id)
    FROM book.matches GROUP BY settlement_currency, verdict, rule
    UNION ALL
    SELECT 'journal', s.currency, p.state, p.reason, count(*), sum(s.amount_minor), sum(s.row_id)
    FROM journal_apart s JOIN apart p ON p.side = 'journal' AND p.row_id = s.row_id GROUP BY s.currency, p.state, p.reason
    UNION ALL
    SELECT 'settlement', s.currency, p.state, p.reason, count(*), sum(s.gross_minor), sum(s.row_id)
    FROM settlement_apart s JOIN apart p ON p.side = 'settlement' AND p.row_id = s.row_id
    GROUP BY s.currency, p.state, p.reason
    UNION ALL
    SELECT 'bank', s.currency, p.state, p.reason, count(*), sum(s.amount_minor), sum(s.row_id)
    FROM bank_apart s JOIN apart p ON p.side = 'bank' AND p.row_id = s.row_id GROUP BY s.currency, p.state, p.reason
),
accounted AS (
    SELECT side, currency, state, reason, CAST(sum(row_count) AS BIGINT) AS row_count,
           CAST(sum(amount_minor) AS BIGINT) AS amount_minor, sum(fingerprint) AS fingerprint
    FROM placed GROUP BY side, currency, state, reason
),
stored AS (
    SELECT 'journal' AS side, currency, count(*) AS row_count, sum(amount_minor) AS amount_minor, sum(row_id) AS fingerprint
    FROM book.journal GROUP BY currency
    UNION ALL
    SELECT 'settlement', currency, count(*), sum(gross_minor), sum(row_id) FROM book.settlement GROUP BY currency
    UNION ALL
    SELECT 'bank', currency, count(*), sum(amount_minor), sum(row_id) FROM book.bank GROUP BY currency
),
counted AS (
    SELECT t.side, t.currency, CAST(sum(t.rows_in) AS BIGINT) AS rows_in, CAST(sum(t.amount_in_minor) AS BIGINT) AS amount_in_minor
    FROM book.file_totals t JOIN book.files f USING (file_id) WHERE f.state = 'loaded'
    GROUP BY t.side, t.currency
)
SELECT
    coalesce(c.side, s.side) AS side, coalesce(c.currency, s.currency) AS currency,
    coalesce(c.rows_in, 0) AS rows_in, coalesce(c.amount_in_minor, 0) AS amount_in_minor, a.state, a.reason,
    coalesce(a.row_count, 0) AS row_count, coalesce(a.amount_minor, 0) AS amount_minor,
    sum(a.fingerprint) OVER same IS NOT DISTINCT FROM s.fingerprint
    AND c.rows_in IS NOT DISTINCT FROM s.row_count AND c.amount_in_minor IS NOT DISTINCT FROM s.amount_minor AS each_once
FROM counted c
FULL JOIN stored s ON s.side = c.side AND s.currency = c.currency
LEFT JOIN accounted a ON a.side = coalesce(c.side, s.side) AND a.currency = coalesce(c.currency, s.currency)
WINDOW same AS (PARTITION BY coalesce(c.side, s.side), coalesce(c.currency, s.currency))
ORDER BY side, currency, a.state, a.reason;
