-- Child protection board: persons of a family, inquiries into a child with their outcome, what was found per living area.
CREATE TABLE person (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, investigator TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE tie (
    person_id TEXT NOT NULL REFERENCES person (id), other_id TEXT NOT NULL REFERENCES person (id), relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT, PRIMARY KEY (person_id, other_id)
) STRICT;
CREATE TABLE shielding (person_id TEXT NOT NULL REFERENCES person (id), scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_person ON shielding (person_id);
CREATE TABLE inquiry (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL, opened_on TEXT NOT NULL,
    closed_on TEXT, body TEXT NOT NULL, court_order TEXT, outcome TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX inquiry_person ON inquiry (person_id);
CREATE TABLE finding_area (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), area TEXT NOT NULL, level TEXT NOT NULL,
    situation TEXT NOT NULL, help TEXT NOT NULL, effect TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX finding_area_person ON finding_area (person_id);
