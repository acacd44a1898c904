-- Municipality: residents with support of the local team, and temporary restraining orders (huisverboden) of the mayor.
CREATE TABLE resident (
    id TEXT PRIMARY KEY, bsn TEXT UNIQUE, v_number TEXT UNIQUE, given_names TEXT NOT NULL, initials TEXT NOT NULL,
    particle TEXT, surname TEXT NOT NULL, search_names TEXT NOT NULL, birth_date TEXT NOT NULL, death_date TEXT,
    gender TEXT NOT NULL, nationality_group TEXT NOT NULL, street TEXT, house_number TEXT, postcode TEXT, city TEXT,
    phone TEXT, email TEXT, secret_address INTEGER NOT NULL, letter TEXT NOT NULL, case_manager TEXT, opened_on TEXT NOT NULL
) STRICT;
CREATE TABLE resident_tie (
    person_id TEXT NOT NULL REFERENCES resident (id), other_id TEXT NOT NULL REFERENCES resident (id), relation TEXT NOT NULL,
    role TEXT NOT NULL, custody TEXT, since TEXT, until TEXT, PRIMARY KEY (person_id, other_id)
) STRICT;
CREATE TABLE shielding (person_id TEXT NOT NULL REFERENCES resident (id), scheme TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE INDEX shielding_person ON shielding (person_id);
CREATE TABLE restraining_order (
    id INTEGER PRIMARY KEY, resident_id TEXT NOT NULL REFERENCES resident (id), kind TEXT NOT NULL, imposed_on TEXT NOT NULL,
    ends_on TEXT, conditions TEXT NOT NULL, left_behind TEXT NOT NULL, authority TEXT NOT NULL, recorded_on TEXT NOT NULL
) STRICT;
CREATE INDEX restraining_order_resident ON restraining_order (resident_id);
CREATE TABLE support_area (
    id INTEGER PRIMARY KEY, resident_id TEXT NOT NULL REFERENCES resident (id), area TEXT NOT NULL, level TEXT NOT NULL,
    situation TEXT NOT NULL, help TEXT NOT NULL, effect TEXT, recorded_on TEXT NOT NULL, nature TEXT NOT NULL,
    summary_draft TEXT
) STRICT;
CREATE INDEX support_area_resident ON support_area (resident_id);
