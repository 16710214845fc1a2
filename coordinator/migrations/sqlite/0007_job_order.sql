-- Jobs from the youngest to the oldest: a schedule looks for the last one that its next run could be compared with.
CREATE INDEX job_by_age ON job (created_at DESC, id);
