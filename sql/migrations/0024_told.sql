-- What the last night told the register of breaks that it derives anew every night, as a number, and the event it left:
-- one that is told the same again is not decided again (pipelines/cases/telling.py).
CREATE TABLE book.told (
    exception_id VARCHAR NOT NULL,
    event_no BIGINT NOT NULL,
    telling BIGINT NOT NULL
);
