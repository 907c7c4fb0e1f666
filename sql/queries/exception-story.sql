-- What happened to an exception, night by night?
-- $exception VARCHAR: its id
SELECT event_no, run_date, event, type, status, severity, amount, currency, due_date, explanation
FROM exception_history
WHERE exception_id = $exception
ORDER BY event_no;
