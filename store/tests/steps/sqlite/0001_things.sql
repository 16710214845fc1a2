CREATE TABLE thing (
    id     INTEGER PRIMARY KEY,
    name   TEXT    UNIQUE,
    number INTEGER,
    body   BLOB
) STRICT;

CREATE TABLE counter (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    next INTEGER NOT NULL
) STRICT;

INSERT INTO counter (id, next) VALUES (1, 0);
