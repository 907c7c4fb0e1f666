-- Grain: one act of a person.
CREATE OR REPLACE VIEW case_events AS
SELECT
    e.event_no, e.acted_at, e.actor, e.act, e.reason, e.exception_id, e.file_id,
    CASE WHEN e.act IN ('match', 'unmatch') THEN coalesce(d.state, 'pending') ELSE 'in force' END AS state,
    e.journal.file AS journal_file, e.journal.line AS journal_line, e.journal.told AS journal_row,
    e.settlement.file AS settlement_file, e.settlement.line AS settlement_line, e.settlement.told AS settlement_row,
    d.journal_row_id, d.settlement_row_id
FROM book.case_events e LEFT JOIN book.decided d USING (event_no);
COMMENT ON VIEW case_events IS 'One row per act of a person, with who, when and why: matches and unmatches by hand, files taken back; nothing is ever updated';
