-- Grain: one balance of a statement. A statement without entries names no currency: it is that of its account, if the
-- account has only one; until it is known the balance counts for nothing.
CREATE OR REPLACE VIEW book.balances_told AS
SELECT b.file_id, b.line, b.account, b.statement, b.kind, b.balance_date,
       CASE WHEN b.currency <> '' OR major(100, k.currency) = 1 THEN b.amount_minor
            WHEN major(1, k.currency) = 1 THEN b.amount_minor // 100
            WHEN major(1000, k.currency) = 1 THEN b.amount_minor * 10
            ELSE b.amount_minor * 100 END AS amount_minor,
       coalesce(nullif(b.currency, ''), k.currency) AS currency
FROM book.balances b LEFT JOIN (
    SELECT account, any_value(currency) AS currency FROM book.balances
    WHERE currency <> '' GROUP BY account HAVING count(DISTINCT currency) = 1
) k USING (account)
WHERE b.currency <> '' OR k.currency IS NOT NULL;
