-- What do the fees come to, in basis points of gross, by acquirer and card type?
-- $from DATE = DATE '2000-01-01': first settlement date
-- $until DATE = (SELECT max(business_date) FROM runs): last settlement date
SELECT acquirer, card_type, currency, count(*) AS line_count, sum(gross) AS gross, sum(fee) AS fee,
    CAST(10000 * CAST(sum(fee_minor) AS DECIMAL(24, 0)) / nullif(sum(gross_minor), 0) AS DECIMAL(12, 2)) AS basis_points
FROM settlement
WHERE record_type = 'SALE' AND settlement_date BETWEEN $from AND $until
GROUP BY acquirer, card_type, currency
ORDER BY acquirer, card_type, currency;
