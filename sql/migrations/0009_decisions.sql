-- What people decide, one row per act, appended and never updated. act: match, unmatch, retract.
-- journal and settlement name a row so that it is found again in a corrected file: the content of its own file first,
-- else the turn-th row with the same content in a file of the same source and day, or of the same name.
CREATE TABLE book.case_events (
    event_no BIGINT NOT NULL,
    acted_at TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    act VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    exception_id VARCHAR,
    file_id INTEGER,
    journal STRUCT(
        source VARCHAR, expected_date DATE, file VARCHAR, sha256 VARCHAR, place BIGINT, line INTEGER, content VARCHAR,
        turn INTEGER, told VARCHAR
    ),
    settlement STRUCT(
        source VARCHAR, expected_date DATE, file VARCHAR, sha256 VARCHAR, place BIGINT, line INTEGER, content VARCHAR,
        turn INTEGER, told VARCHAR
    )
);

-- What the last run made of each match and unmatch: in force, overruled by a later one, or lost with a row that no
-- file in use holds. Replaced every night, like open_rows.
CREATE TABLE book.decided (
    event_no BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    journal_row_id BIGINT,
    settlement_row_id BIGINT
);

-- Files that took the place of others, and every row in which they differ; the rows of the old ones are gone by then.
-- Sums are of the signed amounts (gross of a settlement file), without PAYOUT lines, which say again what others say.
CREATE TABLE book.restatements (
    file_id INTEGER NOT NULL,
    replaced INTEGER[] NOT NULL,
    run_no INTEGER NOT NULL,
    currency VARCHAR,
    old_rows BIGINT NOT NULL,
    new_rows BIGINT NOT NULL,
    old_amount_minor BIGINT NOT NULL,
    new_amount_minor BIGINT NOT NULL
);
CREATE TABLE book.restated_rows (
    file_id INTEGER NOT NULL,
    change VARCHAR NOT NULL,
    changed VARCHAR[] NOT NULL,
    currency VARCHAR NOT NULL,
    old_file_id INTEGER,
    old_line INTEGER,
    new_line INTEGER,
    old_amount_minor BIGINT,
    new_amount_minor BIGINT,
    old_net_minor BIGINT,
    new_net_minor BIGINT,
    merchant_id VARCHAR,
    terminal_id VARCHAR,
    rrn VARCHAR,
    order_no VARCHAR,
    payout_id VARCHAR,
    bank_ref VARCHAR
);
