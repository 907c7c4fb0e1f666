-- Which payouts are not in the bank as declared?
SELECT acquirer, payout_id, settlement_date, currency, expected_net, declared, bank,
    coalesce(verdict, 'not in the bank yet') AS verdict
FROM payout_bridge
WHERE declared_minor IS NOT NULL AND verdict IS DISTINCT FROM 'MATCHED'
ORDER BY settlement_date, acquirer, payout_id;
