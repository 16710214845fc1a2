-- The life of keys: ceremonies that a person decides on, and what the coordinator has announced of each epoch.

-- `joins` is empty until a person has decided.
CREATE TABLE ceremony_asked (
    ceremony   BYTEA PRIMARY KEY CHECK (length(ceremony) = 16),
    proposal   BYTEA NOT NULL,
    asked_at   BIGINT NOT NULL,
    joins      BIGINT CHECK (joins IN (0, 1)),
    decided_by TEXT COLLATE "C",
    decided_at BIGINT
);

-- The last notice about each epoch, as the coordinator signed it, and since when its end is known here.
CREATE TABLE key_notice (
    class       BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    state       BIGINT NOT NULL,
    closes_at   BIGINT,
    known_since BIGINT NOT NULL,
    signed      BYTEA NOT NULL,
    PRIMARY KEY (class, epoch)
);
