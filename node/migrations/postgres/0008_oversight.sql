-- What people look after: epochs that are over, holders in doubt, and what an inspection can be shown.

-- Epochs that a person has closed here. Nothing comes back under them: no share, no output.
CREATE TABLE closed_epoch (
    class     BIGINT NOT NULL,
    epoch     BIGINT NOT NULL,
    closed_by TEXT COLLATE "C" NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (class, epoch)
);

CREATE FUNCTION refuse_closed_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM closed_epoch c WHERE c.class = NEW.class AND c.epoch = NEW.epoch) THEN
        RAISE EXCEPTION 'the epoch is closed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER output_of_closed_epoch BEFORE INSERT ON output_key
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_epoch();

CREATE TRIGGER share_of_closed_epoch BEFORE INSERT ON key_holder_shares
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_epoch();

-- The chunk as it was committed to and sent. Leaves are salted hashes and elements are blinded, so both lie open; they
-- let the rest of a chunk be opened to an inspector after one of its records has left the register.
CREATE TABLE chunk_commitment (
    chunk_id BIGINT PRIMARY KEY REFERENCES chunk (id),
    leaves   BYTEA NOT NULL CHECK (length(leaves) % 32 = 0),
    elements BYTEA NOT NULL CHECK (length(elements) = length(leaves))
);

-- The holder's own signed answer with the highest number: it is shown this when it is asked for its standing.
ALTER TABLE charge_sighting ADD COLUMN answer BYTEA;

-- Holders whose charge numbers went back. In doubt until a person says otherwise or the holder declares its ledger lost.
CREATE TABLE holder_doubt (
    holder     TEXT COLLATE "C" NOT NULL,
    class      BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    seen       BIGINT NOT NULL, -- the number that was seen before
    shown      BIGINT NOT NULL, -- the lower one that came after it
    noted_at   BIGINT NOT NULL,
    settled_by TEXT COLLATE "C",
    settled_at BIGINT,
    PRIMARY KEY (holder, class, epoch)
);

-- What other banks have signed of their submissions, as a job's report showed it: the certificate must say the same.
CREATE TABLE job_source (
    job_id BIGINT NOT NULL REFERENCES job (id),
    bank   TEXT COLLATE "C" NOT NULL,
    rows   BIGINT NOT NULL,
    root   BYTEA    NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (job_id, bank)
);

-- Digest of what went wrong and stands in the audit log: it is not written again at every try.
ALTER TABLE job ADD COLUMN recorded BYTEA;
