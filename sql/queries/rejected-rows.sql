-- Which lines could not be used, and why?
-- $from DATE = DATE '2000-01-01': date of the run that saw them
SELECT r.file, r.line, r.source, r.reason, r.amount, r.currency, r.raw
FROM rejected_rows r JOIN files f USING (file_id)
WHERE f.run_date >= $from
ORDER BY r.file, r.line, r.reason;
