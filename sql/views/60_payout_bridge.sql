-- Grain: one payout id of one acquirer and currency.
CREATE OR REPLACE VIEW payout_bridge AS
WITH lines AS (
    SELECT
        acquirer, payout_id, currency, max(settlement_date) AS settlement_date,
        CAST(sum(gross_minor) FILTER (record_type IN ('SALE', 'VOID', 'REVERSAL')) AS BIGINT) AS gross_minor,
        CAST(-sum(gross_minor) FILTER (record_type = 'REFUND') AS BIGINT) AS refunds_minor,
        CAST(sum(fee_minor) FILTER (record_type <> 'PAYOUT') AS BIGINT) AS fees_minor,
        CAST(-sum(gross_minor) FILTER (record_type IN ('CHARGEBACK', 'REPRESENTMENT')) AS BIGINT) AS chargebacks_minor,
        CAST(sum(gross_minor) FILTER (record_type IN ('ADJUSTMENT', 'FEE', 'RESERVE_HOLD', 'RESERVE_RELEASE')) AS BIGINT)
            AS adjustments_minor,
        CAST(sum(net_minor) FILTER (record_type <> 'PAYOUT') AS BIGINT) AS expected_net_minor,
        CAST(sum(net_minor) FILTER (record_type = 'PAYOUT') AS BIGINT) AS declared_minor
    FROM settlement WHERE payout_id IS NOT NULL
    GROUP BY acquirer, payout_id, currency
),
grouped AS (
    SELECT d.group_no, count(*) AS payouts_in_group
    FROM book.deposit_members d WHERE d.side = 'settlement' GROUP BY d.group_no
),
banked AS (
    SELECT a.acquirer, a.payout_id, a.currency, g.bank_minor, g.verdict, n.payouts_in_group
    FROM book.deposit_groups g
    JOIN grouped n USING (group_no)
    JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    JOIN book.settlement a ON a.row_id = d.row_id
    QUALIFY row_number() OVER (PARTITION BY a.acquirer, a.payout_id, a.currency ORDER BY a.row_id) = 1
)
SELECT
    l.acquirer, l.payout_id, l.currency, l.settlement_date,
    coalesce(l.gross_minor, 0) AS gross_minor, major(coalesce(l.gross_minor, 0), l.currency) AS gross,
    coalesce(l.refunds_minor, 0) AS refunds_minor, major(coalesce(l.refunds_minor, 0), l.currency) AS refunds,
    coalesce(l.fees_minor, 0) AS fees_minor, major(coalesce(l.fees_minor, 0), l.currency) AS fees,
    coalesce(l.chargebacks_minor, 0) AS chargebacks_minor,
    major(coalesce(l.chargebacks_minor, 0), l.currency) AS chargebacks,
    coalesce(l.adjustments_minor, 0) AS adjustments_minor,
    major(coalesce(l.adjustments_minor, 0), l.currency) AS adjustments,
    l.expected_net_minor, major(l.expected_net_minor, l.currency) AS expected_net,
    l.declared_minor, major(l.declared_minor, l.currency) AS declared,
    b.bank_minor, major(b.bank_minor, l.currency) AS bank, b.payouts_in_group, b.verdict
FROM lines l LEFT JOIN banked b USING (acquirer, payout_id, currency);
COMMENT ON VIEW payout_bridge IS 'One row per payout: gross - refunds - fees - chargebacks + adjustments = expected net, beside the declared payout and the amount in the bank (of its whole group)';
