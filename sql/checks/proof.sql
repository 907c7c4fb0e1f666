-- Every accepted row is in exactly one place. FAIL where a line does not balance: the run publishes nothing.
-- Grain: one side, currency, state and reason. Three independent countings meet here: what the parsers counted
-- (file_totals), what the row tables hold (stored), and what matching took (matches keeps its own amounts).
-- Each counting was added up when its rows were written: row_totals with the parts, pair_totals with the matches, and
-- what stands apart from the pairs bears the amount it was valued at. The parts must still hold as many rows (held):
-- one that is gone, cut short or exchanged for another does not pass. Rows that were purged count as held: their file
-- is on record in book.purged, and their sums stay.
WITH apart AS (
    SELECT m.side, m.row_id, m.currency, m.amount_minor, if(g.verdict = 'MATCHED', 'matched', 'excepted') AS state,
           if(g.verdict = 'MATCHED', g.rule, g.verdict) AS reason
    FROM book.deposit_members m JOIN book.deposit_groups g USING (group_no)
    UNION ALL
    SELECT side, row_id, currency, amount_minor, state, reason FROM book.open_rows
    UNION ALL
    SELECT side, row_id, currency, amount_minor, 'out_of_scope', reason FROM book.out_of_scope
),
placed AS (
    SELECT 'journal' AS side, currency, if(verdict = 'MATCHED', 'matched', 'excepted') AS state,
           if(verdict = 'MATCHED', rule, verdict) AS reason, row_count,
           journal_size_minor AS amount_minor, journal_fingerprint AS fingerprint
    FROM book.pair_totals
    UNION ALL
    SELECT 'settlement', settlement_currency, if(verdict = 'MATCHED', 'matched', 'excepted'),
           if(verdict = 'MATCHED', rule, verdict), row_count, settlement_minor, settlement_fingerprint
    FROM book.pair_totals
    UNION ALL
    SELECT side, currency, state, reason, count(*), sum(amount_minor), sum(row_id) % 1000000007
    FROM apart GROUP BY side, currency, state, reason
),
accounted AS (
    SELECT side, currency, state, reason, CAST(sum(row_count) AS BIGINT) AS row_count,
           CAST(sum(amount_minor) AS BIGINT) AS amount_minor, sum(fingerprint) AS fingerprint
    FROM placed GROUP BY side, currency, state, reason
),
stored AS (
    SELECT side, currency, CAST(sum(row_count) AS BIGINT) AS row_count, CAST(sum(amount_minor) AS BIGINT) AS amount_minor,
           sum(fingerprint) AS fingerprint
    FROM book.row_totals GROUP BY side, currency
),
purged AS (
    SELECT p.of_table AS side, p.row_count FROM book.parts p
    WHERE p.dropped_at IS NULL AND p.file_id IN (SELECT g.file_id FROM book.purged g WHERE g.what = 'rows')
),
held AS (
    SELECT side, CAST(sum(row_count) AS BIGINT) AS row_count FROM (
        SELECT 'journal' AS side, count(*) AS row_count FROM book.journal
        UNION ALL SELECT 'settlement', count(*) FROM book.settlement
        UNION ALL SELECT 'bank', count(*) FROM book.bank
        UNION ALL FROM purged
    ) GROUP BY side
),
kept AS (
    SELECT h.side, h.row_count = coalesce(sum(s.row_count), 0) AND (
        (SELECT count(*) FROM book.matches) = (SELECT coalesce(sum(row_count), 0) FROM book.pair_totals)) AS whole
    FROM held h LEFT JOIN stored s USING (side) GROUP BY h.side, h.row_count
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
    sum(a.fingerprint) OVER same % 1000000007 IS NOT DISTINCT FROM s.fingerprint % 1000000007
    AND c.rows_in IS NOT DISTINCT FROM s.row_count AND c.amount_in_minor IS NOT DISTINCT FROM s.amount_minor
    AND k.whole AS each_once
FROM counted c
FULL JOIN stored s ON s.side = c.side AND s.currency = c.currency
JOIN kept k ON k.side = coalesce(c.side, s.side)
LEFT JOIN accounted a ON a.side = coalesce(c.side, s.side) AND a.currency = coalesce(c.currency, s.currency)
WINDOW same AS (PARTITION BY coalesce(c.side, s.side), coalesce(c.currency, s.currency))
ORDER BY side, currency, a.state, a.reason;
