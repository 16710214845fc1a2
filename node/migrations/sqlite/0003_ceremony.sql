-- Key ceremonies that this node takes part in: one row per ceremony, its whole state sealed to the row.
CREATE TABLE ceremonies (
    id         INTEGER PRIMARY KEY,
    ceremony   BLOB    NOT NULL UNIQUE CHECK (length(ceremony) = 16),
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    stage      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;
CREATE INDEX ceremonies_by_key ON ceremonies (class, epoch);
