-- Grain: one run, leg and currency.
CREATE OR REPLACE VIEW match_rates AS
SELECT
    r.business_date, r.run_id, m.leg, m.currency, m.rows_matched, m.rows_total,
    m.amount_matched_minor, major(m.amount_matched_minor, m.currency) AS amount_matched,
    m.amount_total_minor, major(m.amount_total_minor, m.currency) AS amount_total
FROM book.match_rates m JOIN book.runs r USING (run_no) WHERE r.verdict IS NOT NULL;
COMMENT ON VIEW match_rates IS 'One row per run, leg and currency: what the run decided, and how much of it was matched without a break';
