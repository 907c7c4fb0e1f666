-- Files of numbers are searched by halves from now on (store/key_files.py): the next night gathers them anew, in order.
-- sums: what the two columns of a file add up to; one that adds up to something else is damaged, and is gathered again.
DELETE FROM book.key_files;
ALTER TABLE book.key_files ADD COLUMN sums BIGINT[];
