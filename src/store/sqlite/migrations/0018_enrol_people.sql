-- Professionals and privacy officers of an organisation are enrolled, each with a personal key: further uses of a published key.
CREATE TABLE enrolled_key (
  keyid        TEXT    PRIMARY KEY,
  organisation TEXT    NOT NULL REFERENCES organisation (oin),
  use          TEXT    NOT NULL CHECK (use IN ('sig', 'enc', 'professional', 'privacy-officer')),
  alg          TEXT    NOT NULL,
  jwk          TEXT    NOT NULL,
  valid_from   INTEGER NOT NULL,
  valid_until  INTEGER NOT NULL,
  revoked      INTEGER NOT NULL,
  code         BLOB
) STRICT;
INSERT INTO enrolled_key SELECT keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code FROM published_key;
DROP TABLE published_key;
ALTER TABLE enrolled_key RENAME TO published_key;
