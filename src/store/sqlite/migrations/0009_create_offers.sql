-- Offers: a source has something about a person for a recipient to collect. Whom it is about is sealed, and found again by a keyed index only.
-- `ends`: until when it names the person to its recipient; past it the row goes.
CREATE TABLE offer (
  id        TEXT    PRIMARY KEY,
  source    TEXT    NOT NULL,
  recipient TEXT    NOT NULL,
  purpose   TEXT    NOT NULL,
  kind      TEXT    NOT NULL,
  subject   BLOB    NOT NULL CHECK (length(subject) = 32),
  reference BLOB    NOT NULL,
  made      INTEGER NOT NULL,
  expires   INTEGER NOT NULL,
  ends      INTEGER NOT NULL,
  collected INTEGER
) STRICT;
CREATE INDEX offer_recipient ON offer (recipient, ends);
CREATE INDEX offer_source ON offer (source, ends);
CREATE INDEX offer_ends ON offer (ends);
