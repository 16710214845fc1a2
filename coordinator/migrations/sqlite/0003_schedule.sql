-- Schedules, and what has become of each run.

CREATE TABLE schedule (
    name       TEXT    PRIMARY KEY,
    version    INTEGER NOT NULL, -- of the plan's form
    plan       TEXT    NOT NULL, -- JSON: rhythm, campaign, rules, template of terms
    standing   TEXT    NOT NULL CHECK (standing IN ('active', 'paused', 'ended', 'removed')),
    revision   INTEGER NOT NULL, -- counts changes
    since      INTEGER NOT NULL, -- instants up to this one are none of its business
    changed_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- One row per planned instant: whoever writes it first has decided, so no run takes place twice.
CREATE TABLE occurrence (
    schedule   TEXT    NOT NULL REFERENCES schedule (name),
    planned_at INTEGER NOT NULL,
    fate       TEXT    NOT NULL CHECK (fate IN ('waiting', 'started', 'skipped', 'missed')),
    why        TEXT    NOT NULL DEFAULT '',
    number     INTEGER,            -- counts the runs of a schedule that were started
    job        BLOB    UNIQUE REFERENCES job (id),
    left_out   TEXT    NOT NULL DEFAULT '[]',
    stands_for INTEGER NOT NULL DEFAULT 1, -- missed runs that this row stands for
    asked_by   TEXT,               -- the person who asked for it outside the rhythm
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (schedule, planned_at),
    UNIQUE (schedule, number)
) STRICT;

-- When a submission stood: late ones are shown as such.
ALTER TABLE participant ADD COLUMN sealed_at INTEGER;
