-- Which terminals cause most trouble?
-- $days INTEGER = 30: days back from the newest run
SELECT merchant_id, terminal_id, count(*) AS exceptions, count(DISTINCT type) AS kinds, sum(amount) AS amount, currency,
    max(first_seen) AS newest
FROM exceptions
WHERE terminal_id IS NOT NULL AND status <> 'waiting'
    AND first_seen > (SELECT max(business_date) FROM runs) - $days
GROUP BY merchant_id, terminal_id, currency
ORDER BY exceptions DESC, merchant_id, terminal_id, currency
LIMIT 50;
