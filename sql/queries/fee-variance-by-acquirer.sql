-- What have the acquirers charged beside their contracts, and why?
-- $from DATE = DATE '2000-01-01': first settlement date
-- $until DATE = (SELECT max(business_date) FROM runs): last settlement date
SELECT acquirer, contract, cause, card_type, currency, count(*) AS line_count, sum(gross) AS gross, sum(fee) AS fee,
    sum(expected) AS expected, sum(greatest(difference, 0)) AS overcharged, sum(greatest(-difference, 0)) AS undercharged,
    min(settlement_date) AS first_day, max(settlement_date) AS last_day
FROM fee_check
WHERE verdict = 'FEE_VARIANCE' AND settlement_date BETWEEN $from AND $until
GROUP BY acquirer, contract, cause, card_type, currency
ORDER BY overcharged DESC, acquirer, contract, cause, card_type, currency;
