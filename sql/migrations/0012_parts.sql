-- Rows that never change are kept as Parquet parts beside the store, written once and read by the store and by what is
-- published (pipelines/store/parts.py). Each table becomes a view over its parts and over NAME_base, which gives the
-- columns their types and holds the rows of stores that are older than parts.
ALTER TABLE book.journal RENAME TO journal_base;
ALTER TABLE book.settlement RENAME TO settlement_base;
ALTER TABLE book.bank RENAME TO bank_base;
ALTER TABLE book.matches RENAME TO matches_base;

-- One row per part. file_id: the file whose rows it holds, null for matches; columns: those it has, in order;
-- dropped_at: when its rows left the books (UTC), null while it is in use.
CREATE TABLE book.parts (
    name VARCHAR PRIMARY KEY,
    of_table VARCHAR NOT NULL,
    file_id INTEGER,
    run_no INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    columns VARCHAR[] NOT NULL,
    dropped_at TIMESTAMP
);

CREATE VIEW book.journal AS FROM book.journal_base;
CREATE VIEW book.settlement AS FROM book.settlement_base;
CREATE VIEW book.bank AS FROM book.bank_base;
CREATE VIEW book.matches AS FROM book.matches_base;
