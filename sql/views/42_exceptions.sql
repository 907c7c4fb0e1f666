-- Grain: one exception, in its newest state; waiting rows are TIMING.
CREATE OR REPLACE VIEW exceptions AS
WITH newest AS (
    SELECT * FROM book.exception_events
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
),
worked_on AS (
    SELECT c.exception_id, c.state, c.assignee, c.due_date,
           CASE WHEN c.state = 'resolved' THEN r.business_date END AS resolved_on
    FROM book.case_events c LEFT JOIN book.runs r ON r.run_no = c.after_run WHERE c.state IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY c.exception_id ORDER BY c.event_no DESC) = 1
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
        n.exception_id, n.type, if(n.status = 'cleared', n.status, coalesce(nullif(c.state, 'cleared'), n.status)) AS status,
        n.severity, n.leg, n.business_date, n.first_seen, coalesce(c.due_date, n.due_date) AS due_date, n.amount_minor,
        n.direction, n.currency, n.acquirer, n.merchant_id, n.terminal_id, n.rrn, n.order_no, n.payout_id, n.bank_ref,
        n.explanation, n.explanation_zh, n.evidence, if(n.status = 'cleared', n.run_date, c.resolved_on) AS closed_on,
        c.assignee, n.fee_cause, n.fee_term
    FROM newest n LEFT JOIN worked_on c USING (exception_id)
    UNION ALL SELECT *, NULL, NULL, NULL, NULL FROM waiting
)
SELECT
    e.exception_id, e.type, p.title_en, p.term_zh, e.status, e.severity, e.leg, e.business_date, e.first_seen,
    CAST(coalesce(e.closed_on, t.day) - e.first_seen AS INTEGER) AS age_days, e.due_date, e.amount_minor,
    major(e.amount_minor, e.currency) AS amount, e.direction, e.currency, e.acquirer, e.merchant_id, e.terminal_id,
    e.rrn, e.order_no, e.payout_id, e.bank_ref, e.explanation, e.explanation_zh,
    coalesce(own.next_action, p.next_action) AS next_action, coalesce(own.contact, p.contact) AS contact,
    coalesce(own.next_action_zh, p.next_action_zh) AS next_action_zh,
    coalesce(own.contact_zh, p.contact_zh) AS contact_zh, e.assignee, e.evidence,
    e.fee_cause, f.words AS fee_contract
FROM everything e CROSS JOIN today t
LEFT JOIN book.policies own ON own.type = e.type AND own.acquirer = e.acquirer
LEFT JOIN book.policies p ON p.type = e.type AND p.acquirer = ''
LEFT JOIN book.fee_terms f ON f.term = e.fee_term;
COMMENT ON VIEW exceptions IS 'One row per exception in its newest state; status waiting is TIMING only, else it tells how far people have come with it';
