-- Pseudonyms: random, found again by a blind index under the scope's key; the identity sealed under the same key.
CREATE TABLE scope (
  scope  TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE pseudonym (
  scope     TEXT NOT NULL REFERENCES scope (scope),
  idx       BLOB NOT NULL CHECK (length(idx) = 32),
  pseudonym TEXT NOT NULL UNIQUE,
  identity  BLOB NOT NULL,
  PRIMARY KEY (scope, idx)
) STRICT;
