-- Restores of this store from a backup. What was charged after a backup was made is not in it.
CREATE TABLE store_restore (
    restored_at BIGINT PRIMARY KEY,
    made_at     BIGINT NOT NULL, -- the backup; 0 if nobody knows
    restored_by TEXT COLLATE "C" NOT NULL,
    complete    BIGINT NOT NULL CHECK (complete IN (0, 1)) -- 1: a person has stated that nothing was answered since
);
