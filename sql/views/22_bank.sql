-- Grain: one booked entry of a bank statement.
CREATE OR REPLACE VIEW bank AS
SELECT
    b.row_id, f.name AS file, b.line, f.source, b.account, b.booking_date, b.value_date, b.amount_minor,
    major(b.amount_minor, b.currency) AS amount, b.currency, b.bank_ref, b.end_to_end_id, b.remittance,
    b.counterparty, b.balance_minor, major(b.balance_minor, b.currency) AS balance, b.statement, b.reversal,
    b.batch_count,
    CASE
        WHEN g.verdict = 'MATCHED' THEN 'matched'
        WHEN g.verdict IS NOT NULL THEN 'excepted'
        WHEN o.state IS NOT NULL THEN o.state
        WHEN s.reason IS NOT NULL THEN 'out_of_scope'
    END AS state,
    coalesce(
        nullif(g.verdict, 'MATCHED'), o.reason,
        if(c.by_file_id IS NULL, 'told again by ', 'replaced by ') || again.name, s.reason
    ) AS reason, g.rule
FROM book.bank b
JOIN book.files f ON f.file_id = b.file_id AND f.state = 'loaded'
LEFT JOIN book.deposit_members d ON d.side = 'bank' AND d.row_id = b.row_id
LEFT JOIN book.deposit_groups g ON g.group_no = d.group_no
LEFT JOIN book.open_rows o ON o.side = 'bank' AND o.row_id = b.row_id
LEFT JOIN book.out_of_scope s ON s.side = 'bank' AND s.row_id = b.row_id
LEFT JOIN book.told_again t ON t.row_id = b.row_id
LEFT JOIN book.corrected c ON c.file_id = b.file_id AND c.account = b.account
LEFT JOIN book.files again ON again.file_id = t.by_file_id;
COMMENT ON VIEW bank IS 'One row per booked bank entry, with what became of it';
