-- The organisations that receive a kept disclosure, of a team all its attendees: what is recorded about the person for any of them is a fact that it
-- rests on. Kept from before, it is empty: then nothing recorded is found unchanged, and what rested on consent or override is decided anew.
ALTER TABLE disclosure ADD COLUMN recipients TEXT NOT NULL DEFAULT '';
