-- Probation: clients and their network, supervision, measures imposed, assessments, living areas; each with the outcome of the
-- 51c test.
CREATE TABLE client (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, supervisor TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE network_member (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), bsn TEXT, letter TEXT NOT NULL,
    birth_date TEXT NOT NULL, search_names TEXT NOT NULL, secret_address INTEGER NOT NULL, relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT
) STRICT;
CREATE INDEX network_member_client ON network_member (client_id);
-- subject_id is a client or a relative.
CREATE TABLE shielding (subject_id TEXT NOT NULL, scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_subject ON shielding (subject_id);
CREATE TABLE supervision (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), kind TEXT NOT NULL, starts_on TEXT NOT NULL,
    ends_on TEXT, conditions TEXT NOT NULL, compliance TEXT NOT NULL, officer TEXT NOT NULL, passed_51c INTEGER,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX supervision_client ON supervision (client_id);
CREATE TABLE imposed_measure (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), kind TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_until TEXT, conditions TEXT NOT NULL, protects TEXT NOT NULL, authority TEXT NOT NULL, passed_51c INTEGER,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX imposed_measure_client ON imposed_measure (client_id);
CREATE TABLE assessment (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), assessed_on TEXT NOT NULL,
    instrument TEXT NOT NULL, scores TEXT NOT NULL, level TEXT NOT NULL, text TEXT, passed_51c INTEGER,
    recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX assessment_client ON assessment (client_id);
CREATE TABLE life_area (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), area TEXT NOT NULL, level TEXT NOT NULL,
    situation TEXT NOT NULL, help TEXT NOT NULL, effect TEXT, passed_51c INTEGER, recorded_on TEXT NOT NULL,
    nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX life_area_client ON life_area (client_id);
