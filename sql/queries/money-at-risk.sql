-- How much money is at stake with each acquirer, and which way?
SELECT acquirer, currency, direction, count(*) AS exceptions, sum(amount) AS amount, min(due_date) AS first_due
FROM exceptions
WHERE status NOT IN ('cleared', 'resolved', 'waiting')
GROUP BY acquirer, currency, direction
ORDER BY amount DESC, acquirer, currency, direction;
