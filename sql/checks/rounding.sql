-- What rounding to the minor unit makes of fees that a source states finer. Grain: one source and currency, over all
-- accepted lines that state an exact fee. FAIL where a line was moved by more than half a minor unit on average.
SELECT f.source, s.currency, count(*) AS lines, CAST(sum(s.fee_micro) AS HUGEINT) AS exact_micro,
       CAST(sum(s.fee_minor) AS BIGINT) AS rounded_minor
FROM book.settlement s JOIN book.files f ON f.file_id = s.row_id >> 32
WHERE s.fee_micro IS NOT NULL
GROUP BY f.source, s.currency
ORDER BY f.source, s.currency;
