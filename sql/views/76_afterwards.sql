-- Grain: one line that an acquirer writes after a sale: chargeback, representment, adjustment, refund; with its sale.
-- stage counts the lines of a sale in order; left is what they have left of it.
CREATE OR REPLACE VIEW afterwards AS
WITH told AS (
    SELECT
        s.*, (s.rrn IS NULL AND s.order_no IS NOT NULL) AS wallet,
        if(s.rrn IS NULL AND s.order_no IS NOT NULL, coalesce(s.original_rrn, s.order_no), coalesce(s.original_rrn, s.rrn))
        AS names
    FROM book.settlement s
    WHERE s.record_type IN ('CHARGEBACK', 'REPRESENTMENT', 'ADJUSTMENT', 'REFUND')
),
sales AS (
    SELECT acquirer, merchant_id, ref, currency, min(row_id) AS sale_row_id, arg_min(gross_minor, row_id) AS sale_minor,
           arg_min(coalesce(business_date, settlement_date), row_id) AS sale_date, count(*) AS sales
    FROM (
        SELECT acquirer, merchant_id, rrn AS ref, currency, row_id, gross_minor, business_date, settlement_date
        FROM book.settlement WHERE record_type = 'SALE' AND rrn IS NOT NULL
        UNION ALL
        SELECT acquirer, merchant_id, order_no, currency, row_id, gross_minor, business_date, settlement_date
        FROM book.settlement WHERE record_type = 'SALE' AND order_no IS NOT NULL AND order_no IS DISTINCT FROM rrn
    ) GROUP BY acquirer, merchant_id, ref, currency
),
linked AS (
    SELECT t.*, a.sale_row_id, a.sale_minor, a.sale_date
    FROM told t LEFT JOIN sales a
    ON a.acquirer = t.acquirer AND a.merchant_id = t.merchant_id AND a.ref = t.names AND a.currency = t.currency
)
SELECT
    l.acquirer, l.merchant_id, l.names AS sale, l.sale_date, l.sale_row_id,
    l.sale_minor, major(l.sale_minor, l.currency) AS sale_amount,
    CAST(row_number() OVER story AS INTEGER) AS stage, l.record_type, l.settlement_date, l.reason_code, l.payout_id,
    l.gross_minor, major(l.gross_minor, l.currency) AS gross, l.fee_minor, major(l.fee_minor, l.currency) AS fee,
    CAST(l.sale_minor + sum(l.gross_minor) OVER story AS BIGINT) AS left_minor,
    major(l.sale_minor + sum(l.gross_minor) OVER story, l.currency) AS "left",
    l.currency, f.name AS file, l.line, l.row_id
FROM linked l JOIN book.files f ON f.file_id = l.file_id
WINDOW story AS (
    PARTITION BY l.acquirer, l.merchant_id, l.names, l.currency ORDER BY l.settlement_date, l.row_id
);
COMMENT ON VIEW afterwards IS 'One row per chargeback, representment, adjustment or refund of an acquirer, with the sale it belongs to, its stage, and what is left of the sale';
