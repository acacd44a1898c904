-- The policies by which this store's gateways decide; empty until one has served. A change moves the facts' revision, so that what was decided
-- under others is decided anew.
CREATE TABLE policy_in_force (id INTEGER PRIMARY KEY CHECK (id = 1), bundle TEXT NOT NULL) STRICT;
