-- What became of one day's sales, channel by channel?
-- $date DATE = (SELECT max(business_date) FROM runs): business date; the newest run's
SELECT channel, txn_type, state, reason, count(*) AS row_count, sum(amount) AS amount, currency
FROM journal
WHERE business_date = $date
GROUP BY channel, txn_type, state, reason, currency
ORDER BY channel, txn_type, state, reason, currency;
