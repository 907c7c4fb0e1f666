-- The hours in which a terminal sold as bits (1 for 00:00, 2 for 01:00, 4 for 02:00 …), so that a night sees at once whose
-- hours are new, without taking the lists of all days apart.
ALTER TABLE book.terminal_days ADD COLUMN hour_bits INTEGER;
UPDATE book.terminal_days SET hour_bits = coalesce(list_reduce(
    list_transform(hours, lambda h: CAST(1 << CAST(h AS INTEGER) AS INTEGER)), lambda a, b: a | b, 0), 0);
