-- What only some formats say of a line; null where a format has no such column.
ALTER TABLE book.settlement ADD COLUMN acquirer_ref VARCHAR;
ALTER TABLE book.settlement ADD COLUMN fee_micro BIGINT;
ALTER TABLE book.settlement ADD COLUMN commission_minor BIGINT;
ALTER TABLE book.settlement ADD COLUMN markup_minor BIGINT;
ALTER TABLE book.settlement ADD COLUMN scheme_fee_minor BIGINT;
ALTER TABLE book.settlement ADD COLUMN interchange_minor BIGINT;
ALTER TABLE book.settlement ADD COLUMN balance_minor BIGINT;
ALTER TABLE book.bank ADD COLUMN statement VARCHAR;
ALTER TABLE book.bank ADD COLUMN reversal BOOLEAN;
ALTER TABLE book.bank ADD COLUMN batch_count BIGINT;

-- Balances that statements and wallet accounts declare, one row each; kind: opening or closing.
CREATE TABLE book.balances (
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    account VARCHAR NOT NULL,
    statement VARCHAR,
    kind VARCHAR NOT NULL,
    balance_date DATE,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL
);
