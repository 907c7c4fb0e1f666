-- Where is a payout: from gross to the bank, step by step?
-- $payout VARCHAR: its id, or a part of it
SELECT acquirer, payout_id, settlement_date, currency, gross, refunds, fees, chargebacks, adjustments, expected_net,
    declared, bank, payouts_in_group, coalesce(verdict, 'not in the bank yet') AS verdict
FROM payout_bridge
WHERE contains(payout_id, $payout)
ORDER BY settlement_date, acquirer, payout_id;
