-- What the coordinator remembers. Rows of submissions and reports never enter this file.

CREATE TABLE roster (
    version INTEGER PRIMARY KEY,
    signed  BLOB    NOT NULL
) STRICT;

-- Of an invite's secret only a digest is kept.
CREATE TABLE invite (
    id            BLOB    PRIMARY KEY,
    bank          TEXT    NOT NULL,
    legal_group   TEXT    NOT NULL,
    secret_digest BLOB    NOT NULL,
    expires_at    INTEGER NOT NULL,
    used_by       BLOB
) STRICT;

-- One line per bank and identity key that has asked to be enrolled.
CREATE TABLE enrolment (
    invite          BLOB    PRIMARY KEY REFERENCES invite (id),
    bank            TEXT    NOT NULL,
    identity        BLOB    NOT NULL,
    sealing         BLOB    NOT NULL,
    address         TEXT    NOT NULL,
    request         BLOB,
    leaf            BLOB,
    own_root        BLOB,
    certificate_key BLOB    NOT NULL,
    asked_at        INTEGER NOT NULL,
    confirmed_at    INTEGER
) STRICT;

CREATE TABLE ceremony (
    id         BLOB    PRIMARY KEY,
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    proposal   BLOB    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    failure    TEXT    NOT NULL DEFAULT '',
    culprits   TEXT    NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL
) STRICT;

-- `recipient` is empty for what everybody may read.
CREATE TABLE post (
    ceremony  BLOB    NOT NULL REFERENCES ceremony (id),
    sender    TEXT    NOT NULL,
    phase     INTEGER NOT NULL,
    recipient TEXT    NOT NULL,
    signed    BLOB    NOT NULL,
    PRIMARY KEY (ceremony, sender, phase, recipient)
) STRICT;

CREATE TABLE key_record (
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    endorsed   BLOB    NOT NULL,
    PRIMARY KEY (class, epoch, generation)
) STRICT;

CREATE TABLE job (
    id           BLOB    PRIMARY KEY,
    terms_digest BLOB    NOT NULL UNIQUE,
    terms        BLOB    NOT NULL,
    state        INTEGER NOT NULL,
    entered_at   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    failure      TEXT    NOT NULL DEFAULT '',
    culprits     TEXT    NOT NULL DEFAULT '[]',
    matches      TEXT    NOT NULL DEFAULT '{}',
    certificate  BLOB
) STRICT;

CREATE TABLE participant (
    job              BLOB    NOT NULL REFERENCES job (id),
    bank             TEXT    NOT NULL,
    decision         BLOB,
    accepted         INTEGER,
    header           BLOB,
    sealed           INTEGER NOT NULL DEFAULT 0,
    returned         BLOB,
    countersignature BLOB,
    PRIMARY KEY (job, bank)
) STRICT;

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
    head BLOB    NOT NULL
) STRICT;
