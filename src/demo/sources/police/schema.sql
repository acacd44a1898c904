-- Police: persons, incidents (mutaties) and who was involved, measures, risk screening, antecedents, criminal cases.
CREATE TABLE person (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    sex TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT, phone TEXT,
    email TEXT, address_shielded INTEGER NOT NULL, letter TEXT NOT NULL, officer TEXT, registered_on TEXT NOT NULL
) STRICT;
CREATE TABLE kin (
    person_id TEXT NOT NULL REFERENCES person (id), other_id TEXT NOT NULL REFERENCES person (id), relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT, PRIMARY KEY (person_id, other_id)
) STRICT;
CREATE TABLE shielding (person_id TEXT NOT NULL REFERENCES person (id), scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_person ON shielding (person_id);
CREATE TABLE incident (
    id INTEGER PRIMARY KEY, mutation_number TEXT NOT NULL UNIQUE, occurred_on TEXT NOT NULL, kind TEXT NOT NULL, place TEXT,
    violence TEXT, injury TEXT, children_present INTEGER NOT NULL, report TEXT, wpg_article TEXT NOT NULL, decision_id TEXT, decision_article TEXT,
    recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE TABLE involved (
    incident_id INTEGER NOT NULL REFERENCES incident (id), person_id TEXT NOT NULL REFERENCES person (id), part TEXT NOT NULL,
    PRIMARY KEY (incident_id, person_id)
) STRICT;
CREATE INDEX involved_person ON involved (person_id);
CREATE TABLE measure (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL, valid_from TEXT NOT NULL,
    valid_until TEXT, conditions TEXT NOT NULL, protects TEXT NOT NULL, authority TEXT NOT NULL, wpg_article TEXT NOT NULL,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX measure_person ON measure (person_id);
CREATE TABLE risk_screening (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), screened_on TEXT NOT NULL,
    instrument TEXT NOT NULL, scores TEXT NOT NULL, level TEXT NOT NULL, remarks TEXT, wpg_article TEXT NOT NULL,
    recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX risk_screening_person ON risk_screening (person_id);
CREATE TABLE antecedent (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), decided_on TEXT NOT NULL, article TEXT NOT NULL,
    offence TEXT NOT NULL, offence_class TEXT NOT NULL, sentence TEXT, status TEXT NOT NULL, wpg_article TEXT NOT NULL,
    recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX antecedent_person ON antecedent (person_id);
CREATE TABLE criminal_case (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person (id), number TEXT NOT NULL UNIQUE,
    opened_on TEXT NOT NULL, offence TEXT NOT NULL, offence_class TEXT NOT NULL, stage TEXT NOT NULL, hearing TEXT,
    wpg_article TEXT NOT NULL, recorded_on TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX criminal_case_person ON criminal_case (person_id);
