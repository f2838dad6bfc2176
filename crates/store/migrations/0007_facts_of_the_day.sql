-- What a run said of a finding in Chinese, and the digest of what an exception would be about then: a past day is told
-- in its own words. Nothing: as the finding was last seen.
ALTER TABLE occurrences ADD COLUMN title_zh_tw TEXT;
ALTER TABLE occurrences ADD COLUMN digest TEXT;

-- Whether these bytes were taken over before.
CREATE INDEX imports_of_bytes ON imports (firm, sha256);
