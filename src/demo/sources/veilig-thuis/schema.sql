-- Veilig Thuis: persons, reports (meldingen) with who made them, safety and risk assessments, measures and living areas noted.
CREATE TABLE party (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, case_worker TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE family_link (
    person_id TEXT NOT NULL REFERENCES party (id), other_id TEXT NOT NULL REFERENCES party (id), relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT, PRIMARY KEY (person_id, other_id)
) STRICT;
CREATE TABLE shielding (person_id TEXT NOT NULL REFERENCES party (id), scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_person ON shielding (person_id);
CREATE TABLE report (
    id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, reported_on TEXT NOT NULL, kind TEXT NOT NULL, place TEXT,
    violence TEXT, injury TEXT, children_present INTEGER NOT NULL, narrative TEXT, recorded_on TEXT NOT NULL,
    nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE TABLE report_party (
    report_id INTEGER NOT NULL REFERENCES report (id), person_id TEXT NOT NULL REFERENCES party (id), part TEXT NOT NULL,
    PRIMARY KEY (report_id, person_id)
) STRICT;
CREATE INDEX report_party_person ON report_party (person_id);
-- Who made a report (melder) and in which words. No view of the connector reads this table: it leaves Veilig Thuis in no form.
CREATE TABLE reporter (report_id INTEGER PRIMARY KEY REFERENCES report (id), statement TEXT NOT NULL) STRICT;
CREATE TABLE safety_assessment (
    id INTEGER PRIMARY KEY, assessed_on TEXT NOT NULL, instrument TEXT NOT NULL,
    scale INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 10), structural INTEGER NOT NULL, acute INTEGER NOT NULL,
    threats TEXT NOT NULL, top3 TEXT NOT NULL, agreements TEXT NOT NULL, text TEXT, recorded_on TEXT NOT NULL,
    nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE TABLE assessment_party (
    assessment_id INTEGER NOT NULL REFERENCES safety_assessment (id), person_id TEXT NOT NULL REFERENCES party (id),
    PRIMARY KEY (assessment_id, person_id)
) STRICT;
CREATE INDEX assessment_party_person ON assessment_party (person_id);
CREATE TABLE risk_assessment (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES party (id), assessed_on TEXT NOT NULL, instrument TEXT NOT NULL,
    scores TEXT NOT NULL, level TEXT NOT NULL, text TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL, summary_draft TEXT
) STRICT;
CREATE INDEX risk_assessment_person ON risk_assessment (person_id);
CREATE TABLE youth_measure (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES party (id), kind TEXT NOT NULL, starts_on TEXT NOT NULL,
    ends_on TEXT, body TEXT NOT NULL, court_order TEXT, plan TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX youth_measure_person ON youth_measure (person_id);
CREATE TABLE life_area (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES party (id), area TEXT NOT NULL, level TEXT NOT NULL,
    situation TEXT NOT NULL, help TEXT NOT NULL, effect TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX life_area_person ON life_area (person_id);
