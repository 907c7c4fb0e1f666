-- Fees of contracts in words, each once; what a settlement line should have cost by one of them.
CREATE TABLE book.fee_terms (term INTEGER PRIMARY KEY, words VARCHAR NOT NULL);

-- One row per SALE or REFUND line of an acquirer whose contracts state fees. term null: none governs the line, detail
-- says why. cause null: the fee is the contract's.
-- Kept as Parquet parts, one per settlement file, beside the rows they speak of.
CREATE TABLE book.fee_checks_base (
    row_id BIGINT NOT NULL,
    term INTEGER,
    expected_minor BIGINT,
    cause VARCHAR,
    detail VARCHAR
);
CREATE VIEW book.fee_checks AS FROM book.fee_checks_base;

-- The contracts by which all of them were judged, one row each time they changed.
CREATE TABLE book.fee_basis (run_no INTEGER NOT NULL, contracts VARCHAR NOT NULL);

-- What can be read of a rejected line: the payout that it is part of, its net, and what kind of line it is.
ALTER TABLE book.rejected_rows ADD COLUMN payout_id VARCHAR;
ALTER TABLE book.rejected_rows ADD COLUMN net_minor BIGINT;
ALTER TABLE book.rejected_rows ADD COLUMN record_type VARCHAR;
ALTER TABLE book.rejected_rows ADD COLUMN acquirer VARCHAR;

-- Every payout that lines name or that is declared: what its lines add up to, by kind, what it declares, what is carried
-- from and to other days, and what that means. A payout's sums grow as lines of it come; where lines go, all are
-- summed again. Amounts as in the view payout_bridge.
CREATE TABLE book.payout_nets (
    acquirer VARCHAR NOT NULL,
    payout_id VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    merchant_id VARCHAR,
    settlement_date DATE NOT NULL,
    row_id BIGINT NOT NULL,
    one_for_each BOOLEAN NOT NULL,
    line_count BIGINT NOT NULL,
    gross_minor BIGINT NOT NULL,
    refunds_minor BIGINT NOT NULL,
    fees_minor BIGINT NOT NULL,
    chargebacks_minor BIGINT NOT NULL,
    adjustments_minor BIGINT NOT NULL,
    separate_fees_minor BIGINT NOT NULL,
    reserve_held_minor BIGINT NOT NULL,
    reserve_released_minor BIGINT NOT NULL,
    balance_carried_minor BIGINT NOT NULL,
    commission_minor BIGINT NOT NULL,
    markup_minor BIGINT NOT NULL,
    scheme_fee_minor BIGINT NOT NULL,
    interchange_minor BIGINT NOT NULL,
    lines_minor BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL,
    rejected_minor BIGINT NOT NULL,
    unread_payouts BIGINT NOT NULL,
    declared_count BIGINT NOT NULL,
    declared_minor BIGINT NOT NULL,
    carried_in_minor BIGINT NOT NULL,
    carried_out_minor BIGINT NOT NULL,
    verdict VARCHAR NOT NULL
);

-- Payouts to be judged again though no line of them came: a file with lines of theirs was taken back.
CREATE TABLE book.payouts_touched (acquirer VARCHAR NOT NULL, payout_id VARCHAR NOT NULL, currency VARCHAR NOT NULL);

-- What the bank took from a deposit by a rule of the contract; a group that ties with it is matched.
ALTER TABLE book.deposit_groups ADD COLUMN bank_fee_minor BIGINT;

-- What was open, came, was settled and is open, night by night.
CREATE TABLE book.roll_forward (
    run_no INTEGER NOT NULL,
    side VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL
);
