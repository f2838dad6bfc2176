-- What is advised about a finding, as last seen: for the table in which firms answer.
ALTER TABLE findings ADD COLUMN advice TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN advice_zh_tw TEXT NOT NULL DEFAULT '';
