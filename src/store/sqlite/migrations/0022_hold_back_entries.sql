-- What is held back from reports to subjects, until when. The record is sealed to its place; how many there are stands in the head, under its code.
CREATE TABLE embargo (
  id      TEXT    PRIMARY KEY,
  party   TEXT    NOT NULL,
  version INTEGER NOT NULL,
  record  BLOB    NOT NULL
) STRICT;
ALTER TABLE head ADD COLUMN embargoes INTEGER NOT NULL DEFAULT 0;
