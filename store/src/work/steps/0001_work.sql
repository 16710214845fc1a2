-- The table as node and coordinator have it, for this room's own tests.
CREATE TABLE work (
    kind       TEXT   NOT NULL,
    subject    BLOB   NOT NULL,
    seat       BLOB,
    owner      BLOB,
    fence      INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    strikes    INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    fault      TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (kind, subject)
) STRICT;
