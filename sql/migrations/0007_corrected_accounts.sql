-- Accounts of a bank's file that a later file of the same source and day tells anew: its entries and balances of these
-- accounts do not count, those of its other accounts do.
CREATE TABLE book.corrected (file_id INTEGER NOT NULL, account VARCHAR NOT NULL, by_file_id INTEGER NOT NULL);
