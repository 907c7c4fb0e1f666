-- Grain: one exception, in its newest state; waiting rows are TIMING.
CREATE OR REPLACE VIEW exceptions AS
WITH newest AS (
    SELECT * FROM book.exception_events
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
),
today AS (SELECT max(business_date) AS day FROM book.runs WHERE verdict IS NOT NULL),
waiting AS (
    SELECT
        'E' || left(md5('TIMING|' || f.source || '|' || f.name || '|' || w.line), 15) AS exception_id, 'TIMING' AS type,
        'waiting' AS status, 'info' AS severity,
        CASE WHEN w.side = 'bank' OR w.what = 'payout' THEN 'settlement-bank' ELSE 'journal-settlement' END AS leg,
        w.business_date, r.business_date AS first_seen, w.expected_by AS due_date, w.amount_minor,
        'none' AS direction, w.currency, w.acquirer, w.merchant_id, w.terminal_id, w.rrn, w.order_no, w.payout_id,
        w.bank_ref,
        'The ' || w.what || ' of ' || money_text(w.amount_minor, w.currency)
        || ' is in transit: its counterpart has not arrived yet'
        || coalesce(' and is awaited until ' || w.expected_by, '') AS explanation,
        money_text(w.amount_minor, w.currency) || ' 在途：对方记录尚未到达'
        || coalesce('，等待至 ' || w.expected_by, '') AS explanation_zh,
        [{'side': w.side, 'file': f.name, 'line': w.line}] AS evidence
    FROM waiting_rows w JOIN book.files f USING (file_id) LEFT JOIN book.runs r USING (run_no)
),
everything AS (
    SELECT
        exception_id, type, status, severity, leg, business_date, first_seen, due_date, amount_minor, direction,
        currency, acquirer, merchant_id, terminal_id, rrn, order_no, payout_id, bank_ref, explanation, explanation_zh,
        evidence, if(status = 'cleared', run_date, NULL) AS cleared_on, fee_cause, fee_term
    FROM newest
    UNION ALL SELECT *, NULL, NULL, NULL FROM waiting
)
SELECT
    e.exception_id, e.type, p.title_en, p.term_zh, e.status, e.severity, e.leg, e.business_date, e.first_seen,
    CAST(coalesce(e.cleared_on, t.day) - e.first_seen AS INTEGER) AS age_days, e.due_date, e.amount_minor,
    major(e.amount_minor, e.currency) AS amount, e.direction, e.currency, e.acquirer, e.merchant_id, e.terminal_id,
    e.rrn, e.order_no, e.payout_id, e.bank_ref, e.explanation, e.explanation_zh, p.next_action, p.contact, e.evidence,
    e.fee_cause, f.words AS fee_contract
FROM everything e CROSS JOIN today t LEFT JOIN book.policy p USING (type) LEFT JOIN book.fee_terms f ON f.term = e.fee_term;
COMMENT ON VIEW exceptions IS 'One row per exception in its newest state; status waiting is TIMING only';
