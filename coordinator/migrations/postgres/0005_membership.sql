-- What the authority has issued last for each key of a member: a request that is repeated is given the same again.
CREATE TABLE issued_certificate (
    bank            TEXT COLLATE "C" NOT NULL,
    certificate_key BYTEA   NOT NULL,
    leaf            BYTEA   NOT NULL,
    issued_at       BIGINT NOT NULL,
    PRIMARY KEY (bank, certificate_key)
);

-- Keys that were a member's and are nobody's any more, because they were exchanged or revoked: they never come back.
CREATE TABLE spent_key (
    key      BYTEA   PRIMARY KEY,
    bank     TEXT COLLATE "C" NOT NULL,
    spent_at BIGINT NOT NULL
);

-- The highest charge number that each holder has stated, in its own signed words.
CREATE TABLE charge_statement (
    holder   TEXT COLLATE "C" NOT NULL,
    identity BYTEA   NOT NULL,
    number   BIGINT NOT NULL,
    signed   BYTEA   NOT NULL,
    PRIMARY KEY (holder, identity)
);

-- Set when the job goes on without a participant that took part no longer: its rows are compared with nobody's.
ALTER TABLE participant ADD COLUMN left_out BIGINT NOT NULL DEFAULT 0;
