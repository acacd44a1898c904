-- The log (design: RFC 6962 tree, C2SP tiles). `head` has one row; whoever writes locks it first.
CREATE TABLE head (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  size       INTEGER NOT NULL CHECK (size >= 0),
  root       BLOB    NOT NULL CHECK (length(root) = 32),
  checkpoint TEXT    NOT NULL,
  revision   INTEGER NOT NULL
) STRICT;

-- SHA-256 of nothing: the root of the empty tree.
INSERT INTO head (id, size, root, checkpoint, revision)
VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', 0);

CREATE TABLE entry (
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
  leaf          BLOB    NOT NULL CHECK (length(leaf) = 97),
  body          BLOB,
  wrapped_key   BLOB,
  key_class     TEXT    NOT NULL
) STRICT;
CREATE INDEX entry_trace ON entry (trace);

CREATE TABLE entry_asked (
  idx    INTEGER NOT NULL REFERENCES entry (idx),
  source TEXT    NOT NULL,
  PRIMARY KEY (idx, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE tile (
  level  INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  hashes BLOB    NOT NULL,
  PRIMARY KEY (level, idx)
) STRICT;

CREATE TABLE nonce (
  organisation TEXT    NOT NULL,
  nonce        TEXT    NOT NULL,
  expires      INTEGER NOT NULL,
  PRIMARY KEY (organisation, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_expires ON nonce (expires);
