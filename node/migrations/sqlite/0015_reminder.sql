-- How many reminders of a job this bank's people were given: each is told once.
ALTER TABLE job ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0;
