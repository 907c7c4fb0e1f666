-- What a night's report said beside its exceptions, which exception_events hold: files, bridges, proof, rates, versions.
-- One row per finished run; last_event: the newest event of the register that it knew.
CREATE TABLE book.reports (run_no INTEGER PRIMARY KEY, last_event BIGINT NOT NULL, content JSON NOT NULL);

-- What a run decided and how much of it was matched without a break; additive over the runs of a date.
CREATE TABLE book.match_rates (
    run_no INTEGER NOT NULL,
    leg VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    rows_matched BIGINT NOT NULL,
    rows_total BIGINT NOT NULL,
    amount_matched_minor BIGINT NOT NULL,
    amount_total_minor BIGINT NOT NULL
);

-- Every attempt to bring a report to somebody, one row per recipient; nothing is ever updated.
-- what: daily, week, month or alert; period: its date, week or month; state: sent, refused or failed.
CREATE TABLE book.deliveries (
    delivered_at TIMESTAMP NOT NULL,
    run_id VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    recipient VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    detail VARCHAR
);
