-- What is not settled yet, by acquirer and age in days?
-- $date DATE = (SELECT max(business_date) FROM runs): counted to this date
SELECT coalesce(acquirer, 'no contract') AS acquirer, currency,
    CASE
        WHEN $date - business_date <= 1 THEN '0-1'
        WHEN $date - business_date <= 3 THEN '2-3'
        WHEN $date - business_date <= 7 THEN '4-7'
        WHEN $date - business_date <= 30 THEN '8-30'
        ELSE '>30'
    END AS age_band,
    count(*) FILTER (status = 'waiting') AS waiting, count(*) FILTER (status <> 'waiting') AS open, sum(amount) AS amount,
    min(business_date) AS oldest
FROM exceptions
WHERE leg = 'journal-settlement' AND status NOT IN ('cleared', 'resolved') AND business_date <= $date
GROUP BY ALL
ORDER BY acquirer, currency, oldest DESC;
