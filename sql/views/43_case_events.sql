-- Grain: one act of a person.
CREATE OR REPLACE VIEW case_events AS
SELECT
    e.event_no, e.acted_at, e.actor, e.act, e.reason, e.exception_id, e.file_id,
    CASE WHEN e.act IN ('match', 'unmatch') THEN coalesce(d.state, 'pending') ELSE 'in force' END AS state,
    e.journal.file AS journal_file, e.journal.line AS journal_line, e.journal.told AS journal_row,
    e.settlement.file AS settlement_file, e.settlement.line AS settlement_line, e.settlement.told AS settlement_row,
    d.journal_row_id, d.settlement_row_id, e.after_run, e.state AS case_state, e.assignee, e.due_date, e.remedy,
    e.proposed_minor, major(e.proposed_minor, e.currency) AS proposed, e.recovered_minor,
    major(e.recovered_minor, e.currency) AS recovered, e.currency, e.proposed_by, e.approved_by, e.cause, e.facts, e.item,
    e.attachment_name, e.attachment_sha256, e.attachment_bytes, e.claim, e.period
FROM book.case_events e LEFT JOIN book.decided d USING (event_no);
COMMENT ON VIEW case_events IS 'One row per act, with who, when and why: what people do with cases, matches and unmatches by hand, files taken back, periods closed, and what new data do to cases (actor recon); nothing is ever updated';
