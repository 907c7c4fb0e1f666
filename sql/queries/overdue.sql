-- What should have been dealt with by now?
-- $date DATE = (SELECT max(business_date) FROM runs): due before this date
SELECT due_date, date_diff('day', due_date, $date) AS days_late, type, term_zh, amount, currency, acquirer, contact,
    next_action, exception_id
FROM exceptions
WHERE status NOT IN ('cleared', 'resolved', 'waiting') AND due_date < $date
ORDER BY due_date, amount DESC, exception_id;
