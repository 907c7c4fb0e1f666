-- Grain: one exception type, currency and age band, of what is open.
CREATE OR REPLACE VIEW ageing AS
WITH banded AS (
    SELECT
        type, term_zh, currency, amount_minor,
        CASE WHEN age_days <= 1 THEN '0-1' WHEN age_days <= 3 THEN '2-3' WHEN age_days <= 7 THEN '4-7'
             WHEN age_days <= 30 THEN '8-30' ELSE '>30' END AS age_band
    FROM exceptions WHERE status NOT IN ('cleared', 'resolved', 'waiting')
),
summed AS (
    SELECT type, term_zh, currency, age_band, count(*) AS exceptions, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
    FROM banded GROUP BY type, term_zh, currency, age_band
)
SELECT *, major(amount_minor, currency) AS amount FROM summed;
COMMENT ON VIEW ageing IS 'Open exceptions by type, currency and days since first seen: 0-1, 2-3, 4-7, 8-30, >30';
