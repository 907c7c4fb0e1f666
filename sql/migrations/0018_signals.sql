-- What signals are judged by: a few small rows for each journal, written when it is loaded (pipelines/checks/summaries.py),
-- so that no night reads the journal of days before it. Rows leave with their file.

-- Grain: one terminal and business date in one file, or in a part of it. unit: what the terminal's number is unique in.
CREATE TABLE book.terminal_days (
    file_id INTEGER NOT NULL,
    day DATE NOT NULL,
    unit VARCHAR NOT NULL,
    terminal_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    row_count INTEGER NOT NULL,
    sales INTEGER NOT NULL,
    declined INTEGER NOT NULL,
    timeouts INTEGER NOT NULL,
    reversals INTEGER NOT NULL,
    small INTEGER NOT NULL,
    below INTEGER NOT NULL,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    hours TINYINT[] NOT NULL,
    hour_sales INTEGER[] NOT NULL,
    stans INTEGER NOT NULL,
    stan_low BIGINT,
    stan_high BIGINT,
    half_low BIGINT,
    half_high BIGINT,
    batch_low BIGINT,
    batch_high BIGINT
);

-- Grain: one merchant and business date in one file, or in a part of it.
CREATE TABLE book.merchant_days (
    file_id INTEGER NOT NULL,
    day DATE NOT NULL,
    merchant_id VARCHAR NOT NULL,
    row_count INTEGER NOT NULL
);

-- Grain: one business date, merchant and cashier (of rows without one, terminal) with refunds or voids in one file.
CREATE TABLE book.given_days (
    file_id INTEGER NOT NULL,
    day DATE NOT NULL,
    merchant_id VARCHAR NOT NULL,
    operator_id VARCHAR,
    terminal_id VARCHAR,
    refunds INTEGER NOT NULL,
    voids INTEGER NOT NULL
);

-- Grain: one business date, merchant and card that came often in one file.
CREATE TABLE book.card_days (
    file_id INTEGER NOT NULL,
    day DATE NOT NULL,
    merchant_id VARCHAR NOT NULL,
    card_no VARCHAR NOT NULL,
    uses INTEGER NOT NULL,
    refused INTEGER NOT NULL
);

-- Grain: one terminal and business date in one journal, as one run matched it: by how many seconds its clock is ahead of
-- the acquirer's, the median of the pairs.
CREATE TABLE book.clock_days (
    run_no INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    day DATE NOT NULL,
    unit VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    terminal_id VARCHAR NOT NULL,
    pairs INTEGER NOT NULL,
    ahead_seconds INTEGER NOT NULL
);

-- Grain: one day on which one run found a signal. first_day: the day its exception began with; shop: the merchant that is
-- shown of a terminal; found, counted_of, usual, most, history_days: the numbers of its sentence.
CREATE TABLE book.signals (
    run_no INTEGER NOT NULL,
    exception_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    merchant_id VARCHAR,
    terminal_id VARCHAR,
    operator_id VARCHAR,
    card_no VARCHAR,
    shop VARCHAR,
    first_day DATE NOT NULL,
    day DATE NOT NULL,
    found INTEGER NOT NULL,
    counted_of INTEGER NOT NULL,
    usual INTEGER NOT NULL,
    most INTEGER NOT NULL,
    history_days INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR
);

-- Grain: one break of a transaction as a run opened it, and where its row stands: what incidents are made of.
CREATE TABLE book.break_rows (
    run_no INTEGER NOT NULL,
    exception_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    acquirer VARCHAR,
    merchant_id VARCHAR,
    day DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR,
    side VARCHAR NOT NULL,
    file_id INTEGER NOT NULL,
    line INTEGER NOT NULL
);

-- Grain: one incident as a run first told it. usual, most: breaks of a whole day, of the days before.
CREATE TABLE book.incidents (
    run_no INTEGER NOT NULL,
    incident_id VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    scope_value VARCHAR NOT NULL,
    began_at TIMESTAMP NOT NULL,
    usual INTEGER NOT NULL,
    most INTEGER NOT NULL,
    days INTEGER NOT NULL
);

-- Grain: one break that a run attached to an incident.
CREATE TABLE book.incident_children (
    run_no INTEGER NOT NULL,
    incident_id VARCHAR NOT NULL,
    exception_id VARCHAR NOT NULL,
    channel VARCHAR,
    happened_at TIMESTAMP NOT NULL
);
