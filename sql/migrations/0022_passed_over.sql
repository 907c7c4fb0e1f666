-- Messages of a mailbox that hold nothing more for a source, as long as they lie there: none is read a second time.
-- pattern: of the source when it was looked at; with another one it is looked at again.
CREATE TABLE book.passed_over (
    source VARCHAR NOT NULL,
    pattern VARCHAR NOT NULL,
    message VARCHAR NOT NULL
);
