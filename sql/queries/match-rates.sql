-- How much of the money was matched without a break, night by night?
-- $from DATE = DATE '2000-01-01': first date of a run
SELECT business_date, leg, currency, sum(rows_matched) AS rows_matched, sum(rows_total) AS rows_total,
    sum(amount_matched) AS amount_matched, sum(amount_total) AS amount_total,
    CAST(100 * CAST(sum(rows_matched) AS DECIMAL(24, 0)) / nullif(sum(rows_total), 0) AS DECIMAL(6, 2)) AS percent_of_rows
FROM match_rates
WHERE business_date >= $from
GROUP BY business_date, leg, currency
ORDER BY business_date, leg, currency;
