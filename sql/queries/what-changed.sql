-- What did one night change in the register?
-- $date DATE = (SELECT max(business_date) FROM runs): date of the run
SELECT event, type, exception_id, status, amount, currency, acquirer, explanation
FROM exception_history
WHERE run_date = $date
ORDER BY event, type, exception_id;
