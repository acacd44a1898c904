-- The connector's own state. Columns named sealed, content, verdict, items, digests hold AES-256-GCM under the state key, bound to table,
-- column and row; subject columns hold keyed digests. Instants are milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE key_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;

-- The source's own access log: one row per call of the gateway, with what was given or refused.
CREATE TABLE answer (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    decision TEXT NOT NULL,
    purpose TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX answer_by_decision ON answer (decision);
CREATE INDEX answer_by_subject ON answer (subject, at);
CREATE INDEX answer_by_time ON answer (at);

CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    answer TEXT NOT NULL REFERENCES answer (id),
    decision TEXT NOT NULL,
    category TEXT NOT NULL,
    purpose TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'released', 'refused', 'expired')),
    entered_at INTEGER NOT NULL,
    release_until INTEGER NOT NULL,
    decided_at INTEGER,
    delivered_at INTEGER,
    content BLOB,   -- the draft: wiped once the entry is released, refused or expired
    items BLOB,     -- what was released: wiped once it is delivered or too late
    digests BLOB,   -- the released items' ids and digests, for the receipt
    verdict BLOB,   -- the professional's signed step
    UNIQUE (decision, category)
) STRICT;
CREATE INDEX inbox_by_state ON inbox (state, release_until);

CREATE TABLE professional (
    reference TEXT PRIMARY KEY,
    public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE override (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoked', 'withdrawn')),
    reported TEXT CHECK (reported IN ('active', 'revoked')), -- the last standing that the gateway acknowledged
    purpose TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 32),
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32), -- of the signed statement: the same step is entered once
    entered_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX override_by_state ON override (state, expires_at);

CREATE TABLE receipt (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),
    decision TEXT NOT NULL,
    at INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX receipt_by_decision ON receipt (decision);
