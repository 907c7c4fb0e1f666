-- Grain: one pair of journal row and settlement line, or one group of payouts and bank entries.
CREATE OR REPLACE VIEW matches AS
SELECT
    'journal-settlement' AS leg, m.rule, m.rules_version, m.verdict, r.business_date AS run_date,
    a.acquirer, a.merchant_id, a.terminal_id, a.rrn, a.order_no, a.payout_id, m.currency,
    m.journal_amount_minor, major(m.journal_amount_minor, m.currency) AS journal_amount,
    m.settlement_amount_minor, major(m.settlement_amount_minor, m.settlement_currency) AS settlement_amount,
    NULL::BIGINT AS bank_amount_minor, NULL::DECIMAL(24, 4) AS bank_amount,
    m.journal_row_id, m.settlement_row_id, NULL::BIGINT[] AS bank_row_ids
FROM book.matches m
JOIN book.settlement a ON a.row_id = m.settlement_row_id
LEFT JOIN book.runs r USING (run_no)
UNION ALL
SELECT
    'settlement-bank', g.rule, g.rules_version, g.verdict, r.business_date,
    any_value(a.acquirer), any_value(a.merchant_id), NULL, NULL, NULL,
    string_agg(a.payout_id, ', ' ORDER BY a.payout_id), g.currency,
    NULL, NULL, g.payout_minor, major(g.payout_minor, g.currency),
    g.bank_minor, major(g.bank_minor, g.currency),
    NULL, g.group_no, list(d.row_id ORDER BY d.row_id) FILTER (d.side = 'bank')
FROM book.deposit_groups g
JOIN book.deposit_members d USING (group_no)
LEFT JOIN book.settlement a ON d.side = 'settlement' AND a.row_id = d.row_id
LEFT JOIN book.runs r ON r.run_no = g.run_no
GROUP BY ALL;
COMMENT ON VIEW matches IS 'One row per matched pair or group, with the rule, its version, the verdict and both amounts';
