-- The latest head of each log that this witness cosigned: what it must never go behind.
CREATE TABLE head (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    -- The checkpoint with the log's signatures and this witness's last cosignature.
    checkpoint TEXT NOT NULL,
    -- Seconds since 1970: the time in that cosignature.
    cosigned_at INTEGER NOT NULL CHECK (cosigned_at > 0)
) STRICT;
