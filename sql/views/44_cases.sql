-- Grain: one exception on which somebody has acted.
CREATE OR REPLACE VIEW cases AS
WITH newest AS (
    SELECT * FROM book.case_events WHERE state IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
),
told AS (
    SELECT exception_id, min(acted_at) AS begun_at, max(acted_at) AS touched_at, count(*) AS acts,
           count(attachment_sha256) AS attachments, max(acted_at) FILTER (act = 'resolve') AS resolved_at
    FROM book.case_events WHERE exception_id IS NOT NULL GROUP BY exception_id
)
SELECT
    e.exception_id, e.type, e.term_zh, e.status, e.severity, e.first_seen, e.due_date, e.age_days, e.amount_minor, e.amount,
    e.direction, e.currency, e.acquirer, e.merchant_id, e.terminal_id, n.assignee, n.remedy, n.proposed_minor,
    major(n.proposed_minor, e.currency) AS proposed, n.proposed_by, n.approved_by, n.recovered_minor,
    major(n.recovered_minor, e.currency) AS recovered, n.cause, n.facts, t.begun_at, t.touched_at, t.resolved_at, t.acts,
    t.attachments
FROM newest n JOIN told t USING (exception_id) JOIN exceptions e USING (exception_id);
COMMENT ON VIEW cases IS 'One row per exception on which somebody has acted, with how far it has come and what came of it';
