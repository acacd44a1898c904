-- Consents and overrides: append-only versions, sealed; the subject only as a keyed index. Every write here moves head.revision.
CREATE TABLE consent (
  id      TEXT    NOT NULL,
  version INTEGER NOT NULL,
  subject BLOB    NOT NULL CHECK (length(subject) = 32),
  record  BLOB    NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX consent_subject ON consent (subject);

CREATE TABLE override_record (
  id      TEXT    NOT NULL,
  version INTEGER NOT NULL,
  subject BLOB    NOT NULL CHECK (length(subject) = 32),
  record  BLOB    NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX override_subject ON override_record (subject);
