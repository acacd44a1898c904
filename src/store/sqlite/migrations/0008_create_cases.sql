-- Cases: append-only versions, sealed; they name organisations, never a person. Every write here moves head.revision.
CREATE TABLE case_record (
  id      TEXT    NOT NULL,
  version INTEGER NOT NULL,
  record  BLOB    NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;

-- The case that a kept disclosure stands in: one of the facts that it rests on.
ALTER TABLE disclosure ADD COLUMN case_id TEXT;
