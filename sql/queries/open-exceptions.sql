-- What is open, worst first?
SELECT severity, due_date, type, term_zh, amount, currency, acquirer, exception_id, explanation, next_action, contact
FROM exceptions
WHERE status NOT IN ('cleared', 'resolved', 'waiting')
ORDER BY array_position(['critical', 'high', 'medium', 'low', 'info'], severity), due_date, amount DESC, exception_id;
