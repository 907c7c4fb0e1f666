-- The money from journal to bank over all runs: what each acquirer and currency adds to each step, minor units.
-- Grain: acquirer, currency, step, type. Steps: journal, leg1 (what lies between journal and settlement), other, fees,
-- unpaid, declared (difference of declared payouts to their lines), leg2 (between payouts and bank; type bank_fee: what
-- the bank took by a rule of the contract), bank (payouts that arrived and what arrived more or less, each on its own).
-- Matches and settlement lines were added up when they were written; open rows bear what they are worth.
WITH pairs AS (
    SELECT acquirer, currency, settlement_currency, verdict, sum(row_count) AS row_count,
           sum(journal_minor) AS journal_minor, sum(settlement_minor) AS settlement_minor
    FROM book.pair_totals GROUP BY acquirer, currency, settlement_currency, verdict
),
lines AS (
    SELECT acquirer, currency, kind AS record_type, unpaid, sum(row_count) AS row_count,
           sum(amount_minor) AS gross_minor, sum(fee_minor) AS fee_minor, sum(net_minor) AS net_minor
    FROM book.row_totals WHERE side = 'settlement' AND kind <> 'LEDGER' GROUP BY acquirer, currency, kind, unpaid
),
waiting AS (
    SELECT coalesce(acquirer, '') AS acquirer, currency, reason,
           if(kind IN ('SALE', 'PREAUTH_COMPLETION'), amount_minor, -amount_minor) AS amount
    FROM book.open_rows WHERE side = 'journal'
),
closed AS (
    SELECT coalesce(acquirer, '') AS acquirer, currency, side, kind, net_minor,
           if(starts_with(reason, 'settled by the adjustment'), 'adjusted', reason) AS reason,
           if(side = 'settlement' OR kind IN ('SALE', 'PREAUTH_COMPLETION'), amount_minor, -amount_minor) AS amount
    FROM book.out_of_scope
    WHERE side = 'settlement' AND kind IN ('SALE', 'REFUND', 'VOID', 'REVERSAL', 'PAYOUT')
    OR side = 'journal' AND starts_with(reason, 'settled by the adjustment')
),
closed_payouts AS (
    SELECT acquirer, currency, reason, net_minor FROM book.open_rows WHERE side = 'settlement' AND kind = 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, reason, net_minor FROM closed WHERE side = 'settlement' AND kind = 'PAYOUT'
),
groups AS (
    SELECT g.group_no, any_value(d.acquirer) AS acquirer, g.currency, if(g.verdict = 'MATCHED', 'bank_fee', g.verdict) AS verdict,
           g.bank_minor - g.payout_minor AS difference
    FROM book.deposit_groups g JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    WHERE g.bank_minor <> g.payout_minor GROUP BY g.group_no, g.currency, g.verdict, g.bank_minor, g.payout_minor
),
parts AS (
    SELECT acquirer, currency, 'journal' AS step, '' AS type, journal_minor AS amount, row_count
    FROM pairs WHERE verdict NOT IN ('FAILED_BUT_SETTLED', 'TYPE_MISMATCH')
    UNION ALL
    SELECT acquirer, currency, 'journal', '', amount, 1 FROM waiting
    UNION ALL
    SELECT acquirer, currency, 'leg1', reason, -amount, 1 FROM waiting
    UNION ALL
    SELECT acquirer, currency, 'leg1', verdict, settlement_minor - journal_minor, row_count
    FROM pairs WHERE verdict IN ('AMOUNT_OVER', 'AMOUNT_UNDER')
    UNION ALL
    SELECT acquirer, currency, 'leg1', verdict, -journal_minor, row_count FROM pairs WHERE verdict = 'CURRENCY_MISMATCH'
    UNION ALL
    SELECT acquirer, settlement_currency, 'leg1', verdict, settlement_minor, row_count
    FROM pairs WHERE verdict IN ('CURRENCY_MISMATCH', 'FAILED_BUT_SETTLED', 'TYPE_MISMATCH')
    UNION ALL
    SELECT acquirer, currency, 'leg1', reason, amount_minor, 1 FROM book.open_rows
    WHERE side = 'settlement' AND kind IN ('SALE', 'REFUND', 'VOID', 'REVERSAL')
    UNION ALL
    SELECT acquirer, currency, 'leg1', reason, amount, 1 FROM closed WHERE side = 'settlement' AND kind <> 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'journal', '', amount, 1 FROM closed WHERE side = 'journal'
    UNION ALL
    SELECT acquirer, currency, 'leg1', reason, -amount, 1 FROM closed WHERE side = 'journal'
    UNION ALL
    SELECT acquirer, currency, 'gross', '', gross_minor, row_count FROM lines
    WHERE record_type IN ('SALE', 'REFUND', 'VOID', 'REVERSAL')
    UNION ALL
    SELECT acquirer, currency, 'other', record_type, gross_minor, row_count FROM lines
    WHERE record_type NOT IN ('SALE', 'REFUND', 'VOID', 'REVERSAL', 'PAYOUT')
    UNION ALL
    SELECT acquirer, currency, 'fees', '', -fee_minor, row_count FROM lines WHERE record_type <> 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'net', '', net_minor, row_count FROM lines WHERE record_type <> 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'unpaid', '', -net_minor, row_count FROM lines WHERE record_type <> 'PAYOUT' AND unpaid
    UNION ALL
    SELECT acquirer, currency, 'declared', '', if(record_type = 'PAYOUT', net_minor, -net_minor), row_count FROM lines
    WHERE NOT unpaid
    UNION ALL
    SELECT acquirer, currency, 'payouts', '', net_minor, row_count FROM lines WHERE record_type = 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'leg2', reason, -net_minor, 1 FROM closed_payouts
    UNION ALL
    SELECT acquirer, currency, 'leg2', verdict, difference, 1 FROM groups
    UNION ALL
    SELECT acquirer, currency, 'bank', '', net_minor, 1 FROM book.deposit_members WHERE side = 'settlement'
    UNION ALL
    SELECT acquirer, currency, 'bank', '', difference, 0 FROM groups
)
SELECT acquirer, currency, step, type, CAST(sum(amount) AS BIGINT) AS amount_minor, CAST(sum(row_count) AS BIGINT) AS row_count
FROM parts GROUP BY acquirer, currency, step, type ORDER BY acquirer, currency, step, type;
