-- Whether a bank's file has the last word on its days: final, interim (a report within the day) or notice.
ALTER TABLE book.files ADD COLUMN standing VARCHAR;

-- Bank entries that another file tells as well and that do not count: one row each, with the file and, where it is
-- known, the entry that counts in its place.
CREATE TABLE book.told_again (row_id BIGINT NOT NULL, by_file_id INTEGER NOT NULL, by_row_id BIGINT);
