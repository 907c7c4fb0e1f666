-- Which terminals have sales and refunds of a day that nobody settled?
-- $date DATE = (SELECT max(business_date) FROM runs): business date; the newest run's
SELECT merchant_id, terminal_id, state, reason, count(*) AS row_count, sum(amount) AS amount, currency
FROM journal
WHERE business_date = $date AND state IN ('waiting', 'excepted')
GROUP BY merchant_id, terminal_id, state, reason, currency
ORDER BY amount DESC, merchant_id, terminal_id, state, reason;
