-- Who is signed in to the pages: known by the digest of the cookie's secret; the record is sealed to its place.
CREATE TABLE session (
  id           TEXT    PRIMARY KEY,
  organisation TEXT    NOT NULL,
  began        INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  record       BLOB    NOT NULL
) STRICT;
CREATE INDEX session_organisation ON session (organisation);
CREATE INDEX session_began ON session (began);
