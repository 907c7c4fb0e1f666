-- Matching rules of an acquirer as recon.toml changed them; a match keeps the version of the rules that made it.
CREATE TABLE book.rule_sets (version INTEGER PRIMARY KEY, definition VARCHAR NOT NULL);
