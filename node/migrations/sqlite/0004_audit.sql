-- The audit log: a chain of hashes. Bodies are plain: they hold digests, counts and row ids, never an identifier.

CREATE TABLE audit_entry (
    seq     INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    event   TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    prev    BLOB    NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;

-- The canonical encoding of the head after the last entry.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    head BLOB NOT NULL
) STRICT;

-- Heads that this node has signed.
CREATE TABLE audit_signed_head (
    entries   INTEGER PRIMARY KEY,
    time_us   INTEGER NOT NULL,
    signature BLOB    NOT NULL
) STRICT;
