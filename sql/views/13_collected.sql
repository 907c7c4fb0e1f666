-- Grain: one file as it was fetched from another place.
CREATE OR REPLACE VIEW collected AS
SELECT c.collected_at, c.source, c.name, c.place, c.version, c.sha256, c.bytes, c.run_no FROM book.collected c;
COMMENT ON VIEW collected IS 'One row per file that was fetched from another place: where from, when, and its SHA-256';
