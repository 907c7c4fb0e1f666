-- Grain: one accepted line of a settlement file.
CREATE OR REPLACE VIEW settlement AS
SELECT
    a.row_id, f.name AS file, a.line, f.source, a.acquirer, a.settlement_date, a.payout_id, a.record_type,
    a.merchant_id, a.terminal_id, a.batch_no, a.stan, a.rrn, a.auth_code, a.card_no, a.card_type, a.txn_time,
    a.business_date, a.gross_minor, major(a.gross_minor, a.currency) AS gross,
    a.fee_minor, major(a.fee_minor, a.currency) AS fee, a.net_minor, major(a.net_minor, a.currency) AS net,
    a.currency, a.original_rrn, a.order_no, a.reason_code, a.acquirer_ref,
    CAST(coalesce(CAST(a.fee_micro AS DECIMAL(24, 0)) * 0.000001, major(a.fee_minor, a.currency)) AS DECIMAL(24, 6)) AS fee_exact,
    a.commission_minor, major(a.commission_minor, a.currency) AS commission,
    a.markup_minor, major(a.markup_minor, a.currency) AS markup,
    a.scheme_fee_minor, major(a.scheme_fee_minor, a.currency) AS scheme_fee,
    a.interchange_minor, major(a.interchange_minor, a.currency) AS interchange,
    a.balance_minor, major(a.balance_minor, a.currency) AS balance,
    CASE
        WHEN coalesce(m.verdict, g.verdict) = 'MATCHED' THEN 'matched'
        WHEN coalesce(m.verdict, g.verdict) IS NOT NULL THEN 'excepted'
        WHEN o.state IS NOT NULL THEN o.state
        WHEN s.reason IS NOT NULL THEN 'out_of_scope'
    END AS state,
    coalesce(nullif(coalesce(m.verdict, g.verdict), 'MATCHED'), o.reason, s.reason) AS reason,
    coalesce(m.rule, g.rule) AS rule, m.journal_row_id
FROM book.settlement a
JOIN book.files f ON f.file_id = a.file_id AND f.state = 'loaded'
LEFT JOIN book.matches m ON m.settlement_row_id = a.row_id
LEFT JOIN book.deposit_members d ON d.side = 'settlement' AND d.row_id = a.row_id
LEFT JOIN book.deposit_groups g ON g.group_no = d.group_no
LEFT JOIN book.open_rows o ON o.side = 'settlement' AND o.row_id = a.row_id
LEFT JOIN book.out_of_scope s ON s.side = 'settlement' AND s.row_id = a.row_id;
COMMENT ON VIEW settlement IS 'One row per accepted settlement line, payouts included, with what became of it';
