-- When overrides and cases ended, to find those that are past their term. A hint only: the sealed record itself says whether it is. What is there from
-- before is looked at each time.
CREATE TABLE register_end (
  register TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  ends     INTEGER NOT NULL,
  PRIMARY KEY (register, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX register_end_ends ON register_end (register, ends);
INSERT INTO register_end (register, id, ends) SELECT DISTINCT 'override_record', id, 0 FROM override_record;
INSERT INTO register_end (register, id, ends) SELECT DISTINCT 'case_record', id, 0 FROM case_record;
