-- How each consent stands, for its recorder's own list and for the job that ends what has lapsed: no person, no content.
CREATE TABLE consent_head (
  id       TEXT    PRIMARY KEY,
  recorder TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  state    TEXT    NOT NULL,
  ends     INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_head_recorder ON consent_head (recorder, id);
CREATE INDEX consent_head_ends ON consent_head (ends);

-- Which disclosure rested on which consent, and when it was last given: whom a withdrawal concerns.
CREATE TABLE reliance (
  consent    TEXT    NOT NULL,
  disclosure TEXT    NOT NULL,
  recipient  TEXT    NOT NULL,
  categories TEXT    NOT NULL,
  first      INTEGER NOT NULL,
  last       INTEGER NOT NULL,
  PRIMARY KEY (consent, disclosure)
) STRICT, WITHOUT ROWID;
CREATE INDEX reliance_disclosure ON reliance (disclosure);

-- What organisations still have to do; the record is sealed. One task for each matter and owner.
CREATE TABLE task (
  id      TEXT    PRIMARY KEY,
  kind    TEXT    NOT NULL,
  owner   TEXT    NOT NULL,
  about   TEXT    NOT NULL,
  due     INTEGER NOT NULL,
  open    INTEGER NOT NULL,
  closed  INTEGER,
  version INTEGER NOT NULL,
  record  BLOB    NOT NULL,
  UNIQUE (kind, owner, about)
) STRICT;
CREATE INDEX task_open ON task (owner, open, due);
CREATE INDEX task_closed ON task (closed);
