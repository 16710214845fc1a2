-- The life of keys: ceremonies that a person decides on, and what the coordinator has announced of each epoch.

-- `joins` is empty until a person has decided.
CREATE TABLE ceremony_asked (
    ceremony   BLOB PRIMARY KEY CHECK (length(ceremony) = 16),
    proposal   BLOB NOT NULL,
    asked_at   INTEGER NOT NULL,
    joins      INTEGER CHECK (joins IN (0, 1)),
    decided_by TEXT,
    decided_at INTEGER
) STRICT;

-- The last notice about each epoch, as the coordinator signed it, and since when its end is known here.
CREATE TABLE key_notice (
    class       INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    closes_at   INTEGER,
    known_since INTEGER NOT NULL,
    signed      BLOB NOT NULL,
    PRIMARY KEY (class, epoch)
) STRICT;
