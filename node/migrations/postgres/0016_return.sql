-- When the coordinator said that it has this bank's return. Only then is a certificate without it false.
ALTER TABLE job ADD COLUMN handed_in_at BIGINT;
