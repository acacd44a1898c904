-- Mental-health care: clients and relatives, care episodes, diagnoses, substance use, compulsory care, risk and safety. Each
-- entry says who answers for a disclosure and whether the steps of the meldcode are done.
CREATE TABLE client (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, practitioner TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE relative (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), bsn TEXT, letter TEXT NOT NULL,
    birth_date TEXT NOT NULL, search_names TEXT NOT NULL, secret_address INTEGER NOT NULL, relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT
) STRICT;
CREATE INDEX relative_client ON relative (client_id);
-- subject_id is a client or a relative.
CREATE TABLE shielding (subject_id TEXT NOT NULL, scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_subject ON shielding (subject_id);
CREATE TABLE episode (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), unit TEXT NOT NULL, practitioner TEXT NOT NULL,
    role TEXT NOT NULL, starts_on TEXT NOT NULL, ends_on TEXT, named_professional TEXT, meldcode_done INTEGER,
    withheld INTEGER, recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX episode_client ON episode (client_id);
CREATE TABLE diagnosis (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), code TEXT NOT NULL, system TEXT NOT NULL,
    established_on TEXT NOT NULL, injury TEXT, treatment TEXT, named_professional TEXT, meldcode_done INTEGER,
    withheld INTEGER, recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX diagnosis_client ON diagnosis (client_id);
CREATE TABLE substance_use (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), kind TEXT NOT NULL, severity TEXT NOT NULL,
    treatment TEXT, since TEXT NOT NULL, named_professional TEXT, meldcode_done INTEGER, withheld INTEGER,
    recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX substance_use_client ON substance_use (client_id);
CREATE TABLE compulsory_care (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), kind TEXT NOT NULL, starts_on TEXT NOT NULL,
    ends_on TEXT, named_professional TEXT, meldcode_done INTEGER, withheld INTEGER, recorded_on TEXT NOT NULL,
    nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX compulsory_care_client ON compulsory_care (client_id);
CREATE TABLE risk_assessment (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), assessed_on TEXT NOT NULL,
    instrument TEXT NOT NULL, scores TEXT NOT NULL, level TEXT NOT NULL, text TEXT, named_professional TEXT,
    meldcode_done INTEGER, withheld INTEGER, recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX risk_assessment_client ON risk_assessment (client_id);
CREATE TABLE safety_plan (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client (id), made_on TEXT NOT NULL, instrument TEXT NOT NULL,
    scale INTEGER NOT NULL, structural INTEGER NOT NULL, acute INTEGER NOT NULL, threats TEXT NOT NULL, top3 TEXT NOT NULL,
    agreements TEXT NOT NULL, text TEXT, named_professional TEXT, meldcode_done INTEGER, withheld INTEGER,
    recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX safety_plan_client ON safety_plan (client_id);
