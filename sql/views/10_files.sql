-- Grain: one file as it was seen in one run.
CREATE OR REPLACE VIEW files AS
SELECT
    f.file_id, f.name, f.source, f.side, f.profile, f.state, f.error, f.expected_date,
    f.row_count, f.accepted, f.rejected, f.declared, f.computed, f.agree,
    f.first_date, f.last_date, f.sha256, f.bytes, f.arrived_at, f.archived, f.warnings,
    f.run_no, r.run_id, r.business_date AS run_date
FROM book.files f LEFT JOIN book.runs r USING (run_no);
COMMENT ON VIEW files IS 'One row per file as it was seen in one run: what arrived, its SHA-256, its state and its control totals';
