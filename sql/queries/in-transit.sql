-- What is on its way, and until when is it awaited?
SELECT acquirer, currency, leg, due_date AS awaited_until, count(*) AS row_count, sum(amount) AS amount
FROM exceptions
WHERE status = 'waiting'
GROUP BY acquirer, currency, leg, due_date
ORDER BY awaited_until NULLS FIRST, acquirer, currency, leg;
