-- The store's own, and the register. Sealed columns are named so; what is plain is what selection needs.

-- Opens only under the key that the store was made with.
CREATE TABLE store_key (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    probe BLOB NOT NULL -- sealed
) STRICT;

-- Row ids are part of what seals a row and are named by work in progress, so none is ever given twice.
CREATE TABLE sequence (
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO sequence (name, next) VALUES ('record', 1), ('identifier', 1), ('import', 1);

-- One subject. A retracted record keeps its row, so that a hold set by hand outlives it, and nothing of its content.
CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    ref_index   BLOB    NOT NULL UNIQUE, -- keyed index of the bank's own case number
    print       BLOB    NOT NULL,        -- keyed digest of all that the file said, empty once retracted
    facts       BLOB    NOT NULL,        -- sealed, of one length: role, typologies, grade, dates
    body        BLOB    NOT NULL,        -- sealed: reference, names, notes, reasons
    disposition INTEGER NOT NULL,        -- 0 enters, 1 victim, 2 held, 3 role unknown, 4 retracted
    hand_hold   INTEGER NOT NULL DEFAULT 0, -- a hold set by a person, or 0
    enters      INTEGER NOT NULL GENERATED ALWAYS AS (disposition = 0 AND hand_hold = 0) VIRTUAL
) STRICT;

-- The last import that named the record. Apart, so that a file that changes nothing rewrites nothing else.
CREATE TABLE record_seen (
    record_id INTEGER PRIMARY KEY REFERENCES record (id),
    import    INTEGER NOT NULL
) STRICT;

-- One canonical identifier, however many records mention it.
CREATE TABLE identifier (
    id      INTEGER PRIMARY KEY,
    x_index BLOB    NOT NULL UNIQUE, -- keyed index of the input of the tag function
    kind    INTEGER NOT NULL,
    value   BLOB    NOT NULL         -- sealed
) STRICT;

CREATE TABLE mention (
    record_id     INTEGER NOT NULL REFERENCES record (id),
    identifier_id INTEGER NOT NULL REFERENCES identifier (id),
    PRIMARY KEY (record_id, identifier_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mention_by_identifier ON mention (identifier_id, record_id);

-- A federation key under which outputs are cached.
CREATE TABLE output_key (
    id         INTEGER PRIMARY KEY,
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    public_key BLOB    NOT NULL,
    UNIQUE (class, epoch, public_key)
) STRICT;

-- What the tag function gave for an identifier under a key.
CREATE TABLE output (
    key_id        INTEGER NOT NULL REFERENCES output_key (id) ON DELETE CASCADE,
    identifier_id INTEGER NOT NULL REFERENCES identifier (id) ON DELETE CASCADE,
    y             BLOB    NOT NULL, -- sealed, bound to class, epoch and public key
    PRIMARY KEY (key_id, identifier_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX output_by_identifier ON output (identifier_id);
