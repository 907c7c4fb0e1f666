-- The policy in force, one row per type, and one more per acquirer for which recon.toml says otherwise; acquirer '' is
-- for all others. Replaced every night.
CREATE TABLE book.policies AS SELECT type, CAST('' AS VARCHAR) AS acquirer, * EXCLUDE (type) FROM book.policy;
DROP TABLE book.policy;

-- What people do with an exception, beside the acts on rows and files. state: of the case after the act; null for acts
-- that are on no case. The columns after it are the case as it then is, so that the newest row with a state tells all;
-- item, facts, attachment_* and row are what this act itself brings. after_run: number of the run that had finished.
ALTER TABLE book.case_events ADD COLUMN after_run INTEGER;
ALTER TABLE book.case_events ADD COLUMN state VARCHAR;
ALTER TABLE book.case_events ADD COLUMN assignee VARCHAR;
ALTER TABLE book.case_events ADD COLUMN due_date DATE;
ALTER TABLE book.case_events ADD COLUMN remedy VARCHAR;
ALTER TABLE book.case_events ADD COLUMN proposed_minor BIGINT;
ALTER TABLE book.case_events ADD COLUMN proposed_by VARCHAR;
ALTER TABLE book.case_events ADD COLUMN approved_by VARCHAR;
ALTER TABLE book.case_events ADD COLUMN recovered_minor BIGINT;
ALTER TABLE book.case_events ADD COLUMN currency VARCHAR;
ALTER TABLE book.case_events ADD COLUMN cause VARCHAR;
ALTER TABLE book.case_events ADD COLUMN facts VARCHAR;
ALTER TABLE book.case_events ADD COLUMN item VARCHAR;
ALTER TABLE book.case_events ADD COLUMN attachment_name VARCHAR;
ALTER TABLE book.case_events ADD COLUMN attachment_sha256 VARCHAR;
ALTER TABLE book.case_events ADD COLUMN attachment_bytes BIGINT;
ALTER TABLE book.case_events ADD COLUMN claim VARCHAR;
ALTER TABLE book.case_events ADD COLUMN period VARCHAR;

-- The chain over all events. A seal stands for the events of one stream from first_event to last_event; its digest is
-- made of the digest before it and of theirs, so none can be changed, put in or taken out unnoticed.
CREATE TABLE book.seals (
    seal_no BIGINT NOT NULL,
    stream VARCHAR NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    event_count BIGINT NOT NULL,
    events_digest VARCHAR NOT NULL,
    digest VARCHAR NOT NULL
);

-- Short digests of single events, only to tell which of them a broken seal is about.
CREATE TABLE book.event_digests (stream VARCHAR NOT NULL, event_no BIGINT NOT NULL, digest BIGINT NOT NULL);
