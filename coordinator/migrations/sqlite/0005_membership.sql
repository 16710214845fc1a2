-- What the authority has issued last for each key of a member: a request that is repeated is given the same again.
CREATE TABLE issued_certificate (
    bank            TEXT    NOT NULL,
    certificate_key BLOB    NOT NULL,
    leaf            BLOB    NOT NULL,
    issued_at       INTEGER NOT NULL,
    PRIMARY KEY (bank, certificate_key)
) STRICT;

-- Keys that were a member's and are nobody's any more, because they were exchanged or revoked: they never come back.
CREATE TABLE spent_key (
    key      BLOB    PRIMARY KEY,
    bank     TEXT    NOT NULL,
    spent_at INTEGER NOT NULL
) STRICT;

-- The highest charge number that each holder has stated, in its own signed words.
CREATE TABLE charge_statement (
    holder   TEXT    NOT NULL,
    identity BLOB    NOT NULL,
    number   INTEGER NOT NULL,
    signed   BLOB    NOT NULL,
    PRIMARY KEY (holder, identity)
) STRICT;

-- Set when the job goes on without a participant that took part no longer: its rows are compared with nobody's.
ALTER TABLE participant ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
