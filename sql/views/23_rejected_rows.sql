-- Grain: one line of a file that was refused while the rest of the file was used.
CREATE OR REPLACE VIEW rejected_rows AS
SELECT
    f.name AS file, r.line, f.source, f.side, r.reason, r.raw, r.amount_minor,
    major(r.amount_minor, r.currency) AS amount, r.currency, f.file_id, f.run_no
FROM book.rejected_rows r JOIN book.files f USING (file_id) WHERE f.state = 'loaded';
COMMENT ON VIEW rejected_rows IS 'One row per rejected line, with the raw line (card numbers masked) and the reason';
