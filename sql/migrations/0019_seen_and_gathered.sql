-- What need not be looked at again every night: the hash of a file in the inbox as long as the disk says that it is the
-- same file (pipelines/intake.py), and the numbers of references of many small parts in few files (store/key_files.py).

-- Grain: one file in the inbox. stamp: size, times of change and inode, as the file system gives them.
CREATE TABLE book.hashed (path VARCHAR NOT NULL, stamp VARCHAR NOT NULL, sha256 VARCHAR NOT NULL);

-- Grain: one file of numbers. covers: the parts whose numbers it holds, some of which may be gone; columns: which.
CREATE TABLE book.key_files (
    name VARCHAR NOT NULL,
    of_table VARCHAR NOT NULL,
    level INTEGER NOT NULL,
    columns VARCHAR[] NOT NULL,
    covers VARCHAR[] NOT NULL
);
