-- Grain: one side and currency of the last finished run of a business date.
-- opening + new - taken back - cleared = closing. What is open waits or is an exception; what came, what was taken back
-- and what was settled is counted from the files and from the proof of each night, each on its own.
CREATE OR REPLACE VIEW roll_forward AS
WITH nights AS (
    SELECT run_no, business_date FROM book.runs WHERE verdict IN ('OK', 'INCOMPLETE')
    QUALIFY row_number() OVER (PARTITION BY business_date ORDER BY run_no DESC) = 1
),
held AS (
    SELECT
        n.business_date, n.run_no, r.side, r.currency,
        coalesce(sum(r.row_count) FILTER (r.what = 'in'), 0) AS rows_in,
        coalesce(sum(r.amount_minor) FILTER (r.what = 'in'), 0) AS in_minor,
        coalesce(sum(r.row_count) FILTER (r.what = 'came'), 0) AS rows_came,
        coalesce(sum(r.amount_minor) FILTER (r.what = 'came'), 0) AS came_minor,
        coalesce(sum(r.row_count) FILTER (r.what = 'open'), 0) AS rows_open,
        coalesce(sum(r.amount_minor) FILTER (r.what = 'open'), 0) AS open_minor,
        coalesce(sum(r.row_count) FILTER (r.what = 'settled'), 0) AS rows_settled,
        coalesce(sum(r.amount_minor) FILTER (r.what = 'settled'), 0) AS settled_minor,
        sum(r.amount_minor) FILTER (r.what = 'bank closing') AS bank_closing_minor,
        sum(r.amount_minor) FILTER (r.what = 'bank opening') AS bank_opening_minor,
        coalesce(sum(r.amount_minor) FILTER (r.what = 'told again'), 0) AS told_again_minor
    FROM nights n JOIN book.roll_forward r USING (run_no) GROUP BY n.business_date, n.run_no, r.side, r.currency
),
moved AS (
    SELECT *,
        coalesce(lag(rows_open) OVER same, 0) AS rows_opening, coalesce(lag(open_minor) OVER same, 0) AS opening_minor,
        rows_came - coalesce(lag(rows_came) OVER same, 0) AS rows_new,
        came_minor - coalesce(lag(came_minor) OVER same, 0) AS new_minor,
        rows_in - coalesce(lag(rows_in) OVER same, 0) AS rows_more,
        in_minor - coalesce(lag(in_minor) OVER same, 0) AS more_minor,
        rows_settled - coalesce(lag(rows_settled) OVER same, 0) AS rows_cleared,
        settled_minor - coalesce(lag(settled_minor) OVER same, 0) AS cleared_minor
    FROM held WINDOW same AS (PARTITION BY side, currency ORDER BY business_date)
)
SELECT
    business_date, side, currency,
    CAST(rows_opening AS BIGINT) AS rows_opening, CAST(rows_new AS BIGINT) AS rows_new,
    CAST(rows_new - rows_more AS BIGINT) AS rows_taken_back, CAST(rows_cleared AS BIGINT) AS rows_cleared,
    CAST(rows_open AS BIGINT) AS rows_closing,
    CAST(opening_minor AS BIGINT) AS opening_minor, major(opening_minor, currency) AS opening,
    CAST(new_minor AS BIGINT) AS new_minor, major(new_minor, currency) AS new,
    CAST(new_minor - more_minor AS BIGINT) AS taken_back_minor, major(new_minor - more_minor, currency) AS taken_back,
    CAST(cleared_minor AS BIGINT) AS cleared_minor, major(cleared_minor, currency) AS cleared,
    CAST(open_minor AS BIGINT) AS closing_minor, major(open_minor, currency) AS closing,
    CAST(opening_minor + more_minor - cleared_minor - open_minor AS BIGINT) AS difference_minor,
    major(opening_minor + more_minor - cleared_minor - open_minor, currency) AS difference,
    CAST(bank_closing_minor AS BIGINT) AS bank_closing_minor, major(bank_closing_minor, currency) AS bank_closing,
    CAST(bank_closing_minor - bank_opening_minor - (in_minor - told_again_minor) AS BIGINT) AS bank_difference_minor,
    major(bank_closing_minor - bank_opening_minor - (in_minor - told_again_minor), currency) AS bank_difference
FROM moved;
COMMENT ON VIEW roll_forward IS 'One row per night, side and currency: open before + new - taken back - cleared = open now; the bank side also against the closing balances of the statements';
