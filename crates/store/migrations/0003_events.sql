-- The event log: what people and runs did to findings, systems, assessments and the rest of the programme. Rows are
-- appended and never changed; everything that can be asked of them, as of any date, is computed from them. Instants are
-- microseconds since 1970, UTC. The text is the same for PostgreSQL.

CREATE TABLE events (
    sequence    BIGINT NOT NULL PRIMARY KEY, -- order of recording
    id          TEXT   NOT NULL UNIQUE,      -- names the event: recording it again changes nothing
    firm        TEXT   NOT NULL REFERENCES firms (name),
    entity      TEXT   NOT NULL,             -- what it is about: finding, system, incident, …
    subject     TEXT   NOT NULL,             -- which one
    at          BIGINT NOT NULL,             -- when it took effect
    recorded_at BIGINT NOT NULL,             -- when it became known here
    body        TEXT   NOT NULL              -- the event, JSON
);

CREATE INDEX events_of_subject ON events (firm, entity, subject, sequence);

-- Projection of the findings' events: which state a finding was in from when until when. Rebuilt for a finding
-- whenever an event of it is recorded; the covering index answers counts as of any date.
CREATE TABLE finding_intervals (
    firm       TEXT   NOT NULL,
    finding    TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    severity   TEXT   NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL, -- not included; the largest integer: still so
    PRIMARY KEY (firm, finding, valid_from)
);

CREATE INDEX finding_intervals_as_of ON finding_intervals (firm, state, severity, valid_from, valid_to);

-- Digest of what an exception of the finding would be about, and the headline in Chinese, as last seen.
ALTER TABLE findings ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN title_zh_tw TEXT NOT NULL DEFAULT '';

-- What tells a finding of another tool again in that tool's next report: keys, place and wording as last seen, JSON.
CREATE TABLE finding_identity (
    firm    TEXT NOT NULL,
    finding TEXT NOT NULL,
    source  TEXT NOT NULL, -- system and tool
    seen    TEXT NOT NULL,
    PRIMARY KEY (firm, finding),
    FOREIGN KEY (firm, finding) REFERENCES findings (firm, id)
);

CREATE INDEX finding_identity_of_source ON finding_identity (firm, source);

-- Every file of findings that was taken in: what came of each of its records, JSON.
CREATE TABLE imports (
    firm        TEXT   NOT NULL REFERENCES firms (name),
    run         TEXT   NOT NULL REFERENCES runs (run),
    sha256      TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    log         TEXT   NOT NULL,
    PRIMARY KEY (run)
);
