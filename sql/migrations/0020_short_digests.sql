-- Ten hexadecimal digits of an event's digest instead of fifteen: numbers of thirteen digits and more may look like a card's.
UPDATE book.event_digests SET digest = digest >> 20;
