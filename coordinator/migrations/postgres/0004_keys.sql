-- The life of keys: where each epoch stands, and the last notice about it as it was signed.
-- `state`: 1 pending, 2 active, 3 retiring, 4 retired.
CREATE TABLE key_life (
    class      BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    state      BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),
    number     BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    closes_at  BIGINT,
    notice     BYTEA,
    PRIMARY KEY (class, epoch)
);

-- Keys that were made before epochs had states: the newest of each class is the one that jobs named.
INSERT INTO key_life (class, epoch, state, number, made_at)
SELECT k.class, k.epoch, CASE WHEN k.epoch = (SELECT max(n.epoch) FROM key_record n WHERE n.class = k.class) THEN 2 ELSE 4 END, 0, 0
FROM key_record k GROUP BY k.class, k.epoch;
