-- Grain: one accepted line of a journal file.
CREATE OR REPLACE VIEW journal AS
SELECT
    j.row_id, f.name AS file, j.line, f.source, j.merchant_id, j.terminal_id, j.batch_no, j.stan, j.rrn, j.auth_code,
    j.txn_type, j.channel, j.card_no, j.card_type, j.amount_minor, major(j.amount_minor, j.currency) AS amount,
    j.currency, j.txn_time, j.business_date, j.response_code, j.status, j.original_rrn, j.order_no, j.operator_id,
    CASE
        WHEN m.verdict = 'MATCHED' THEN 'matched'
        WHEN m.verdict IS NOT NULL THEN 'excepted'
        WHEN o.state IS NOT NULL THEN o.state
        WHEN s.reason IS NOT NULL THEN 'out_of_scope'
    END AS state,
    coalesce(nullif(m.verdict, 'MATCHED'), o.reason, s.reason) AS reason,
    m.rule, m.settlement_row_id
FROM book.journal j
JOIN book.files f ON f.file_id = j.file_id AND f.state = 'loaded'
LEFT JOIN book.matches m ON m.journal_row_id = j.row_id
LEFT JOIN book.open_rows o ON o.side = 'journal' AND o.row_id = j.row_id
LEFT JOIN book.out_of_scope s ON s.side = 'journal' AND s.row_id = j.row_id;
COMMENT ON VIEW journal IS 'One row per accepted journal line, with what became of it: matched, excepted, waiting or out_of_scope';
