-- What a node keeps as a member and as a participant: whom it has joined, the rosters it has seen, its jobs, its chunks.

-- The federation that this node belongs to: one, for good.
CREATE TABLE membership (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    bank          TEXT    NOT NULL,
    coordinator   TEXT    NOT NULL,
    authority_key BLOB    NOT NULL CHECK (length(authority_key) = 32),
    chain         BLOB    NOT NULL, -- certificates, DER, one after the other, each behind its length; empty with an own one
    joined_at     INTEGER NOT NULL
) STRICT;

-- Signed rosters, as they came. The highest version is the one in force; an older one is never taken again.
CREATE TABLE roster_pin (
    version   INTEGER PRIMARY KEY,
    digest    BLOB    NOT NULL CHECK (length(digest) = 64),
    roster    BLOB    NOT NULL,
    pinned_at INTEGER NOT NULL
) STRICT;

CREATE TABLE job (
    id           INTEGER PRIMARY KEY,
    job          BLOB    NOT NULL UNIQUE CHECK (length(job) = 16),
    terms_digest BLOB    NOT NULL UNIQUE CHECK (length(terms_digest) = 64),
    terms        BLOB    NOT NULL, -- signed by the coordinator
    stage        INTEGER NOT NULL, -- see job/state.rs
    decided_by   TEXT,
    header       BLOB,             -- this bank's signed submission header: from here on, only these bytes
    padding      BLOB,             -- sealed: the seed of the padding
    result       BLOB,             -- this bank's signed return
    salt         BLOB,             -- sealed: the salt of the result's digest
    certificate  BLOB,             -- signed by the coordinator, countersigned by this bank
    figures      TEXT,             -- counts and seconds, as JSON
    fault        TEXT,             -- the last one, as JSON
    seen_at      INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

-- A chunk: everything from which it can be sent again, and what it committed to.
CREATE TABLE chunk (
    id              INTEGER PRIMARY KEY,
    terms_digest    BLOB    NOT NULL CHECK (length(terms_digest) = 64),
    number          INTEGER NOT NULL,
    class           INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    state           INTEGER NOT NULL, -- 0 unfinished, 1 finished, 2 given up
    secrets         BLOB    NOT NULL, -- sealed: seeds of blinds and salts
    identifiers     BLOB    NOT NULL, -- sealed: their rows, in order
    commitment_root BLOB    NOT NULL CHECK (length(commitment_root) = 32),
    made_at         INTEGER NOT NULL,
    UNIQUE (terms_digest, number)
) STRICT;

-- Evidence against a holder.
CREATE TABLE accusation (
    id            INTEGER PRIMARY KEY,
    holder        TEXT    NOT NULL,
    evidence      BLOB    NOT NULL,
    signed_answer BLOB,
    made_at       INTEGER NOT NULL
) STRICT;

-- The highest charge number that each holder has shown: a lower one later means a restored backup.
CREATE TABLE charge_sighting (
    holder  TEXT    PRIMARY KEY,
    highest INTEGER NOT NULL
) STRICT;

-- A report, sealed, in parts; read back in order.
CREATE TABLE report_part (
    id     INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES job (id),
    form   INTEGER NOT NULL, -- 1 CSV, 2 JSON lines
    part   INTEGER NOT NULL,
    body   BLOB    NOT NULL, -- sealed
    UNIQUE (job_id, form, part)
) STRICT;
