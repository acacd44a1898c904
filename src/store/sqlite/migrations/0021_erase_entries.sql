-- Erasing entries without a break in the log: what is destroyed (tokens, their salt, the wrapped key) stands beside what stays (the digest of the tokens).
ALTER TABLE entry ADD COLUMN tokens BLOB NOT NULL DEFAULT x'';
ALTER TABLE entry ADD COLUMN token_salt BLOB;
ALTER TABLE entry ADD COLUMN held_by TEXT;
ALTER TABLE entry ADD COLUMN erases TEXT;
CREATE INDEX entry_erases ON entry (idx) WHERE erases IS NOT NULL;

-- Names of destroyed keys, and tombstones, that were applied to the rows of this file: the key store may know more, after a restore.
CREATE TABLE erased (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Legal holds: what they cover is not erased while they stand. How many stand is in the head, under its code.
ALTER TABLE head ADD COLUMN holds INTEGER NOT NULL DEFAULT 0;
CREATE TABLE legal_hold (
  id     TEXT PRIMARY KEY,
  record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
