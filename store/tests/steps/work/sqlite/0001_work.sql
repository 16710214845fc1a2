-- The table as node and coordinator have it, for this room's own tests.
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
