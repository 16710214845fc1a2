-- The table as node and coordinator have it, for this room's own tests.
CREATE TABLE work (
    kind       TEXT COLLATE "C" NOT NULL,
    subject    BYTEA    NOT NULL,
    seat       BYTEA,
    owner      BYTEA,
    fence      BIGINT NOT NULL,
    held_until BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0, -- failures in a row
    strikes    BIGINT NOT NULL DEFAULT 0, -- those of them that will hardly pass, in a row
    not_before BIGINT NOT NULL DEFAULT 0,
    fault      TEXT COLLATE "C" NOT NULL DEFAULT '', -- the code of the last failure
    PRIMARY KEY (kind, subject)
);
