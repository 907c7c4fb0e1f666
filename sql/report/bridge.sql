-- The money from journal to bank over all runs: what each acquirer and currency adds to each step, minor units.
-- Grain: acquirer, currency, step, type. Steps: journal, leg1 (what lies between journal and settlement), other, fees,
-- unpaid, declared (difference of declared payouts to their lines), leg2 (between payouts and bank).
WITH expected AS (
    SELECT row_id, currency,
           if(txn_type IN ('SALE', 'PREAUTH_COMPLETION'), amount_minor, -amount_minor) AS amount
    FROM book.journal
),
payouts AS (
    SELECT a.row_id, a.acquirer, a.currency, a.net_minor, coalesce(o.reason, s.reason) AS reason
    FROM book.settlement a
    LEFT JOIN book.open_rows o ON o.side = 'settlement' AND o.row_id = a.row_id
    LEFT JOIN book.out_of_scope s ON s.side = 'settlement' AND s.row_id = a.row_id
    WHERE a.record_type = 'PAYOUT'
),
groups AS (
    SELECT g.group_no, any_value(a.acquirer) AS acquirer, g.currency, g.verdict, g.bank_minor - g.payout_minor AS difference
    FROM book.deposit_groups g
    JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    JOIN book.settlement a ON a.row_id = d.row_id
    GROUP BY g.group_no, g.currency, g.verdict, g.bank_minor, g.payout_minor
),
parts AS (
    SELECT acquirer, currency, 'journal' AS step, '' AS type, journal_amount_minor AS amount
    FROM book.matches WHERE verdict NOT IN ('FAILED_BUT_SETTLED', 'TYPE_MISMATCH')
    UNION ALL
    SELECT coalesce(o.acquirer, ''), e.currency, 'journal', '', e.amount
    FROM book.open_rows o JOIN expected e ON o.side = 'journal' AND e.row_id = o.row_id
    UNION ALL
    SELECT coalesce(o.acquirer, ''), e.currency, 'leg1', o.reason, -e.amount
    FROM book.open_rows o JOIN expected e ON o.side = 'journal' AND e.row_id = o.row_id
    UNION ALL
    SELECT acquirer, currency, 'leg1', verdict, settlement_amount_minor - journal_amount_minor
    FROM book.matches WHERE verdict IN ('AMOUNT_OVER', 'AMOUNT_UNDER')
    UNION ALL
    SELECT acquirer, currency, 'leg1', verdict, -journal_amount_minor FROM book.matches WHERE verdict = 'CURRENCY_MISMATCH'
    UNION ALL
    SELECT acquirer, settlement_currency, 'leg1', verdict, settlement_amount_minor
    FROM book.matches WHERE verdict IN ('CURRENCY_MISMATCH', 'FAILED_BUT_SETTLED', 'TYPE_MISMATCH')
    UNION ALL
    SELECT a.acquirer, a.currency, 'leg1', o.reason, a.gross_minor
    FROM book.open_rows o JOIN book.settlement a ON o.side = 'settlement' AND a.row_id = o.row_id
    WHERE a.record_type IN ('SALE', 'REFUND', 'VOID', 'REVERSAL')
    UNION ALL
    SELECT acquirer, currency, 'gross', '', gross_minor FROM book.settlement
    WHERE record_type IN ('SALE', 'REFUND', 'VOID', 'REVERSAL')
    UNION ALL
    SELECT acquirer, currency, 'other', record_type, gross_minor FROM book.settlement
    WHERE record_type NOT IN ('SALE', 'REFUND', 'VOID', 'REVERSAL', 'PAYOUT')
    UNION ALL
    SELECT acquirer, currency, 'fees', '', -fee_minor FROM book.settlement WHERE record_type <> 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'net', '', net_minor FROM book.settlement WHERE record_type <> 'PAYOUT'
    UNION ALL
    SELECT acquirer, currency, 'unpaid', '', -net_minor FROM book.settlement
    WHERE record_type <> 'PAYOUT' AND payout_id IS NULL
    UNION ALL
    SELECT acquirer, currency, 'declared', '', if(record_type = 'PAYOUT', net_minor, -net_minor) FROM book.settlement
    WHERE payout_id IS NOT NULL
    UNION ALL
    SELECT acquirer, currency, 'payouts', '', net_minor FROM payouts
    UNION ALL
    SELECT acquirer, currency, 'leg2', reason, -net_minor FROM payouts WHERE reason IS NOT NULL
    UNION ALL
    SELECT acquirer, currency, 'leg2', verdict, difference FROM groups WHERE verdict <> 'MATCHED'
)
SELECT acquirer, currency, step, type, CAST(sum(amount) AS BIGINT) AS amount_minor, count(*) AS row_count
FROM parts GROUP BY acquirer, currency, step, type ORDER BY acquirer, currency, step, type;
