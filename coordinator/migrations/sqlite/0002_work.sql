-- Work as rows: who works on what, until when, and when it is tried again.

-- `seat` and `owner` name the process that holds the lease, if one does; `fence` grows with every lease.
CREATE TABLE work (
    kind       TEXT    NOT NULL,
    subject    BLOB    NOT NULL,
    seat       BLOB,
    owner      BLOB,
    fence      INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0, -- failures in a row
    strikes    INTEGER NOT NULL DEFAULT 0, -- those of them that will hardly pass, in a row
    not_before INTEGER NOT NULL DEFAULT 0,
    fault      TEXT    NOT NULL DEFAULT '', -- the code of the last failure
    PRIMARY KEY (kind, subject)
) STRICT;

-- Grows with every change that a bank may be waiting to hear of: what one process has changed, all of them hear.
CREATE TABLE bell (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;

-- The lease under which the reports that stand were written; 0 before there were leases.
ALTER TABLE job ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;
