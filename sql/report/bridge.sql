-- The money from journal to bank over all runs: what each acquirer and currency adds to each step, minor units.
-- Grain: acquirer, currency, step, type. Steps: journal, leg1 (what lies between journal and settlement), other, fees,
-- unpaid, declared (difference of declared payouts to their lines), leg2 (between payouts and bank).
-- Matches and settlement lines are summed once each, by all that tells their steps apart; history is long.
WITH pairs AS (
    SELECT acquirer, currency, settlement_currency, verdict, count(*) AS row_count,
           sum(journal_amount_minor) AS journal_minor, sum(settlement_amount_minor) AS settlement_minor
    FROM book.matches GROUP BY acquirer, currency, settlement_currency, verdict
),
lines AS (
    SELECT acquirer, currency, record_type, payout_id IS NULL AS unpaid, count(*) AS row_count,
           sum(gross_minor) AS gross_minor, sum(fee_minor) AS fee_minor, sum(net_minor) AS net_minor
    FROM book.settlement WHERE record_type <> 'LEDGER' GROUP BY acquirer, currency, record_type, unpaid
),
open_journal AS MATERIALIZED (
    SELECT row_id, currency, txn_type, amount_minor FROM book.journal
    WHERE row_id IN (SELECT row_id FROM book.open_rows WHERE side = 'journal')
),
open_lines AS MATERIALIZED (
    SELECT row_id, acquirer, currency, record_type, gross_minor FROM book.settlement
    WHERE row_id IN (SELECT row_id FROM book.open_rows WHERE side = 'settlement')
),
payout_lines AS MATERIALIZED (
    SELECT row_id, acquirer, currency, net_minor FROM book.settlement WHERE record_type = 'PAYOUT'
),
waiting AS (
    SELECT coalesce(o.acquirer, '') AS acquirer, j.currency, o.reason,
           if(j.txn_type IN ('SALE', 'PREAUTH_COMPLETION'), j.amount_minor, -j.amount_minor) AS amount
    FROM book.open_rows o JOIN open_journal j ON o.side = 'journal' AND j.row_id = o.row_id
),
payouts AS (
    SELECT a.row_id, a.acquirer, a.currency, a.net_minor, coalesce(o.reason, s.reason) AS reason
    FROM payout_lines a
    LEFT JOIN book.open_rows o ON o.side = 'settlement' AND o.row_id = a.row_id
    LEFT JOIN book.out_of_scope s ON s.side = 'settlement' AND s.row_id = a.row_id
),
groups AS (
    SELECT g.group_no, any_value(a.acquirer) AS acquirer, g.currency, g.verdict, g.bank_minor - g.payout_minor AS difference
    FROM book.deposit_groups g
    JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    JOIN payout_lines a ON a.row_id = d.row_id
    GROUP BY g.group_no, g.currency, g.verdict, g.bank_minor, g.payout_minor
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
    SELECT a.acquirer, a.currency, 'leg1', o.reason, a.gross_minor, 1
    FROM book.open_rows o JOIN open_lines a ON o.side = 'settlement' AND a.row_id = o.row_id
    WHERE a.record_type IN ('SALE', 'REFUND', 'VOID', 'REVERSAL')
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
    SELECT acquirer, currency, 'payouts', '', net_minor, 1 FROM payouts
    UNION ALL
    SELECT acquirer, currency, 'leg2', reason, -net_minor, 1 FROM payouts WHERE reason IS NOT NULL
    UNION ALL
    SELECT acquirer, currency, 'leg2', verdict, difference, 1 FROM groups WHERE verdict <> 'MATCHED'
)
SELECT acquirer, currency, step, type, CAST(sum(amount) AS BIGINT) AS amount_minor, CAST(sum(row_count) AS BIGINT) AS row_count
FROM parts GROUP BY acquirer, currency, step, type ORDER BY acquirer, currency, step, type;
