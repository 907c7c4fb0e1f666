-- What have the acquirers charged beside their contracts?
-- $from DATE = DATE '2000-01-01': first business date
-- $until DATE = (SELECT max(business_date) FROM runs): last business date
SELECT acquirer, currency, direction, count(*) AS line_count, sum(amount) AS amount,
    min(business_date) AS first_day, max(business_date) AS last_day
FROM exceptions
WHERE type = 'FEE_VARIANCE' AND status NOT IN ('cleared', 'resolved') AND business_date BETWEEN $from AND $until
GROUP BY acquirer, currency, direction
ORDER BY amount DESC, acquirer, direction;
