-- Runs and what each of them saw. Rows are written once, with their run, and never changed: what is known of a
-- finding over the years is computed from them. Dates are ISO 8601 texts. The text is the same for PostgreSQL.

CREATE TABLE firms (
    name TEXT NOT NULL PRIMARY KEY -- empty: no assessment.toml named one
);

-- A system as the run with the latest as-of date declares it.
CREATE TABLE systems (
    firm     TEXT NOT NULL REFERENCES firms (name),
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    category BIGINT,
    as_of    TEXT NOT NULL,
    PRIMARY KEY (firm, id)
);

CREATE TABLE runs (
    run        TEXT    NOT NULL PRIMARY KEY,
    sequence   BIGINT  NOT NULL UNIQUE, -- order of recording
    firm       TEXT    NOT NULL REFERENCES firms (name),
    assessment TEXT,
    engine     TEXT    NOT NULL,
    catalogue  TEXT    NOT NULL,
    regime     TEXT    NOT NULL,
    as_of      TEXT    NOT NULL,
    thresholds TEXT    NOT NULL,
    evidence   TEXT    NOT NULL,
    seal       TEXT    NOT NULL,
    bound      BOOLEAN NOT NULL,
    crashed    BOOLEAN NOT NULL,
    findings   BIGINT  NOT NULL
);

CREATE INDEX runs_in_order ON runs (firm, as_of, sequence);

CREATE TABLE run_systems (
    run      TEXT NOT NULL REFERENCES runs (run),
    firm     TEXT NOT NULL,
    system   TEXT NOT NULL,
    name     TEXT NOT NULL,
    category BIGINT,
    PRIMARY KEY (run, system),
    FOREIGN KEY (firm, system) REFERENCES systems (firm, id)
);

CREATE TABLE run_coverage (
    run        TEXT   NOT NULL,
    system     TEXT   NOT NULL,
    check_slug TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    looked_at  BIGINT NOT NULL,
    aspects    TEXT   NOT NULL, -- JSON: looked at by side of the check's question
    PRIMARY KEY (run, system, check_slug),
    FOREIGN KEY (run, system) REFERENCES run_systems (run, system)
);

-- What a finding is, whichever run sees it; `id` is its fingerprint.
CREATE TABLE findings (
    firm       TEXT NOT NULL,
    id         TEXT NOT NULL,
    system     TEXT NOT NULL,
    check_slug TEXT NOT NULL,
    aspect     TEXT,
    asset      TEXT,
    subject    TEXT NOT NULL, -- JSON
    PRIMARY KEY (firm, id),
    FOREIGN KEY (firm, system) REFERENCES systems (firm, id)
);

-- What one run saw of it, in the order of the run's findings.
CREATE TABLE occurrences (
    run      TEXT             NOT NULL REFERENCES runs (run),
    ordinal  BIGINT           NOT NULL,
    firm     TEXT             NOT NULL,
    finding  TEXT             NOT NULL,
    title    TEXT             NOT NULL,
    severity TEXT             NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    evidence TEXT             NOT NULL, -- JSON: digests, paths, locators, excerpts
    PRIMARY KEY (run, ordinal),
    FOREIGN KEY (firm, finding) REFERENCES findings (firm, id)
);

CREATE INDEX occurrences_of_finding ON occurrences (firm, finding);

CREATE TABLE notes (
    run      TEXT   NOT NULL REFERENCES runs (run),
    ordinal  BIGINT NOT NULL,
    path     TEXT   NOT NULL,
    member   TEXT,
    place    TEXT,
    kind     TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    text     TEXT   NOT NULL,
    count    BIGINT NOT NULL,
    sha256   TEXT,
    PRIMARY KEY (run, ordinal)
);

CREATE TABLE items (
    run         TEXT    NOT NULL,
    item        TEXT    NOT NULL,
    rev         BIGINT  NOT NULL,
    system      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    score       DOUBLE PRECISION,
    coverage    DOUBLE PRECISION,
    trustworthy BOOLEAN NOT NULL,
    PRIMARY KEY (run, item, system),
    FOREIGN KEY (run, system) REFERENCES run_systems (run, system)
);
