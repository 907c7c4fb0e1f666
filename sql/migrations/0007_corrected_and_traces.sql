-- Accounts of a bank's file that a later file of the same source and day tells anew: its entries and balances of these
-- accounts do not count, those of its other accounts do.
CREATE TABLE book.corrected (file_id INTEGER NOT NULL, account VARCHAR NOT NULL, by_file_id INTEGER NOT NULL);

-- Numbers of a terminal that a file tells and that no row of the journal bears: those of transactions that are no card
-- payments (POSLog) and of rejected rows. Each row is a stretch without a gap.
CREATE TABLE book.traces (
    file_id INTEGER NOT NULL,
    merchant_id VARCHAR,
    terminal_id VARCHAR,
    batch_no VARCHAR,
    day DATE,
    first_no BIGINT NOT NULL,
    last_no BIGINT NOT NULL
);

-- What a terminal declares of a batch when it closes it; null where it does not. credit: money to the merchant.
CREATE TABLE book.batch_totals (
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    merchant_id VARCHAR,
    terminal_id VARCHAR NOT NULL,
    batch_no VARCHAR NOT NULL,
    currency VARCHAR,
    row_count BIGINT,
    amount_minor BIGINT,
    credit_rows BIGINT,
    credit_minor BIGINT,
    debit_rows BIGINT,
    debit_minor BIGINT
);
