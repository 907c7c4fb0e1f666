-- What proof and bridge add up, kept where it is written, so that a night costs what the night brings: the sums of each
-- part, and what rows that stand apart from the pairs are worth (pipelines/store/sums.py, amounts.py, carried.py).
ALTER TABLE book.open_rows ADD COLUMN currency VARCHAR;
ALTER TABLE book.open_rows ADD COLUMN kind VARCHAR;
ALTER TABLE book.open_rows ADD COLUMN amount_minor BIGINT;
ALTER TABLE book.open_rows ADD COLUMN net_minor BIGINT;
ALTER TABLE book.out_of_scope ADD COLUMN acquirer VARCHAR;
ALTER TABLE book.out_of_scope ADD COLUMN currency VARCHAR;
ALTER TABLE book.out_of_scope ADD COLUMN kind VARCHAR;
ALTER TABLE book.out_of_scope ADD COLUMN amount_minor BIGINT;
ALTER TABLE book.out_of_scope ADD COLUMN net_minor BIGINT;
ALTER TABLE book.deposit_members ADD COLUMN acquirer VARCHAR;
ALTER TABLE book.deposit_members ADD COLUMN currency VARCHAR;
ALTER TABLE book.deposit_members ADD COLUMN kind VARCHAR;
ALTER TABLE book.deposit_members ADD COLUMN amount_minor BIGINT;
ALTER TABLE book.deposit_members ADD COLUMN net_minor BIGINT;

-- Grain: one part of a side, acquirer, currency, kind and whether a payout is named. amount: gross of a settlement
-- line; exact_*: lines that state their fee more finely. fingerprint: the sum of the row ids, its remainder by 1000000007.
CREATE TABLE book.row_sums (
    part VARCHAR NOT NULL,
    side VARCHAR NOT NULL,
    file_id INTEGER NOT NULL,
    acquirer VARCHAR,
    currency VARCHAR NOT NULL,
    kind VARCHAR,
    unpaid BOOLEAN,
    row_count BIGINT NOT NULL,
    amount_minor HUGEINT NOT NULL,
    fee_minor HUGEINT,
    net_minor HUGEINT,
    exact_count BIGINT,
    exact_micro HUGEINT,
    exact_minor HUGEINT,
    fingerprint BIGINT NOT NULL
);

-- Grain: one part of the matches, acquirer, both currencies, verdict and rule.
CREATE TABLE book.pair_sums (
    part VARCHAR NOT NULL,
    acquirer VARCHAR,
    currency VARCHAR NOT NULL,
    settlement_currency VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    journal_minor HUGEINT NOT NULL,
    journal_size_minor HUGEINT NOT NULL,
    settlement_minor HUGEINT NOT NULL,
    journal_fingerprint BIGINT NOT NULL,
    settlement_fingerprint BIGINT NOT NULL
);

-- Open rows of files of which little is open still: they need not be looked for in the files they came in.
CREATE TABLE book.carried_journal AS FROM book.journal_base LIMIT 0;
CREATE TABLE book.carried_settlement AS FROM book.settlement_base LIMIT 0;
CREATE TABLE book.carried_bank AS FROM book.bank_base LIMIT 0;
