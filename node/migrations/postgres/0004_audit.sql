-- The audit log: a chain of hashes. Bodies are plain: they hold digests, counts and row ids, never an identifier.

CREATE TABLE audit_entry (
    seq     BIGINT PRIMARY KEY,
    time_us BIGINT NOT NULL,
    event   TEXT COLLATE "C" NOT NULL,
    body    BYTEA    NOT NULL,
    prev    BYTEA    NOT NULL,
    hash    BYTEA    NOT NULL
);

-- The canonical encoding of the head after the last entry.
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    head BYTEA NOT NULL
);

-- Heads that this node has signed.
CREATE TABLE audit_signed_head (
    entries   BIGINT PRIMARY KEY,
    time_us   BIGINT NOT NULL,
    signature BYTEA    NOT NULL
);
