-- Checkpoints with the cosignatures of a quorum of witnesses. Each proves itself by its signatures; nothing is decided by them.
CREATE TABLE cosigned (
  size       INTEGER PRIMARY KEY,
  checkpoint TEXT NOT NULL,
  -- When it was kept last, in milliseconds since 1970.
  at         INTEGER NOT NULL
) STRICT;
