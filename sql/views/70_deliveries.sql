-- Grain: one attempt to bring a report to one recipient.
CREATE OR REPLACE VIEW deliveries AS
SELECT d.delivered_at, d.what, d.period, d.channel, d.recipient, d.scope, d.state, d.detail, d.run_id
FROM book.deliveries d;
COMMENT ON VIEW deliveries IS 'One row per attempt to bring a report to one recipient, by mail or chat; a night''s own are published with the next night';
