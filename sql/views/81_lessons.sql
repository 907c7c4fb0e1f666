-- Grain: one month, what is compared, its value, exception type and currency.
CREATE OR REPLACE VIEW lessons AS
WITH known AS (
    SELECT
        e.exception_id, strftime(e.first_seen, '%Y-%m') AS month, e.type, e.currency, e.status, e.age_days,
        -- the money of an incident is that of its exceptions, which are counted themselves
        if(e.type = 'CHANNEL_INCIDENT', 0, e.amount_minor) AS amount_minor,
        e.acquirer, e.merchant_id, e.terminal_id, c.cause, c.recovered_minor,
        list_filter(e.evidence, lambda p: p.side = 'journal')[1] AS place
    FROM exceptions e LEFT JOIN cases c USING (exception_id) WHERE e.type <> 'TIMING'
),
typed AS (
    SELECT k.exception_id, any_value(j.operator_id) AS operator_id
    FROM known k JOIN book.files f ON f.name = k.place.file AND f.side = 'journal'
    JOIN book.journal j ON j.file_id = f.file_id AND j.line = k.place.line
    GROUP BY k.exception_id
),
compared AS (
    SELECT k.*, unnest([
        {'what': 'terminal', 'name': k.merchant_id || ' ' || k.terminal_id}, {'what': 'merchant', 'name': k.merchant_id},
        {'what': 'operator', 'name': k.merchant_id || ' ' || t.operator_id}, {'what': 'acquirer', 'name': k.acquirer},
        {'what': 'type', 'name': k.type}, {'what': 'cause', 'name': k.cause}
    ]) AS line
    FROM known k LEFT JOIN typed t USING (exception_id)
),
summed AS (
    SELECT
        month, line.what AS dimension, line.name AS name, type, currency, count(*) AS breaks,
        CAST(sum(amount_minor) AS BIGINT) AS amount_minor,
        count(*) FILTER (status IN ('cleared', 'resolved')) AS closed,
        CAST(coalesce(sum(recovered_minor), 0) AS BIGINT) AS recovered_minor,
        CAST(median(age_days) FILTER (status IN ('cleared', 'resolved')) AS DECIMAL(9, 1)) AS median_days_to_close
    FROM compared WHERE line.name IS NOT NULL GROUP BY ALL
)
SELECT
    month, dimension, name, type, currency, breaks, amount_minor, major(amount_minor, currency) AS amount, closed,
    recovered_minor, major(recovered_minor, currency) AS recovered, median_days_to_close
FROM summed;
COMMENT ON VIEW lessons IS 'One row per month, dimension (terminal, merchant, operator, acquirer, type, cause), its value, exception type and currency: how many exceptions, worth how much, and how long they took to close';
