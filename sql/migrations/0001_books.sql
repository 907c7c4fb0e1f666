-- The writer's own tables. Row tables are append-only: a row is never updated, what it means is kept beside it.
-- row_id = file_id * 2^32 + line, so a row always tells its file and line.
CREATE SCHEMA book;

CREATE TABLE book.sources (name VARCHAR PRIMARY KEY, since DATE NOT NULL);

CREATE TABLE book.runs (
    run_no INTEGER PRIMARY KEY,
    run_id VARCHAR NOT NULL,
    business_date DATE NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    verdict VARCHAR,
    rules_version INTEGER,
    software_version VARCHAR,
    summary JSON
);

CREATE TABLE book.files (
    file_id INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    source VARCHAR,
    side VARCHAR,
    profile VARCHAR,
    sha256 VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    expected_date DATE,
    state VARCHAR NOT NULL,
    error VARCHAR,
    row_count INTEGER,
    accepted INTEGER,
    rejected INTEGER,
    declared JSON,
    computed JSON,
    agree BOOLEAN,
    first_date DATE,
    last_date DATE,
    covers DATE[],
    warnings VARCHAR[],
    archived VARCHAR,
    arrived_at TIMESTAMP NOT NULL,
    run_no INTEGER NOT NULL,
    retracted_run INTEGER
);

-- What the parser counted, kept apart from the row tables: the proof compares the two.
CREATE TABLE book.file_totals (
    file_id INTEGER NOT NULL,
    side VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    rows_in INTEGER NOT NULL,
    amount_in_minor BIGINT NOT NULL
);

CREATE TABLE book.journal (
    row_id BIGINT NOT NULL,
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    merchant_id VARCHAR NOT NULL,
    terminal_id VARCHAR,
    batch_no VARCHAR,
    stan VARCHAR,
    rrn VARCHAR,
    auth_code VARCHAR,
    txn_type VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    card_no VARCHAR,
    card_type VARCHAR,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    txn_time TIMESTAMP NOT NULL,
    business_date DATE NOT NULL,
    response_code VARCHAR,
    status VARCHAR NOT NULL,
    original_rrn VARCHAR,
    order_no VARCHAR,
    operator_id VARCHAR
);

CREATE TABLE book.settlement (
    row_id BIGINT NOT NULL,
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    acquirer VARCHAR NOT NULL,
    settlement_date DATE NOT NULL,
    payout_id VARCHAR,
    record_type VARCHAR NOT NULL,
    merchant_id VARCHAR,
    terminal_id VARCHAR,
    batch_no VARCHAR,
    stan VARCHAR,
    rrn VARCHAR,
    auth_code VARCHAR,
    card_no VARCHAR,
    card_type VARCHAR,
    txn_time TIMESTAMP,
    business_date DATE,
    gross_minor BIGINT NOT NULL,
    fee_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    original_rrn VARCHAR,
    order_no VARCHAR,
    reason_code VARCHAR
);

CREATE TABLE book.bank (
    row_id BIGINT NOT NULL,
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    account VARCHAR NOT NULL,
    booking_date DATE NOT NULL,
    value_date DATE,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    bank_ref VARCHAR,
    end_to_end_id VARCHAR,
    remittance VARCHAR,
    counterparty VARCHAR,
    balance_minor BIGINT
);

CREATE TABLE book.rejected_rows (
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    amount_minor BIGINT,
    currency VARCHAR
);

-- One row per pair of journal row and settlement line; both are consumed by it, whatever the verdict.
CREATE TABLE book.matches (
    journal_row_id BIGINT NOT NULL,
    settlement_row_id BIGINT NOT NULL,
    run_no INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    rules_version INTEGER NOT NULL,
    verdict VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    settlement_currency VARCHAR NOT NULL,
    acquirer VARCHAR NOT NULL,
    journal_amount_minor BIGINT NOT NULL,
    settlement_amount_minor BIGINT NOT NULL
);

-- Payouts and bank entries that name each other; a group that does not tie is looked at again every night.
CREATE TABLE book.deposit_groups (
    group_no BIGINT NOT NULL,
    run_no INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    rules_version INTEGER NOT NULL,
    verdict VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    payout_minor BIGINT NOT NULL,
    bank_minor BIGINT NOT NULL
);

CREATE TABLE book.deposit_members (group_no BIGINT NOT NULL, side VARCHAR NOT NULL, row_id BIGINT NOT NULL);

-- Rows that found no partner yet: waiting (reason TIMING) or excepted (reason = exception type).
CREATE TABLE book.open_rows (
    side VARCHAR NOT NULL,
    row_id BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    acquirer VARCHAR,
    expected_by DATE
);

-- Rows from which nothing is expected, each with the reason.
CREATE TABLE book.out_of_scope (side VARCHAR NOT NULL, row_id BIGINT NOT NULL, reason VARCHAR NOT NULL);

-- Everything that ever happened to an exception, one row per event; the newest row of an id is its state.
CREATE TABLE book.exception_events (
    event_no BIGINT NOT NULL,
    run_no INTEGER NOT NULL,
    run_date DATE NOT NULL,
    event VARCHAR NOT NULL,
    exception_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    leg VARCHAR NOT NULL,
    business_date DATE,
    first_seen DATE NOT NULL,
    due_date DATE,
    amount_minor BIGINT NOT NULL,
    direction VARCHAR NOT NULL,
    currency VARCHAR,
    acquirer VARCHAR,
    merchant_id VARCHAR,
    terminal_id VARCHAR,
    rrn VARCHAR,
    order_no VARCHAR,
    payout_id VARCHAR,
    bank_ref VARCHAR,
    explanation VARCHAR NOT NULL,
    explanation_zh VARCHAR NOT NULL,
    evidence STRUCT(side VARCHAR, file VARCHAR, line INTEGER)[] NOT NULL
);

-- The policy of exceptions.md as the program that ran last knows it; replaced every night.
CREATE TABLE book.policy (
    type VARCHAR PRIMARY KEY,
    title_en VARCHAR NOT NULL,
    term_zh VARCHAR NOT NULL,
    next_action VARCHAR NOT NULL,
    next_action_zh VARCHAR NOT NULL,
    contact VARCHAR NOT NULL,
    contact_zh VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL
);
