-- Files of numbers are searched by halves from now on (store/key_files.py): the next night gathers them anew, in order.
DELETE FROM book.key_files;
