-- Who is signed in to the pages: known by the digest of the cookie's secret; the record is sealed to its place.
CREATE TABLE session (
  id           TEXT   COLLATE "C" PRIMARY KEY,
  organisation TEXT   COLLATE "C" NOT NULL,
  began        BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  record       BYTEA  NOT NULL
);
CREATE INDEX session_organisation ON session (organisation);
CREATE INDEX session_began ON session (began);
