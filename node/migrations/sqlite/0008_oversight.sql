-- What people look after: epochs that are over, holders in doubt, and what an inspection can be shown.

-- Epochs that a person has closed here. Nothing comes back under them: no share, no output.
CREATE TABLE closed_epoch (
    class     INTEGER NOT NULL,
    epoch     INTEGER NOT NULL,
    closed_by TEXT    NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (class, epoch)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER output_of_closed_epoch BEFORE INSERT ON output_key
WHEN EXISTS (SELECT 1 FROM closed_epoch c WHERE c.class = NEW.class AND c.epoch = NEW.epoch)
BEGIN
    SELECT RAISE(ABORT, 'the epoch is closed');
END;

CREATE TRIGGER share_of_closed_epoch BEFORE INSERT ON key_holder_shares
WHEN EXISTS (SELECT 1 FROM closed_epoch c WHERE c.class = NEW.class AND c.epoch = NEW.epoch)
BEGIN
    SELECT RAISE(ABORT, 'the epoch is closed');
END;

-- The chunk as it was committed to and sent. Leaves are salted hashes and elements are blinded, so both lie open; they
-- let the rest of a chunk be opened to an inspector after one of its records has left the register.
CREATE TABLE chunk_commitment (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunk (id),
    leaves   BLOB NOT NULL CHECK (length(leaves) % 32 = 0),
    elements BLOB NOT NULL CHECK (length(elements) = length(leaves))
) STRICT;

-- The holder's own signed answer with the highest number: it is shown this when it is asked for its standing.
ALTER TABLE charge_sighting ADD COLUMN answer BLOB;

-- Holders whose charge numbers went back. In doubt until a person says otherwise or the holder declares its ledger lost.
CREATE TABLE holder_doubt (
    holder     TEXT    NOT NULL,
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    seen       INTEGER NOT NULL, -- the number that was seen before
    shown      INTEGER NOT NULL, -- the lower one that came after it
    noted_at   INTEGER NOT NULL,
    settled_by TEXT,
    settled_at INTEGER,
    PRIMARY KEY (holder, class, epoch)
) STRICT, WITHOUT ROWID;

-- What other banks have signed of their submissions, as a job's report showed it: the certificate must say the same.
CREATE TABLE job_source (
    job_id INTEGER NOT NULL REFERENCES job (id),
    bank   TEXT    NOT NULL,
    rows   INTEGER NOT NULL,
    root   BLOB    NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (job_id, bank)
) STRICT, WITHOUT ROWID;

-- Digest of what went wrong and stands in the audit log: it is not written again at every try.
ALTER TABLE job ADD COLUMN recorded BLOB;
