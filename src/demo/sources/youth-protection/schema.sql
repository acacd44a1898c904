-- Youth protection: persons of a family, measures for children with their court orders, rules of contact, living areas, findings.
CREATE TABLE person (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, guardian TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE family_tie (
    person_id TEXT NOT NULL REFERENCES person (id), other_id TEXT NOT NULL REFERENCES person (id), relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT, PRIMARY KEY (person_id, other_id)
) STRICT;
CREATE TABLE shielding (person_id TEXT NOT NULL REFERENCES person (id), scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_person ON shielding (person_id);
CREATE TABLE youth_measure (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL, starts_on TEXT NOT NULL,
    ends_on TEXT, body TEXT NOT NULL, court_order TEXT, plan TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX youth_measure_person ON youth_measure (person_id);
CREATE TABLE contact_rule (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_until TEXT, conditions TEXT NOT NULL, protects TEXT NOT NULL, authority TEXT NOT NULL, court_order TEXT,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX contact_rule_person ON contact_rule (person_id);
CREATE TABLE life_area (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), area TEXT NOT NULL, level TEXT NOT NULL,
    situation TEXT NOT NULL, help TEXT NOT NULL, effect TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX life_area_person ON life_area (person_id);
CREATE TABLE finding (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), code TEXT NOT NULL, system TEXT NOT NULL,
    found_on TEXT NOT NULL, injury TEXT, treatment TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX finding_person ON finding (person_id);
