-- Grain: one batch as its terminal closed it, beside what the journal holds of it.
CREATE OR REPLACE VIEW batch_totals AS
WITH standing AS (
    SELECT j.* FROM book.journal j
    WHERE j.status = 'APPROVED' AND j.txn_type IN ('SALE', 'PREAUTH_COMPLETION', 'REFUND', 'VOID')
    AND j.terminal_id IN (SELECT terminal_id FROM book.batch_totals)
    AND NOT EXISTS (
        FROM book.journal r WHERE r.txn_type = 'REVERSAL' AND r.status = 'APPROVED'
        AND r.merchant_id = j.merchant_id AND r.original_rrn = j.rrn
    )
),
summed AS (
    SELECT t.file_id, t.line, count(j.row_id) AS journal_rows,
        count(j.row_id) FILTER (j.txn_type IN ('SALE', 'PREAUTH_COMPLETION')) AS journal_credit_rows,
        coalesce(sum(j.amount_minor) FILTER (j.txn_type IN ('SALE', 'PREAUTH_COMPLETION')), 0) AS credit,
        coalesce(sum(j.amount_minor) FILTER (j.txn_type IN ('REFUND', 'VOID')), 0) AS debit
    FROM book.batch_totals t JOIN book.files f USING (file_id)
    LEFT JOIN standing j ON j.terminal_id = t.terminal_id AND j.batch_no = t.batch_no
        AND (t.merchant_id IS NULL OR j.merchant_id = t.merchant_id)
        AND (t.currency IS NULL OR j.currency = t.currency)
        AND j.business_date BETWEEN f.expected_date - 7 AND f.expected_date + 1
    GROUP BY t.file_id, t.line
)
SELECT
    f.name AS file, t.line, t.merchant_id, t.terminal_id, t.batch_no, t.currency,
    t.row_count AS declared_rows, s.journal_rows, t.amount_minor AS declared_minor,
    CAST(s.credit - s.debit AS BIGINT) AS journal_minor, t.credit_rows AS declared_credit_rows, s.journal_credit_rows,
    t.credit_minor AS declared_credit_minor, CAST(s.credit AS BIGINT) AS journal_credit_minor,
    t.debit_rows AS declared_debit_rows, s.journal_rows - s.journal_credit_rows AS journal_debit_rows,
    t.debit_minor AS declared_debit_minor, CAST(s.debit AS BIGINT) AS journal_debit_minor,
    coalesce(declared_rows = s.journal_rows, true) AND coalesce(declared_minor = journal_minor, true)
    AND coalesce(declared_credit_rows = s.journal_credit_rows, true)
    AND coalesce(declared_credit_minor = journal_credit_minor, true)
    AND coalesce(declared_debit_rows = journal_debit_rows, true)
    AND coalesce(declared_debit_minor = journal_debit_minor, true) AS agree,
    f.run_no
FROM book.batch_totals t JOIN summed s USING (file_id, line) JOIN book.files f USING (file_id)
WHERE f.state = 'loaded';
COMMENT ON VIEW batch_totals IS 'One row per batch that a terminal closed: the totals it declared beside what the journal holds of the batch';
