-- Grain: one settlement file, acquirer, currency, fee of the contract and what became of it: the lines that were judged,
-- added up when they were. term null: no fee governs them, why says why. cause null: the fee is the contract's.
CREATE TABLE book.fee_sums (
    file_id INTEGER NOT NULL,
    acquirer VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    term INTEGER,
    cause VARCHAR,
    why VARCHAR,
    line_count BIGINT NOT NULL,
    gross_minor HUGEINT NOT NULL,
    fee_minor HUGEINT NOT NULL,
    expected_minor HUGEINT NOT NULL
);

-- What a FEE_VARIANCE is claimed by: the fee of the contract, and what went wrong.
ALTER TABLE book.exception_events ADD COLUMN fee_term INTEGER;
ALTER TABLE book.exception_events ADD COLUMN fee_cause VARCHAR;

-- The fee of a term as numbers: the keys of [[contracts.fees]] as JSON, amounts in major units.
ALTER TABLE book.fee_terms ADD COLUMN told VARCHAR;

-- Exceptions that an adjustment had settled whose file was taken back since: the next reconciliation looks at them anew.
CREATE TABLE book.unsettled (exception_id VARCHAR NOT NULL);
