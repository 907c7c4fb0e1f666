-- The published views and the meaning of their columns, as the store holds them: they are made anew only where the
-- program says something else (pipelines/store/views.py).
CREATE TABLE book.views (digest VARCHAR NOT NULL);
