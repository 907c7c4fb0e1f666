-- Which files came late, were refused, replaced, or had lines refused?
-- $from DATE = DATE '2000-01-01': date of the run that saw them
SELECT name, source, expected_date, run_date, state, accepted, rejected, error, sha256
FROM files
WHERE run_date >= $from AND (state <> 'loaded' OR rejected > 0 OR run_date > expected_date)
ORDER BY expected_date, name, file_id;
