-- What officers search the log by, derived from the log: this file may be deleted at any time. Texts are numbered once, so that rows and indexes stay short.
CREATE TABLE word (
  id   INTEGER PRIMARY KEY,
  text TEXT    NOT NULL UNIQUE
) STRICT;

-- How far the log was taken in, and the leaf of the last entry: by it another store, or an older copy, is known.
CREATE TABLE filled (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL CHECK (size >= 0),
  leaf BLOB
) STRICT;
INSERT INTO filled (id, size) VALUES (1, 0);

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

-- Each ends in the time, and with it in the index: a page is read in its order and nothing is sorted.
CREATE INDEX line_time ON line (party, time);
CREATE INDEX line_subject ON line (party, subject, time) WHERE subject IS NOT NULL;
CREATE INDEX line_actor ON line (party, actor, time) WHERE actor IS NOT NULL;
CREATE INDEX line_matter ON line (party, matter, time) WHERE matter IS NOT NULL;
CREATE INDEX line_purpose ON line (party, purpose, time) WHERE purpose IS NOT NULL;
CREATE INDEX line_purpose_outcome ON line (party, purpose, outcome, time) WHERE purpose IS NOT NULL;
CREATE INDEX line_kind ON line (party, kind, time);
CREATE INDEX line_outcome ON line (party, outcome, time);
CREATE INDEX line_overridden ON line (party, time) WHERE overridden;

-- C01 to C18, by the bits of `categories`.
CREATE INDEX line_category_0 ON line (party, time) WHERE categories & 1;
CREATE INDEX line_category_1 ON line (party, time) WHERE categories & 2;
CREATE INDEX line_category_2 ON line (party, time) WHERE categories & 4;
CREATE INDEX line_category_3 ON line (party, time) WHERE categories & 8;
CREATE INDEX line_category_4 ON line (party, time) WHERE categories & 16;
CREATE INDEX line_category_5 ON line (party, time) WHERE categories & 32;
CREATE INDEX line_category_6 ON line (party, time) WHERE categories & 64;
CREATE INDEX line_category_7 ON line (party, time) WHERE categories & 128;
CREATE INDEX line_category_8 ON line (party, time) WHERE categories & 256;
CREATE INDEX line_category_9 ON line (party, time) WHERE categories & 512;
CREATE INDEX line_category_10 ON line (party, time) WHERE categories & 1024;
CREATE INDEX line_category_11 ON line (party, time) WHERE categories & 2048;
CREATE INDEX line_category_12 ON line (party, time) WHERE categories & 4096;
CREATE INDEX line_category_13 ON line (party, time) WHERE categories & 8192;
CREATE INDEX line_category_14 ON line (party, time) WHERE categories & 16384;
CREATE INDEX line_category_15 ON line (party, time) WHERE categories & 32768;
CREATE INDEX line_category_16 ON line (party, time) WHERE categories & 65536;
CREATE INDEX line_category_17 ON line (party, time) WHERE categories & 131072;
