-- Grain: one side, acquirer, currency, reason and age band of rows that are open: waiting or an exception.
CREATE OR REPLACE VIEW unreconciled AS
WITH today AS (SELECT max(business_date) AS day FROM book.runs WHERE verdict IS NOT NULL),
open_rows AS (
    SELECT 'journal' AS side, o.acquirer, j.currency, o.reason, j.business_date AS day,
           if(j.txn_type IN ('SALE', 'PREAUTH_COMPLETION'), j.amount_minor, -j.amount_minor) AS amount_minor
    FROM book.open_rows o JOIN book.journal j ON o.side = 'journal' AND j.row_id = o.row_id
    UNION ALL
    SELECT 'settlement', a.acquirer, a.currency, o.reason, coalesce(a.business_date, a.settlement_date),
           if(a.record_type = 'PAYOUT', a.net_minor, a.gross_minor)
    FROM book.open_rows o JOIN book.settlement a ON o.side = 'settlement' AND a.row_id = o.row_id
    UNION ALL
    SELECT 'bank', o.acquirer, b.currency, o.reason, b.booking_date, b.amount_minor
    FROM book.open_rows o JOIN book.bank b ON o.side = 'bank' AND b.row_id = o.row_id
    UNION ALL
    SELECT 'deposit', any_value(a.acquirer), g.currency, g.verdict, max(a.settlement_date), any_value(g.bank_minor - g.payout_minor)
    FROM book.deposit_groups g
    JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    JOIN book.settlement a ON a.row_id = d.row_id
    WHERE g.verdict <> 'MATCHED' GROUP BY g.group_no, g.currency, g.verdict
),
banded AS (
    SELECT
        side, coalesce(acquirer, '(no contract)') AS acquirer, currency, reason, day, amount_minor,
        CASE WHEN t.day_now - day <= 1 THEN '0-1' WHEN t.day_now - day <= 3 THEN '2-3' WHEN t.day_now - day <= 7 THEN '4-7'
             WHEN t.day_now - day <= 30 THEN '8-30' ELSE '>30' END AS age_band
    FROM open_rows CROSS JOIN (SELECT day AS day_now FROM today) t
),
summed AS (
    SELECT side, acquirer, currency, reason, age_band, count(*) AS row_count, min(day) AS oldest,
           CAST(sum(amount_minor) AS BIGINT) AS amount_minor
    FROM banded GROUP BY side, acquirer, currency, reason, age_band
)
SELECT side, acquirer, currency, reason, age_band, row_count, oldest, amount_minor, major(amount_minor, currency) AS amount
FROM summed;
COMMENT ON VIEW unreconciled IS 'Rows without their counterpart by side, acquirer, currency, reason and days since their date: 0-1, 2-3, 4-7, 8-30, >30; side deposit: payouts and entries whose sums differ';
