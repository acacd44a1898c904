-- Who takes part, with which credentials. Every write here moves head.revision.
CREATE TABLE organisation (
  oin           TEXT    PRIMARY KEY,
  kind          TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  status        TEXT    NOT NULL,
  bsn_authority INTEGER NOT NULL,
  connector     TEXT
) STRICT;

CREATE TABLE certificate (
  fingerprint  BLOB    PRIMARY KEY CHECK (length(fingerprint) = 32),
  organisation TEXT    NOT NULL REFERENCES organisation (oin),
  valid_from   INTEGER NOT NULL,
  valid_until  INTEGER NOT NULL,
  revoked      INTEGER NOT NULL
) STRICT;

CREATE TABLE published_key (
  keyid        TEXT    PRIMARY KEY,
  organisation TEXT    NOT NULL REFERENCES organisation (oin),
  use          TEXT    NOT NULL CHECK (use IN ('sig', 'enc')),
  alg          TEXT    NOT NULL,
  jwk          TEXT    NOT NULL,
  valid_from   INTEGER NOT NULL,
  valid_until  INTEGER NOT NULL,
  revoked      INTEGER NOT NULL
) STRICT;
