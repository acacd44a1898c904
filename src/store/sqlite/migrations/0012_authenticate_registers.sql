-- Who can write this file but holds no key can change no register unseen. Each row of the registry carries a code; so does each person's list of
-- newest versions, each in a row of its own; the head carries one over all rows of the registry, and one over itself.
ALTER TABLE organisation ADD COLUMN code BLOB;
ALTER TABLE certificate ADD COLUMN code BLOB;
ALTER TABLE published_key ADD COLUMN code BLOB;
ALTER TABLE head ADD COLUMN registry BLOB;
ALTER TABLE head ADD COLUMN code BLOB;

CREATE TABLE person_register (
  number  INTEGER PRIMARY KEY,
  subject BLOB    NOT NULL UNIQUE CHECK (length(subject) = 32),
  code    BLOB    NOT NULL CHECK (length(code) = 32)
) STRICT;
