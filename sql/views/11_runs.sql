-- Grain: one run that finished.
CREATE OR REPLACE VIEW runs AS
SELECT run_no, run_id, business_date, started_at, finished_at, verdict, rules_version, software_version, summary
FROM book.runs WHERE verdict IS NOT NULL;
COMMENT ON VIEW runs IS 'One row per finished run, with its verdict and the JSON that it printed';
