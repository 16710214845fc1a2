-- Work as rows: who works on what, until when, and when it is tried again.

-- `seat` and `owner` name the process that holds the lease, if one does; `fence` grows with every lease.
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

-- Grows with every change that a bank may be waiting to hear of: what one process has changed, all of them hear.
CREATE TABLE bell (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);

-- The lease under which the reports that stand were written; 0 before there were leases.
ALTER TABLE job ADD COLUMN reports BIGINT NOT NULL DEFAULT 0;
