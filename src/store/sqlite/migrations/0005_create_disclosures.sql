-- What can still be picked up: sealed to its recipient, gone 24 hours after completion.
CREATE TABLE disclosure (
  id              TEXT    PRIMARY KEY,
  recipient       TEXT    NOT NULL,
  created         INTEGER NOT NULL,
  open_until      INTEGER NOT NULL,
  expires         INTEGER NOT NULL,
  revision        INTEGER NOT NULL,
  void_at         INTEGER NOT NULL,
  subject         BLOB,
  organisations   TEXT    NOT NULL,
  facts           BLOB    NOT NULL CHECK (length(facts) = 32),
  request         BLOB    NOT NULL,
  payload_class   TEXT    NOT NULL,
  idempotency_key TEXT
) STRICT;
CREATE INDEX disclosure_expires ON disclosure (expires);

CREATE TABLE delivery (
  disclosure TEXT    NOT NULL REFERENCES disclosure (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  sealed     TEXT    NOT NULL,
  receipt    TEXT    NOT NULL,
  PRIMARY KEY (disclosure, seq)
) STRICT;

CREATE TABLE idempotency (
  organisation TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  body         BLOB    NOT NULL CHECK (length(body) = 32),
  disclosure   TEXT    NOT NULL,
  claimed_at   INTEGER NOT NULL,
  answered     INTEGER NOT NULL,
  PRIMARY KEY (organisation, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_claimed ON idempotency (claimed_at);

-- Receipts that sources are still to get.
CREATE TABLE contribution_receipt (
  seq        INTEGER PRIMARY KEY,
  disclosure TEXT NOT NULL,
  source     TEXT NOT NULL,
  items      TEXT NOT NULL,
  receipt    TEXT NOT NULL
) STRICT;
CREATE INDEX contribution_receipt_source ON contribution_receipt (disclosure, source);
