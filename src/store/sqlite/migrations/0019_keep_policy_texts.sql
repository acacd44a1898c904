-- The texts of each version of the policies that was in force, so that what it decided can be explained later. Their hash is held against the log's.
CREATE TABLE policy_text (
  hash  TEXT PRIMARY KEY,
  texts BLOB NOT NULL
) STRICT;
