-- The life of keys: where each epoch stands, and the last notice about it as it was signed.
-- `state`: 1 pending, 2 active, 3 retiring, 4 retired.
CREATE TABLE key_life (
    class      INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    number     INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    closes_at  INTEGER,
    notice     BLOB,
    PRIMARY KEY (class, epoch)
) STRICT;

-- Keys that were made before epochs had states: the newest of each class is the one that jobs named.
INSERT INTO key_life (class, epoch, state, number, made_at)
SELECT k.class, k.epoch, CASE WHEN k.epoch = (SELECT max(n.epoch) FROM key_record n WHERE n.class = k.class) THEN 2 ELSE 4 END, 0, 0
FROM key_record k GROUP BY k.class, k.epoch;
