-- By which program, configuration and checksums a file in the inbox was refused, or found to be nobody's; null for one
-- that is used. It is not read again by the same (pipelines/judging.py).
ALTER TABLE book.hashed ADD COLUMN judged_by VARCHAR;
