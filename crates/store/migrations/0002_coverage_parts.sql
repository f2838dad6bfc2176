-- Coverage by side of the question and by device or host. Earlier runs did not record the devices, so nobody can say
-- that they looked at a certain one again: they resolve nothing.
ALTER TABLE run_coverage RENAME COLUMN aspects TO parts;
UPDATE run_coverage SET parts = '[]';
