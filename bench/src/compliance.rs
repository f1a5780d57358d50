//! Rules over everybody's work against reading that work sorted, and rules at each write against writing.

mod full_check;
mod writes;

use anyhow::{Context, Result};
use rota_harness::environment::Environment;

use crate::fixture::Fixture;
use crate::report::Report;

/// Weeks of duties, and duties of a week.
const WEEKS: u32 = 26;
const DUTIES_PER_WEEK: u32 = 5;

/// Source views over two plain tables, as another system would write them: people in four zones, five duties of
/// eight hours and a half a week, by day and by night in turns, a rotation every four weeks, a week of leave now
/// and then.
const SOURCE: &str = "
    CREATE EXTENSION rota;
    CREATE SCHEMA rota_source;
    CREATE TABLE staff (person_id integer PRIMARY KEY, time_zone text NOT NULL);
    CREATE TABLE duties (
        duty_id bigint GENERATED ALWAYS AS IDENTITY,
        person_id integer NOT NULL,
        during tstzrange NOT NULL,
        nature text,
        unpaid_minutes integer NOT NULL DEFAULT 30
    );
    CREATE TABLE leaves (person_id integer, during tstzrange);
    CREATE TABLE rotations (person_id integer, kind text, during tstzrange);
    CREATE TABLE house_rules (rule_id text, rule_type text, parameters jsonb, level text, mode text);
    CREATE VIEW rota_source.people AS
    SELECT person_id, 'Person ' || person_id AS name, time_zone, person_id % 100 AS team_id, true AS active,
        '{}'::jsonb AS attributes
    FROM staff;
    CREATE VIEW rota_source.assignments AS
    SELECT duty_id AS assignment_id, person_id, NULL::bigint AS shift_id, during, nature AS kind, true AS binding,
        1::numeric AS load, unpaid_minutes, nature, false AS estimated
    FROM duties;
    CREATE VIEW rota_source.absences AS
    SELECT person_id, during, 'leave'::text AS kind, true AS excluded_from_averages FROM leaves;
    CREATE VIEW rota_source.rotations AS SELECT person_id, kind, during FROM rotations;
    CREATE VIEW rota_source.rules AS
    SELECT rule_id, rule_type, parameters, level, NULL::text AS scope, '(,)'::tstzrange AS during, mode
    FROM house_rules";

/// People to judge: as many as the bar speaks of, unless the environment says another number.
fn people() -> Result<u32> {
    const SETTING: &str = "ROTA_BENCH_PEOPLE";
    match std::env::var(SETTING) {
        Ok(people) => {
            people.parse().with_context(|| format!("{SETTING} is {people}, a number would be right"))
        }
        Err(_) => Ok(10_000),
    }
}

fn data(people: u32) -> String {
    format!(
        "INSERT INTO staff
        SELECT n, (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Sydney'])[n % 4 + 1]
        FROM generate_series(1, {people}) AS n;
        INSERT INTO duties (person_id, during, nature)
        SELECT n, tstzrange(start, start + interval '8 hours 30 minutes'),
            CASE WHEN (n + week) % 13 = 0 THEN 'call' END
        FROM generate_series(1, {people}) AS n, generate_series(0, {WEEKS} - 1) AS week,
            generate_series(0, {DUTIES_PER_WEEK} - 1) AS day,
            LATERAL (
                SELECT timestamptz '2026-01-05 00:00Z' + (week * 7 + day) * interval '1 day'
                    + (n + week) % 3 * interval '7 hours' AS start
            ) AS at
        ORDER BY n, week, day;
        INSERT INTO leaves
        SELECT n, rota.local_days(daterange(first, first + 7), 'UTC')
        FROM generate_series(1, {people}) AS n,
            LATERAL (SELECT date '2026-01-05' + n % {WEEKS} * 7 AS first) AS at
        WHERE n % 3 = 0;
        INSERT INTO rotations
        SELECT n, CASE n % 5 WHEN 0 THEN 'night_float' ELSE 'ward' END,
            rota.local_days(daterange(first, first + 28), staff.time_zone)
        FROM generate_series(1, {people}) AS n
            JOIN staff ON staff.person_id = n,
            generate_series(0, 6) AS block, LATERAL (SELECT date '2026-01-05' + block * 28 AS first) AS at;
        CREATE INDEX ON duties (person_id, lower(during));
        CREATE INDEX ON leaves (person_id);
        VACUUM (ANALYZE) duties"
    )
}

/// Measures both.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::bare(environment)?;
    let session = fixture.session().await?;
    session.batch_execute(SOURCE).await.context("making the views")?;
    for statement in data(people()?).split(";\n") {
        session.batch_execute(statement).await.context("making the duties")?;
    }
    full_check::measure(&session, report).await.context("a full check")?;
    writes::measure(&fixture, &session, report).await.context("writes")
}
