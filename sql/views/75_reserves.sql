-- Grain: one RESERVE_HOLD line. Releases of the same acquirer, merchant and currency go to the oldest hold first.
CREATE OR REPLACE VIEW reserves AS
WITH today AS (SELECT max(business_date) AS day FROM book.runs WHERE verdict IS NOT NULL),
lines AS (
    SELECT s.row_id, s.acquirer, s.merchant_id, s.currency, s.settlement_date, s.payout_id, s.record_type, s.net_minor,
           s.file_id, s.line
    FROM book.settlement s
    WHERE s.record_type IN ('RESERVE_HOLD', 'RESERVE_RELEASE') AND s.reason_code IS DISTINCT FROM 'Balancetransfer'
),
released AS (
    SELECT acquirer, merchant_id, currency, sum(net_minor) AS released_minor
    FROM lines WHERE record_type = 'RESERVE_RELEASE' GROUP BY acquirer, merchant_id, currency
),
held AS (
    SELECT *, -net_minor AS held_minor,
           sum(-net_minor) OVER (PARTITION BY acquirer, merchant_id, currency ORDER BY settlement_date, row_id) AS until_here
    FROM lines WHERE record_type = 'RESERVE_HOLD'
),
followed AS (
    SELECT h.*, CAST(greatest(0, least(h.held_minor, coalesce(r.released_minor, 0) - (h.until_here - h.held_minor))) AS BIGINT)
                AS released_minor
    FROM held h LEFT JOIN released r
    ON r.acquirer = h.acquirer AND r.currency = h.currency AND r.merchant_id IS NOT DISTINCT FROM h.merchant_id
)
SELECT
    f.acquirer, f.merchant_id, f.currency, f.settlement_date, f.payout_id, n.name AS file, f.line, f.row_id,
    f.held_minor, major(f.held_minor, f.currency) AS held,
    f.released_minor, major(f.released_minor, f.currency) AS released,
    f.held_minor - f.released_minor AS outstanding_minor, major(f.held_minor - f.released_minor, f.currency) AS outstanding,
    CAST(t.day - f.settlement_date AS INTEGER) AS age_days
FROM followed f JOIN book.files n ON n.file_id = f.file_id CROSS JOIN today t;
COMMENT ON VIEW reserves IS 'One row per amount that an acquirer holds back, with what it has released of it, oldest first, and what is outstanding';
