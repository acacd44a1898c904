-- Public prosecution: suspects, those concerned in their cases, verdicts, cases, conditions imposed; mandates under Wjsg 39f.
CREATE TABLE suspect (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, prosecutor TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE person_concerned (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES suspect (id), bsn TEXT, letter TEXT NOT NULL,
    birth_date TEXT NOT NULL, search_names TEXT NOT NULL, secret_address INTEGER NOT NULL, relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT
) STRICT;
CREATE INDEX person_concerned_client ON person_concerned (client_id);
-- subject_id is a client or a relative.
CREATE TABLE shielding (subject_id TEXT NOT NULL, scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_subject ON shielding (subject_id);
CREATE TABLE verdict (
    id INTEGER PRIMARY KEY, suspect_id TEXT NOT NULL REFERENCES suspect (id), decided_on TEXT NOT NULL, article TEXT NOT NULL,
    offence TEXT NOT NULL, offence_class TEXT NOT NULL, sentence TEXT, status TEXT NOT NULL, mandate TEXT,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX verdict_suspect ON verdict (suspect_id);
CREATE TABLE case_file (
    id INTEGER PRIMARY KEY, suspect_id TEXT NOT NULL REFERENCES suspect (id), number TEXT NOT NULL UNIQUE,
    registered_on TEXT NOT NULL, offence TEXT NOT NULL, offence_class TEXT NOT NULL, stage TEXT NOT NULL, hearing TEXT,
    mandate TEXT, recorded_on TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX case_file_suspect ON case_file (suspect_id);
CREATE TABLE imposed_condition (
    id INTEGER PRIMARY KEY, suspect_id TEXT NOT NULL REFERENCES suspect (id), kind TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_until TEXT, conditions TEXT NOT NULL, protects TEXT NOT NULL, authority TEXT NOT NULL, mandate TEXT,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX imposed_condition_suspect ON imposed_condition (suspect_id);
