-- Invented names: given and family names that go together, and names for the parts of a hospital.

CREATE FUNCTION demo.person_name(time_zone text, seed bigint, number integer) RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE time_zone
    WHEN 'Europe/Berlin' THEN
        demo.pick(
            ARRAY[
                'Anna', 'Ben', 'Clara', 'David', 'Elif', 'Felix', 'Greta', 'Hannes', 'Ida', 'Jonas',
                'Katrin', 'Lars', 'Marie', 'Nils', 'Olga', 'Paul', 'Rosa', 'Stefan', 'Theresa', 'Uwe',
                'Vera', 'Wolfgang', 'Yusuf', 'Zoë'
            ],
            seed,
            'given ' || number
        ) || ' ' || demo.pick(
            ARRAY[
                'Albrecht', 'Bauer', 'Cordes', 'Dietrich', 'Engel', 'Fuchs', 'Günther', 'Hartmann', 'Ihde',
                'Jäger', 'Keller', 'Lindner', 'Möller', 'Neumann', 'Otto', 'Peters', 'Quandt', 'Richter',
                'Schäfer', 'Thiele', 'Ullmann', 'Vogt', 'Weber', 'Yildiz', 'Ziegler', 'Brandt', 'Kruse',
                'Lorenz', 'Sommer', 'Winkler'
            ],
            seed,
            'family ' || number
        )
    WHEN 'America/New_York' THEN
        demo.pick(
            ARRAY[
                'Aaliyah', 'Brian', 'Carmen', 'Daniel', 'Emily', 'Frank', 'Grace', 'Hector', 'Irene',
                'James', 'Kayla', 'Luis', 'Monica', 'Nathan', 'Olivia', 'Patrick', 'Quinn', 'Rachel',
                'Samuel', 'Tanya', 'Victor', 'Wendy'
            ],
            seed,
            'given ' || number
        ) || ' ' || demo.pick(
            ARRAY[
                'Adams', 'Brooks', 'Carter', 'Diaz', 'Evans', 'Foster', 'Garcia', 'Hughes', 'Irving',
                'Jenkins', 'Kelly', 'Lopez', 'Murphy', 'Nguyen', 'O''Brien', 'Parker', 'Ramirez', 'Sullivan',
                'Torres', 'Upton', 'Vargas', 'Walker', 'Young', 'Zimmerman', 'Bennett', 'Coleman', 'Fisher',
                'Hayes', 'Reed', 'Stone'
            ],
            seed,
            'family ' || number
        )
    ELSE
        demo.pick(
            ARRAY[
                'Aiko', 'Daichi', 'Emi', 'Fumio', 'Haruka', 'Ichiro', 'Jun', 'Kaori', 'Makoto', 'Naomi',
                'Osamu', 'Rie', 'Sakura', 'Takashi', 'Umeko', 'Wataru', 'Yoko', 'Yuto', 'Hina', 'Kenta',
                'Mei', 'Ren', 'Sora', 'Tomoko'
            ],
            seed,
            'given ' || number
        ) || ' ' || demo.pick(
            ARRAY[
                'Abe', 'Chiba', 'Doi', 'Endo', 'Fujita', 'Goto', 'Hayashi', 'Ishikawa', 'Kato', 'Maeda',
                'Nakamura', 'Ogawa', 'Sato', 'Takahashi', 'Ueda', 'Wada', 'Yamada', 'Arai', 'Hasegawa',
                'Inoue', 'Kimura', 'Mori', 'Nishimura', 'Okada', 'Saito', 'Shimizu', 'Tanaka', 'Uchida',
                'Watanabe', 'Yoshida'
            ],
            seed,
            'family ' || number
        )
END;

COMMENT ON FUNCTION demo.person_name(text, bigint, integer) IS
    'An invented name as one hears them in the zone.';

CREATE FUNCTION demo.division_name(place integer) RETURNS text
LANGUAGE sql
IMMUTABLE
BEGIN ATOMIC
    SELECT
        names.listed[1 + place % cardinality(names.listed)]
        || CASE
            WHEN place >= cardinality(names.listed) THEN ' ' || 1 + place / cardinality(names.listed)
            ELSE ''
        END
    FROM (
        SELECT
            ARRAY[
                'Emergency', 'Surgery', 'Internal Medicine', 'Intensive Care', 'Paediatrics', 'Maternity',
                'Cardiology', 'Neurology', 'Oncology', 'Orthopaedics', 'Radiology', 'Geriatrics',
                'Psychiatry', 'Urology', 'Dermatology', 'Pharmacy', 'Laboratory', 'Dialysis',
                'Rehabilitation', 'Palliative Care'
            ] AS listed
    ) AS names;
END;

COMMENT ON FUNCTION demo.division_name(integer) IS
    'The name of a site''s division at this place, counted from 0.';
