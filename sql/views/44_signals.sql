-- Grain: one business date that a signal told of, as the newest run has it.
CREATE OR REPLACE VIEW signals AS
SELECT
    s.exception_id, s.kind, if(s.kind IN ('timeouts', 'reversals', 'trace_gaps', 'open_batch', 'clock', 'silence'),
        'TERMINAL_HEALTH', 'UNUSUAL_PATTERN') AS type,
    coalesce(s.shop, nullif(s.merchant_id, '')) AS merchant_id, nullif(s.terminal_id, '') AS terminal_id,
    nullif(s.operator_id, '') AS operator_id, nullif(s.card_no, '') AS card_no, s.first_day, s.day AS business_date,
    s.found, s.counted_of, s.usual, s.most, s.history_days, s.amount_minor, major(s.amount_minor, s.currency) AS amount,
    s.currency, r.business_date AS run_date
FROM book.signals s LEFT JOIN book.runs r USING (run_no)
QUALIFY row_number() OVER (PARTITION BY s.exception_id, s.day ORDER BY s.run_no DESC) = 1;
COMMENT ON VIEW signals IS 'One row per business date that a signal (UNUSUAL_PATTERN, TERMINAL_HEALTH) tells of, with the numbers of its sentence';
-- Grain: one break that belongs to an incident.
CREATE OR REPLACE VIEW incident_children AS
SELECT DISTINCT ON (c.incident_id, c.exception_id)
    c.incident_id, i.scope, i.scope_value, c.exception_id, b.type, b.acquirer, c.channel, b.merchant_id, b.day AS business_date,
    c.happened_at, b.amount_minor, major(b.amount_minor, b.currency) AS amount, b.currency, e.status
FROM book.incident_children c
JOIN book.incidents i USING (incident_id)
JOIN book.break_rows b USING (exception_id)
LEFT JOIN exceptions e USING (exception_id)
ORDER BY c.incident_id, c.exception_id, b.run_no;
COMMENT ON VIEW incident_children IS 'One row per exception that belongs to a CHANNEL_INCIDENT, with its time and where the incident is';
