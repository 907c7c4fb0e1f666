-- Grain: one acquirer, fee of its contract, cause and currency, of lines that differ and are still open; lines that no
-- contract governs stand in rows of their own.
CREATE OR REPLACE VIEW fee_claims AS
WITH settled AS (
    SELECT exception_id FROM (
        SELECT exception_id, status FROM book.exception_events WHERE type = 'FEE_VARIANCE'
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
    ) WHERE status IN ('cleared', 'resolved')
),
lines AS (
    SELECT acquirer, contract, coalesce(cause, verdict) AS cause, if(cause IS NULL, detail, NULL) AS why, currency,
           settlement_date, gross_minor, fee_minor, difference_minor
    FROM fee_check WHERE verdict <> 'agrees'
    AND (exception_id IS NULL OR exception_id NOT IN (SELECT exception_id FROM settled))
),
summed AS (
    SELECT
        acquirer, contract, cause, why, currency, count(*) AS line_count,
        min(settlement_date) AS first_date, max(settlement_date) AS last_date,
        CAST(sum(gross_minor) AS BIGINT) AS gross_minor, CAST(sum(fee_minor) AS BIGINT) AS fee_minor,
        count(*) FILTER (difference_minor > 0) AS claim_lines,
        CAST(coalesce(sum(difference_minor) FILTER (difference_minor > 0), 0) AS BIGINT) AS claim_minor,
        count(*) FILTER (difference_minor < 0) AS owed_lines,
        CAST(coalesce(-sum(difference_minor) FILTER (difference_minor < 0), 0) AS BIGINT) AS owed_minor
    FROM lines GROUP BY acquirer, contract, cause, why, currency
)
SELECT
    acquirer, contract, cause, why, currency, line_count, first_date, last_date,
    gross_minor, major(gross_minor, currency) AS gross, fee_minor, major(fee_minor, currency) AS fee,
    claim_lines, claim_minor, major(claim_minor, currency) AS claim,
    owed_lines, owed_minor, major(owed_minor, currency) AS owed
FROM summed;
COMMENT ON VIEW fee_claims IS 'One row per claim: acquirer, fee of the contract, cause and currency, with what was charged too much (claim) and too little (owed)';
