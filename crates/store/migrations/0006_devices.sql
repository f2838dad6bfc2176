-- Findings that follow their device. When a run was recorded says what of the register of devices was known to it; runs
-- of before knew nothing of it.
ALTER TABLE runs ADD COLUMN recorded_at BIGINT; -- microseconds since 1970, UTC

-- What the run called the device and the subject, where the finding is named otherwise; no subject: as the finding.
ALTER TABLE occurrences ADD COLUMN asset TEXT;
ALTER TABLE occurrences ADD COLUMN subject TEXT; -- JSON
