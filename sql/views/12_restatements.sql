-- Grain: one corrected file and currency.
CREATE OR REPLACE VIEW restatements AS
WITH counted AS (
    SELECT file_id, currency, count(*) FILTER (change = 'added') AS added, count(*) FILTER (change = 'removed') AS removed,
        count(*) FILTER (change = 'changed') AS changed
    FROM book.restated_rows GROUP BY file_id, currency
)
SELECT
    s.file_id, f.name AS file, f.source, f.side, f.expected_date, s.run_no, r.business_date AS run_date, s.replaced,
    (
        SELECT string_agg(o.name, ', ' ORDER BY o.file_id) FROM book.files o WHERE list_contains(s.replaced, o.file_id)
    ) AS replaced_files,
    s.currency, s.old_rows, s.new_rows, coalesce(c.added, 0) AS added, coalesce(c.removed, 0) AS removed,
    coalesce(c.changed, 0) AS changed, s.old_amount_minor, major(s.old_amount_minor, s.currency) AS old_amount,
    s.new_amount_minor, major(s.new_amount_minor, s.currency) AS new_amount,
    s.new_amount_minor - s.old_amount_minor AS difference_minor,
    major(s.new_amount_minor - s.old_amount_minor, s.currency) AS difference
FROM book.restatements s
JOIN book.files f USING (file_id)
LEFT JOIN counted c ON c.file_id = s.file_id AND c.currency = s.currency
LEFT JOIN book.runs r ON r.run_no = s.run_no;
COMMENT ON VIEW restatements IS 'One row per corrected file and currency: which file it replaced, how many rows differ, and both sums';

-- Grain: one row in which a corrected file differs from what it replaced.
CREATE OR REPLACE VIEW restated_rows AS
SELECT
    d.file_id, f.name AS file, o.name AS old_file, f.source, f.side, r.business_date AS run_date, d.change, d.changed,
    d.currency, d.old_line, d.new_line,
    d.old_amount_minor, major(d.old_amount_minor, d.currency) AS old_amount,
    d.new_amount_minor, major(d.new_amount_minor, d.currency) AS new_amount,
    d.old_net_minor, major(d.old_net_minor, d.currency) AS old_net,
    d.new_net_minor, major(d.new_net_minor, d.currency) AS new_net,
    d.merchant_id, d.terminal_id, d.rrn, d.order_no, d.payout_id, d.bank_ref, s.run_no
FROM book.restated_rows d
JOIN (SELECT DISTINCT file_id, run_no FROM book.restatements) s USING (file_id)
JOIN book.files f USING (file_id)
LEFT JOIN book.files o ON o.file_id = d.old_file_id
LEFT JOIN book.runs r ON r.run_no = s.run_no;
COMMENT ON VIEW restated_rows IS 'One row per line that a corrected file added, removed or changed, with both amounts';
