-- Exceptions that an acquirer's adjustment settled, each by one line; they are not derived again while the line stands.
-- side and row_id: the row that was closed by it, null where the exception rests on a pair.
CREATE TABLE book.adjusted (
    exception_id VARCHAR NOT NULL,
    by_row_id BIGINT NOT NULL,
    side VARCHAR,
    row_id BIGINT,
    run_no INTEGER NOT NULL
);
