-- What was fetched from other places, one row per file and version: none is fetched a second time.
CREATE TABLE book.collected (
    source VARCHAR NOT NULL,
    place VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    collected_at TIMESTAMP NOT NULL,
    run_no INTEGER NOT NULL
);

-- What was removed because its time was over, one row per file whose rows or archived copy went; nothing is ever updated.
-- what: rows or raw; through: the last day that was purged.
CREATE TABLE book.purged (
    purged_at TIMESTAMP NOT NULL,
    what VARCHAR NOT NULL,
    through DATE NOT NULL,
    file_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    row_count INTEGER NOT NULL
);
