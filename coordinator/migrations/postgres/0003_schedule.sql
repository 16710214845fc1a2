-- Schedules, and what has become of each run.

CREATE TABLE schedule (
    name       TEXT COLLATE "C" PRIMARY KEY,
    version    BIGINT NOT NULL, -- of the plan's form
    plan       TEXT COLLATE "C" NOT NULL, -- JSON: rhythm, campaign, rules, template of terms
    standing   TEXT COLLATE "C" NOT NULL CHECK (standing IN ('active', 'paused', 'ended', 'removed')),
    revision   BIGINT NOT NULL, -- counts changes
    since      BIGINT NOT NULL, -- instants up to this one are none of its business
    changed_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One row per planned instant: whoever writes it first has decided, so no run takes place twice.
CREATE TABLE occurrence (
    schedule   TEXT COLLATE "C" NOT NULL REFERENCES schedule (name),
    planned_at BIGINT NOT NULL,
    fate       TEXT COLLATE "C" NOT NULL CHECK (fate IN ('waiting', 'started', 'skipped', 'missed')),
    why        TEXT COLLATE "C" NOT NULL DEFAULT '',
    number     BIGINT,            -- counts the runs of a schedule that were started
    job        BYTEA   UNIQUE REFERENCES job (id),
    left_out   TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    stands_for BIGINT NOT NULL DEFAULT 1, -- missed runs that this row stands for
    asked_by   TEXT COLLATE "C",               -- the person who asked for it outside the rhythm
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (schedule, planned_at),
    UNIQUE (schedule, number)
);

-- When a submission stood: late ones are shown as such.
ALTER TABLE participant ADD COLUMN sealed_at BIGINT;
