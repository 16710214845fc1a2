-- What the coordinator remembers. Rows of submissions and reports never enter this file.

CREATE TABLE roster (
    version BIGINT PRIMARY KEY,
    signed  BYTEA    NOT NULL
);

-- Of an invite's secret only a digest is kept.
CREATE TABLE invite (
    id            BYTEA    PRIMARY KEY,
    bank          TEXT COLLATE "C" NOT NULL,
    legal_group   TEXT COLLATE "C" NOT NULL,
    secret_digest BYTEA    NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_by       BYTEA
);

-- One line per bank and identity key that has asked to be enrolled.
CREATE TABLE enrolment (
    invite          BYTEA    PRIMARY KEY REFERENCES invite (id),
    bank            TEXT COLLATE "C" NOT NULL,
    identity        BYTEA    NOT NULL,
    sealing         BYTEA    NOT NULL,
    address         TEXT COLLATE "C" NOT NULL,
    request         BYTEA,
    leaf            BYTEA,
    own_root        BYTEA,
    certificate_key BYTEA    NOT NULL,
    asked_at        BIGINT NOT NULL,
    confirmed_at    BIGINT
);

CREATE TABLE ceremony (
    id         BYTEA    PRIMARY KEY,
    class      BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    proposal   BYTEA    NOT NULL,
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    failure    TEXT COLLATE "C" NOT NULL DEFAULT '',
    culprits   TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL
);

-- `recipient` is empty for what everybody may read.
CREATE TABLE post (
    ceremony  BYTEA    NOT NULL REFERENCES ceremony (id),
    sender    TEXT COLLATE "C" NOT NULL,
    phase     BIGINT NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    signed    BYTEA    NOT NULL,
    PRIMARY KEY (ceremony, sender, phase, recipient)
);

CREATE TABLE key_record (
    class      BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    endorsed   BYTEA    NOT NULL,
    PRIMARY KEY (class, epoch, generation)
);

CREATE TABLE job (
    id           BYTEA    PRIMARY KEY,
    terms_digest BYTEA    NOT NULL UNIQUE,
    terms        BYTEA    NOT NULL,
    state        BIGINT NOT NULL,
    entered_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    failure      TEXT COLLATE "C" NOT NULL DEFAULT '',
    culprits     TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    matches      TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    certificate  BYTEA
);

CREATE TABLE participant (
    job              BYTEA    NOT NULL REFERENCES job (id),
    bank             TEXT COLLATE "C" NOT NULL,
    decision         BYTEA,
    accepted         BIGINT,
    header           BYTEA,
    sealed           BIGINT NOT NULL DEFAULT 0,
    returned         BYTEA,
    countersignature BYTEA,
    PRIMARY KEY (job, bank)
);

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
    head BYTEA    NOT NULL
);
