-- Which bank entries does no payout explain?
SELECT booking_date, account, amount, currency, counterparty, remittance, bank_ref, state, reason, file, line
FROM bank
WHERE reason = 'DEPOSIT_UNIDENTIFIED' OR state = 'waiting'
ORDER BY booking_date, account, bank_ref, row_id;
