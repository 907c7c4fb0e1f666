-- Grain: one file as it was seen in one run.
CREATE OR REPLACE VIEW files AS
WITH corrected AS (SELECT DISTINCT file_id, replaced FROM book.restatements),
replaced AS (SELECT unnest(replaced) AS file_id, file_id AS replaced_by FROM corrected),
by_hand AS (
    SELECT file_id, any_value(acted_at) AS acted_at, any_value(actor) AS actor FROM book.case_events WHERE act = 'retract'
    GROUP BY file_id
)
SELECT
    f.file_id, f.name, f.source, f.side, f.profile, f.state, f.error, f.expected_date,
    f.row_count, f.accepted, f.rejected, f.declared, f.computed, f.agree,
    f.first_date, f.last_date, f.sha256, f.bytes, f.arrived_at, f.archived, f.warnings,
    f.run_no, r.run_id, r.business_date AS run_date,
    s.replaced AS replaces, b.replaced_by, coalesce(h.acted_at, t.started_at) AS retracted_at, h.actor AS retracted_by
FROM book.files f
LEFT JOIN book.runs r USING (run_no)
LEFT JOIN book.runs t ON t.run_no = f.retracted_run
LEFT JOIN corrected s ON s.file_id = f.file_id
LEFT JOIN replaced b ON b.file_id = f.file_id
LEFT JOIN by_hand h ON h.file_id = f.file_id;
COMMENT ON VIEW files IS 'One row per file as it was seen in one run: what arrived, its SHA-256, its state and its control totals';
