-- What a node keeps in its answering role: whom it answers, what it has charged, and the shares it answers with.

-- One row per member that a person (or the policy) has admitted. The identity key is part of the admission: a member
-- whose key or legal entity changes in the roster is admitted anew.
CREATE TABLE key_holder_admissions (
    bank       TEXT    PRIMARY KEY,
    entity     TEXT    NOT NULL,
    identity   BLOB    NOT NULL CHECK (length(identity) = 32),
    quota      INTEGER NOT NULL CHECK (quota >= 0),
    decided_by TEXT    NOT NULL,
    decided_at INTEGER NOT NULL,
    revoked    INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT;

-- One counter per legal entity, class and epoch; never reset by a refresh, a repair or a restart.
CREATE TABLE key_holder_accounts (
    entity  TEXT    NOT NULL,
    class   INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    spent   INTEGER NOT NULL CHECK (spent >= 0),
    granted INTEGER NOT NULL CHECK (granted >= 0),
    PRIMARY KEY (entity, class, epoch)
) STRICT, WITHOUT ROWID;

-- Every charge. Its number is of the sequence `charge`: never given twice, even after rows of a closed epoch are gone.
INSERT INTO sequence (name, next) VALUES ('charge', 1);

CREATE TABLE key_holder_charges (
    number          INTEGER PRIMARY KEY,
    entity          TEXT    NOT NULL,
    bank            TEXT    NOT NULL,
    class           INTEGER NOT NULL,
    epoch           INTEGER NOT NULL,
    elements_digest BLOB    NOT NULL UNIQUE CHECK (length(elements_digest) = 64),
    elements        INTEGER NOT NULL CHECK (elements > 0),
    charged_at      INTEGER NOT NULL
) STRICT;

-- What a bank has committed itself to, for inspections: the chunk's root inside the request that it signed.
CREATE TABLE key_holder_commitments (
    request_digest BLOB    PRIMARY KEY CHECK (length(request_digest) = 64),
    charge         INTEGER NOT NULL REFERENCES key_holder_charges (number),
    root           BLOB    NOT NULL CHECK (length(root) = 32),
    request        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX key_holder_commitments_by_charge ON key_holder_commitments (charge);

-- Keys whose ledger was lost or restored from a backup: every counter is full, only allowances of people open it again.
CREATE TABLE key_holder_losses (
    class    INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    noted_by TEXT    NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (class, epoch)
) STRICT, WITHOUT ROWID;

-- Key records that all their holders have signed, and whether a person has compared the short digest.
CREATE TABLE key_records (
    class       INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    record      BLOB    NOT NULL,
    compared_by TEXT,
    compared_at INTEGER,
    PRIMARY KEY (class, epoch, generation)
) STRICT, WITHOUT ROWID;

-- This node's shares, sealed to their row; the key id is inside the seal as well.
CREATE TABLE key_holder_shares (
    id         INTEGER PRIMARY KEY,
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    UNIQUE (class, epoch, generation)
) STRICT;
