-- Grain: one event of one exception.
CREATE OR REPLACE VIEW exception_history AS
SELECT
    e.event_no, e.run_date, e.event, e.exception_id, e.type, p.term_zh, e.status, e.severity, e.leg, e.business_date,
    e.first_seen, e.due_date, e.amount_minor, major(e.amount_minor, e.currency) AS amount, e.direction, e.currency,
    e.acquirer, e.merchant_id, e.terminal_id, e.rrn, e.order_no, e.payout_id, e.bank_ref, e.explanation,
    coalesce(own.next_action, p.next_action) AS next_action, coalesce(own.contact, p.contact) AS contact, e.evidence,
    e.run_no
FROM book.exception_events e
LEFT JOIN book.policies own ON own.type = e.type AND own.acquirer = e.acquirer
LEFT JOIN book.policies p ON p.type = e.type AND p.acquirer = '';
COMMENT ON VIEW exception_history IS 'One row per event of an exception: opened, changed, cleared, reopened; nothing is ever updated';
