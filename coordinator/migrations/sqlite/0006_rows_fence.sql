-- The lease under whose name the files of the participant's submission lie; 0 stands for names that bear no number.
ALTER TABLE participant ADD COLUMN rows_fence INTEGER NOT NULL DEFAULT 0;
