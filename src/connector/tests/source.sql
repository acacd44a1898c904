CREATE TABLE person (id INTEGER PRIMARY KEY, bsn TEXT, v_number TEXT, birth_date TEXT, secret_address INTEGER, professional TEXT, names TEXT,
    street TEXT, house_number TEXT, postcode TEXT, city TEXT, phone TEXT, email TEXT);
INSERT INTO person (id, bsn, v_number, birth_date, secret_address, professional, names) VALUES
    (1, '999990019', 'V-1', '1990-05-05', 0, 'pol-17', '["Karim", "Haddad"]'),
    (2, '999990020', NULL, '1992-01-01', 0, NULL, '["Fatima", "El Amrani"]'),
    (3, NULL, NULL, '2018-01-01', 0, NULL, '["Zoë"]'),
    (4, '999990032', NULL, '1980-01-01', 0, 'pol-17', NULL);
UPDATE person SET street = 'Kerkstraat', house_number = '12', postcode = '4461 AB', city = 'Goes' WHERE id <> 2;
UPDATE person SET street = 'Lange Delft', house_number = '7', postcode = '4331 AN', city = 'Middelburg', phone = '0118-123456',
    email = 'fatima@example.org' WHERE id = 2;
CREATE TABLE household (person_id INTEGER, other_id INTEGER, letter TEXT);
INSERT INTO household VALUES (1, 2, 'A1'), (1, 3, 'K1'), (2, 1, 'A2');
CREATE TABLE protection (person_id INTEGER, from_scheme TEXT, from_value TEXT);
CREATE TABLE incident (id INTEGER PRIMARY KEY, date TEXT, kind TEXT, place TEXT, persons TEXT, children BOOLEAN, wpg_article TEXT, held INTEGER,
    recorded_at TEXT, nature TEXT, summary TEXT);
CREATE TABLE involved (incident_id INTEGER, person_id INTEGER);
INSERT INTO incident VALUES
    (1, '2026-03-02', 'threat', 'Middelburg', '["A1"]', 1, '8', 0, '2026-03-03', 'fact', 'Dreigde A1.'),
    (2, '2026-05-06', 'assault', 'Goes', '["A1","K1"]', 1, '8', 0, '2026-05-07T10:00:00Z', 'fact', 'Sloeg A1; K1 zag het.'),
    (3, '2026-06-01', 'threat', NULL, '[]', 0, '9', 0, '2026-06-02', 'fact', NULL),
    (4, '2026-06-09', 'stalking', NULL, '[]', 0, '8', 0, '2026-06-09', 'hypothesis', 'Mogelijk.');
INSERT INTO involved VALUES (1, 1), (2, 1), (3, 1), (4, 1);
CREATE TABLE measure (person_id INTEGER, kind TEXT, until TEXT, recorded_at TEXT);
INSERT INTO measure VALUES (1, 'huisverbod', '2026-12-01', '2026-11-20'), (1, 'contactverbod', '2026-12-09', '2026-11-21');
CREATE TABLE supervision (person_id INTEGER, kind TEXT, scale_value INTEGER, recorded_at TEXT);
INSERT INTO supervision VALUES (1, 'toezicht', 3, '2026-10-01');
