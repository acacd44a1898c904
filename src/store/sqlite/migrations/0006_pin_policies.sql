-- The policies that decided on a disclosure: one made under others is not picked up but made anew.
ALTER TABLE disclosure ADD COLUMN bundle TEXT NOT NULL DEFAULT '';
