-- What rounding to the minor unit makes of fees that a source states finer. Grain: one source and currency, over all
-- accepted lines that state an exact fee. FAIL where a line was moved by more than half a minor unit on average.
SELECT f.source, s.currency, CAST(sum(s.exact_count) AS BIGINT) AS lines, CAST(sum(s.exact_micro) AS HUGEINT) AS exact_micro,
       CAST(sum(s.exact_minor) AS BIGINT) AS rounded_minor
FROM book.row_totals s JOIN book.files f USING (file_id)
WHERE s.exact_count > 0
GROUP BY f.source, s.currency
ORDER BY f.source, s.currency;
