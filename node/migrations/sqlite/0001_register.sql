-- The store's own, and the register.

-- Opens only under the key that the store was made with.
CREATE TABLE store_key (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    probe BLOB NOT NULL -- sealed
) STRICT;

-- No number is ever given twice.
CREATE TABLE sequence (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sequence (name, next) VALUES ('import', 1);

-- Sealed, ordered collections of entries with keys of 16 bytes (store/drawer), some hundred entries to a block:
--   1            records: keyed number of the case number ‖ 0
--   2            mentions: keyed number of the identifier ‖ keyed number of the record
--   16 and more  outputs of the tag function under the key whose row is 16 less: keyed number of the identifier ‖ 0
CREATE TABLE block (
    id      INTEGER PRIMARY KEY,
    drawer  INTEGER NOT NULL,
    low     BLOB    NOT NULL CHECK (length(low) = 16), -- no entry has a smaller key; up to the next block's, they are here
    entries INTEGER NOT NULL CHECK (entries > 0),
    body    BLOB    NOT NULL,                          -- sealed
    UNIQUE (drawer, low)
) STRICT;

-- A federation key under which outputs are cached. AUTOINCREMENT: no drawer is taken over by a later key.
CREATE TABLE output_key (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    public_key BLOB    NOT NULL,
    UNIQUE (class, epoch, public_key)
) STRICT;
