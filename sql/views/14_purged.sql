-- Grain: one file whose rows, or whose archived copy, were removed because their time was over.
CREATE OR REPLACE VIEW purged AS
SELECT p.purged_at, p.what, p.through, p.file_id, p.name, p.sha256, p.row_count FROM book.purged p;
COMMENT ON VIEW purged IS 'One row per file whose rows or archived copy were removed because their time was over';
