-- Journal rows that each night looks at again until they are settled in themselves: a pre-authorisation without end, a
-- refund that does not fit its original, one of two charges of the same card. Replaced every night, like open_rows.
CREATE TABLE book.watched (kind VARCHAR NOT NULL, row_id BIGINT NOT NULL);
