-- What officers search the log by, derived from the log: this file may be deleted at any time. Texts are numbered once, so that rows and indexes stay short.
CREATE TABLE word (
  id   INTEGER PRIMARY KEY,
  text TEXT    NOT NULL UNIQUE
) STRICT;

-- How far the log was taken in, and the leaf of the last entry: by it another store, or an older copy, is known. `indexed` when
-- the end was reached for the first time and the indexes were made (indexes.sql): at once that takes a fraction of the time.
CREATE TABLE filled (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  size    INTEGER NOT NULL CHECK (size >= 0),
  leaf    BLOB,
  indexed INTEGER NOT NULL
) STRICT;
INSERT INTO filled (id, size, indexed) VALUES (1, 0, 0);

-- The erasures that were followed, by the names under which the store notes them.
CREATE TABLE forgotten (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE line (
  idx        INTEGER PRIMARY KEY,
  party      INTEGER NOT NULL,
  time       INTEGER NOT NULL,
  kind       INTEGER NOT NULL,
  purpose    INTEGER,
  categories INTEGER NOT NULL,
  outcome    INTEGER NOT NULL,
  overridden INTEGER NOT NULL,
  subject    BLOB,
  actor      BLOB,
  matter     BLOB,
  class      INTEGER NOT NULL
) STRICT;

-- The organisations on the other side of an entry, in the order of pages.
CREATE TABLE other (
  party        INTEGER NOT NULL,
  organisation INTEGER NOT NULL,
  time         INTEGER NOT NULL,
  idx          INTEGER NOT NULL,
  PRIMARY KEY (party, organisation, time, idx)
) STRICT, WITHOUT ROWID;
