-- The policies in force stand in the head, under its code; so does how many rows the lists have, of which a row that is taken away leaves no gap.
-- Each reliance carries a code. The other lists repeat what a sealed record says, and are held against it.
DROP TABLE policy_in_force;
ALTER TABLE head ADD COLUMN policy TEXT;
ALTER TABLE head ADD COLUMN consents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN reliances INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN open_tasks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reliance ADD COLUMN code BLOB;
