-- Grain: one payout id of one acquirer and currency.
-- gross - refunds - fees - chargebacks + adjustments = expected net; expected net + rejected + carried + unexplained =
-- declared. The columns after adjustments say what of it is what; they are no further steps.
CREATE OR REPLACE VIEW payout_bridge AS
WITH grouped AS (
    SELECT d.group_no, count(*) AS payouts_in_group
    FROM book.deposit_members d WHERE d.side = 'settlement' GROUP BY d.group_no
),
banked AS (
    SELECT n.acquirer, n.payout_id, n.currency, g.bank_minor, g.bank_fee_minor, g.verdict, c.payouts_in_group
    FROM book.deposit_groups g
    JOIN grouped c USING (group_no)
    JOIN book.deposit_members d ON d.group_no = g.group_no AND d.side = 'settlement'
    JOIN book.payout_nets n ON n.row_id = d.row_id
)
SELECT
    n.acquirer, n.payout_id, n.currency, n.merchant_id, n.settlement_date, n.line_count,
    n.gross_minor, major(n.gross_minor, n.currency) AS gross,
    n.refunds_minor, major(n.refunds_minor, n.currency) AS refunds,
    n.fees_minor, major(n.fees_minor, n.currency) AS fees,
    n.chargebacks_minor, major(n.chargebacks_minor, n.currency) AS chargebacks,
    n.adjustments_minor, major(n.adjustments_minor, n.currency) AS adjustments,
    n.lines_minor AS expected_net_minor, major(n.lines_minor, n.currency) AS expected_net,
    n.rejected_minor, major(n.rejected_minor, n.currency) AS rejected,
    n.carried_in_minor - n.carried_out_minor AS carried_minor,
    major(n.carried_in_minor - n.carried_out_minor, n.currency) AS carried,
    if(n.declared_count = 0, NULL, n.declared_minor) AS declared_minor,
    if(n.declared_count = 0, NULL, major(n.declared_minor, n.currency)) AS declared,
    if(n.declared_count = 0, NULL, n.declared_minor - (
        n.lines_minor + n.rejected_minor + n.carried_in_minor - n.carried_out_minor)) AS unexplained_minor,
    if(n.declared_count = 0, NULL, major(n.declared_minor - (
        n.lines_minor + n.rejected_minor + n.carried_in_minor - n.carried_out_minor), n.currency)) AS unexplained,
    n.verdict AS net_verdict,
    b.bank_minor, major(b.bank_minor, n.currency) AS bank,
    b.bank_fee_minor, major(b.bank_fee_minor, n.currency) AS bank_fee, b.payouts_in_group, b.verdict,
    n.separate_fees_minor, major(n.separate_fees_minor, n.currency) AS separate_fees,
    n.reserve_held_minor, major(n.reserve_held_minor, n.currency) AS reserve_held,
    n.reserve_released_minor, major(n.reserve_released_minor, n.currency) AS reserve_released,
    n.balance_carried_minor, major(n.balance_carried_minor, n.currency) AS balance_carried,
    n.commission_minor, major(n.commission_minor, n.currency) AS commission,
    n.markup_minor, major(n.markup_minor, n.currency) AS markup,
    n.scheme_fee_minor, major(n.scheme_fee_minor, n.currency) AS scheme_fee,
    n.interchange_minor, major(n.interchange_minor, n.currency) AS interchange
FROM book.payout_nets n LEFT JOIN banked b USING (acquirer, payout_id, currency);
COMMENT ON VIEW payout_bridge IS 'One row per payout: gross - refunds - fees - chargebacks + adjustments = expected net, beside the declared payout and the amount in the bank (of its whole group)';
