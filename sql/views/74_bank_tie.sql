-- Grain: one account and currency that statements give balances of.
-- First opening balance + all entries that count = last closing balance, whatever became of the entries.
CREATE OR REPLACE VIEW bank_tie AS
WITH statements AS (
    SELECT b.account, b.currency, b.file_id, b.line, f.expected_date,
           any_value(b.amount_minor) FILTER (b.kind = 'opening') AS opening_minor,
           any_value(b.amount_minor) FILTER (b.kind = 'closing') AS closing_minor,
           coalesce(max(b.balance_date) FILTER (b.kind = 'closing'), max(f.last_date), max(f.expected_date)) AS day
    FROM book.balances_told b JOIN book.files f USING (file_id)
    WHERE f.state = 'loaded' AND f.side = 'bank' AND coalesce(f.standing, 'final') = 'final'
    GROUP BY b.account, b.currency, b.file_id, b.line, f.expected_date
),
ends AS (
    SELECT account, currency, min(day) AS first_day, max(day) AS last_day,
           arg_min(opening_minor, (day, file_id, line)) AS opening_minor,
           arg_max(closing_minor, (day, file_id, line)) AS closing_minor
    FROM statements WHERE opening_minor IS NOT NULL AND closing_minor IS NOT NULL GROUP BY account, currency
),
entries AS (
    SELECT
        b.account, b.currency,
        sum(b.amount_minor) AS booked_minor,
        coalesce(sum(b.amount_minor) FILTER (d.row_id IS NOT NULL), 0) AS payouts_minor,
        coalesce(sum(b.amount_minor) FILTER (o.row_id IS NOT NULL), 0) AS open_minor
    FROM book.bank b
    LEFT JOIN book.deposit_members d ON d.side = 'bank' AND d.row_id = b.row_id
    LEFT JOIN book.open_rows o ON o.side = 'bank' AND o.row_id = b.row_id
    WHERE b.row_id NOT IN (SELECT row_id FROM book.told_again)
    GROUP BY b.account, b.currency
)
SELECT
    e.account, e.currency, e.first_day, e.last_day,
    e.opening_minor, major(e.opening_minor, e.currency) AS opening,
    CAST(coalesce(b.payouts_minor, 0) AS BIGINT) AS payouts_minor, major(coalesce(b.payouts_minor, 0), e.currency) AS payouts,
    CAST(coalesce(b.open_minor, 0) AS BIGINT) AS open_minor, major(coalesce(b.open_minor, 0), e.currency) AS open,
    CAST(coalesce(b.booked_minor - b.payouts_minor - b.open_minor, 0) AS BIGINT) AS others_minor,
    major(coalesce(b.booked_minor - b.payouts_minor - b.open_minor, 0), e.currency) AS others,
    e.closing_minor, major(e.closing_minor, e.currency) AS closing,
    CAST(e.closing_minor - e.opening_minor - coalesce(b.booked_minor, 0) AS BIGINT) AS difference_minor,
    major(e.closing_minor - e.opening_minor - coalesce(b.booked_minor, 0), e.currency) AS difference
FROM ends e LEFT JOIN entries b USING (account, currency);
COMMENT ON VIEW bank_tie IS 'One row per account: first opening balance + payouts + what is open + everybody else''s entries = last closing balance';
