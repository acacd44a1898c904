-- The sealed body is behind everything else of its entry: what is read without it (searching, holding, erasing, verifying) passes over no page of it.
CREATE TABLE moved (
  idx           INTEGER PRIMARY KEY,
  kind          TEXT    NOT NULL,
  time          INTEGER NOT NULL,
  party         TEXT    NOT NULL,
  source        TEXT,
  recipient     TEXT,
  purpose       TEXT,
  categories    TEXT    NOT NULL,
  outcome       TEXT    NOT NULL,
  overridden    INTEGER NOT NULL,
  subject_token BLOB,
  actor_token   BLOB,
  case_token    BLOB,
  trace         TEXT    NOT NULL,
  key_class     TEXT    NOT NULL,
  erases        TEXT,
  leaf          BLOB    NOT NULL CHECK (length(leaf) = 97),
  tokens        BLOB    NOT NULL,
  token_salt    BLOB,
  wrapped_key   BLOB,
  held_by       TEXT,
  body          BLOB
) STRICT;
INSERT INTO moved SELECT idx, kind, time, party, source, recipient, purpose, categories, outcome, overridden, subject_token, actor_token, case_token, trace,
  key_class, erases, leaf, tokens, token_salt, wrapped_key, held_by, body FROM entry ORDER BY idx;

CREATE TABLE moved_asked (
  idx    INTEGER NOT NULL REFERENCES moved (idx),
  source TEXT    NOT NULL,
  PRIMARY KEY (idx, source)
) STRICT, WITHOUT ROWID;
INSERT INTO moved_asked SELECT idx, source FROM entry_asked;

DROP TABLE entry_asked;
DROP TABLE entry;
ALTER TABLE moved RENAME TO entry;
ALTER TABLE moved_asked RENAME TO entry_asked;

CREATE INDEX entry_trace ON entry (trace);
CREATE INDEX entry_kept_by ON entry (coalesce(held_by, key_class)) WHERE wrapped_key IS NOT NULL;
CREATE INDEX entry_erases ON entry (erases) WHERE erases IS NOT NULL;
