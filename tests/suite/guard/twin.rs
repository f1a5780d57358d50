//! Random statements are accepted and refused as an exclusion constraint does, or as a naive look
//! over the whole table says.

use anyhow::{Context, Result};
use fastrand::Rng;
use rota_tests::database::Database;
use rota_tests::session::Session;
use tokio_postgres::error::SqlState;

/// Keys and hours are few, so that rows meet often.
const KEYS: i32 = 4;
const HORIZON: i32 = 60;

/// What judges the twin of the guarded table.
#[derive(Clone, Copy)]
enum Judge {
    /// A constraint of the table.
    Constraint(&'static str),
    /// A query that says whether the table breaks the rule, asked after each statement.
    Query(&'static str),
}

/// A guard and what it has to be like.
struct Case {
    range_type: &'static str,
    /// Arguments after the columns' names.
    guard: &'static str,
    judge: Judge,
    /// The statement that ends a transaction may be refused, too.
    deferred: bool,
}

#[tokio::test]
async fn a_guard_takes_and_refuses_what_an_exclusion_constraint_does() -> Result<()> {
    for range_type in ["numrange", "int4range"] {
        compare(&Case {
            range_type,
            guard: "predicate => 'binding'",
            judge: Judge::Constraint(
                "EXCLUDE USING gist (key WITH =, span WITH &&) WHERE (binding) DEFERRABLE INITIALLY IMMEDIATE",
            ),
            deferred: false,
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_deferred_guard_takes_and_refuses_what_a_deferred_exclusion_constraint_does() -> Result<()> {
    compare(&Case {
        range_type: "numrange",
        guard: "predicate => 'binding', deferred => true",
        judge: Judge::Constraint(
            "EXCLUDE USING gist (key WITH =, span WITH &&) WHERE (binding) DEFERRABLE INITIALLY DEFERRED",
        ),
        deferred: true,
    })
    .await
}

#[tokio::test]
async fn a_capacity_takes_and_refuses_what_counting_at_every_start_says() -> Result<()> {
    compare(&Case {
        range_type: "int4range",
        guard: "predicate => 'binding', capacity => 3",
        judge: Judge::Query(
            "SELECT EXISTS (
                SELECT FROM twin AS one WHERE binding AND (
                    SELECT count(*) FROM twin AS other
                    WHERE other.binding AND other.key = one.key AND other.span @> coalesce(lower(one.span), -1000)
                ) > 3 AND NOT isempty(span)
            )",
        ),
        deferred: false,
    })
    .await
}

#[tokio::test]
async fn a_load_takes_and_refuses_what_summing_at_every_start_says() -> Result<()> {
    compare(&Case {
        range_type: "int4range",
        guard: "capacity => 1.5, load_column => 'load'",
        judge: Judge::Query(
            "SELECT EXISTS (
                SELECT FROM twin AS one WHERE (
                    SELECT sum(load) FROM twin AS other
                    WHERE other.key = one.key AND other.span @> coalesce(lower(one.span), -1000)
                ) > 1.5 AND NOT isempty(span)
            )",
        ),
        deferred: false,
    })
    .await
}

#[tokio::test]
async fn a_gap_takes_and_refuses_what_widened_ranges_say() -> Result<()> {
    compare(&Case {
        range_type: "int4range",
        guard: "predicate => 'binding', minimum_gap => '3'",
        judge: Judge::Query(
            "SELECT EXISTS (
                SELECT FROM twin AS one JOIN twin AS other
                    ON other.key = one.key AND other.duty_id <> one.duty_id
                WHERE one.binding AND other.binding AND NOT isempty(one.span)
                    AND int4range(lower(one.span), upper(one.span) + 3) && other.span
            )",
        ),
        deferred: false,
    })
    .await
}

/// Runs random transactions on both tables, one session each, and holds every outcome and the
/// rows in the end against each other.
async fn compare(case: &Case) -> Result<()> {
    for seed in 1..=6 {
        let (database, guarded) = tables(case).await?;
        let twin = database.session().await?;
        let mut random = Rng::with_seed(seed);
        let mut refused = 0;
        for number in 0..60 {
            refused += transaction(case, &guarded, &twin, &mut random).await.with_context(|| {
                format!("{} {}, seed {seed}, transaction {number}", case.range_type, case.guard)
            })?;
            let difference = guarded
                .rows("(TABLE duties EXCEPT TABLE twin) UNION ALL (TABLE twin EXCEPT TABLE duties)")
                .await?;
            assert!(
                difference.is_empty(),
                "{}, seed {seed}, transaction {number}: {difference:?}",
                case.guard
            );
        }
        let rows: i64 = guarded.query_one("SELECT count(*) FROM duties", &[]).await?.get(0);
        assert!(refused > 20 && rows > 5, "seed {seed} proves little: {refused} refused, {rows} rows");
        let proof = guarded.rows("SELECT * FROM rota.verify_guard('duties')").await?;
        assert!(proof.is_empty(), "{}, seed {seed}: {proof:?}", case.guard);
    }
    Ok(())
}

async fn tables(case: &Case) -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    let constraint = match case.judge {
        Judge::Constraint(constraint) => format!("ALTER TABLE twin ADD {constraint}"),
        Judge::Query(_) => String::new(),
    };
    session
        .batch_execute(&format!(
            "CREATE EXTENSION btree_gist;
            CREATE TABLE duties (
                duty_id integer PRIMARY KEY, key integer, span {}, binding boolean, load numeric
            );
            CREATE TABLE twin (LIKE duties INCLUDING ALL);
            SELECT rota.guard_overlaps('duties', 'key', 'span', {});
            {constraint}",
            case.range_type, case.guard
        ))
        .await?;
    Ok((database, session))
}

/// A few statements on both tables. Returns how many were refused.
async fn transaction(case: &Case, guarded: &Session, twin: &Session, random: &mut Rng) -> Result<usize> {
    let mut refused = 0;
    both(guarded, twin, "BEGIN").await?;
    for _ in 0..random.usize(1..8) {
        both(guarded, twin, "SAVEPOINT before").await?;
        let statement = statement(case, random);
        let outcome = run(guarded, &statement.replace("TABLE", "duties")).await?;
        let expected = judged(case, twin, &statement.replace("TABLE", "twin")).await?;
        assert_eq!(outcome, expected, "{statement}");
        if outcome.is_some() {
            refused += 1;
            both(guarded, twin, "ROLLBACK TO before").await?;
        } else if random.u8(..10) == 0 {
            both(guarded, twin, "ROLLBACK TO before").await?;
        }
        if case.deferred && random.u8(..6) == 0 {
            let immediate = "SET CONSTRAINTS ALL IMMEDIATE";
            let (outcome, expected) = (run(guarded, immediate).await?, run(twin, immediate).await?);
            assert_eq!(outcome, expected, "{immediate}");
            if outcome.is_some() {
                both(guarded, twin, "ROLLBACK").await?;
                return Ok(refused + 1);
            }
            both(guarded, twin, "SET CONSTRAINTS ALL DEFERRED").await?;
        }
    }
    if random.u8(..10) == 0 {
        both(guarded, twin, "ROLLBACK").await?;
        return Ok(refused);
    }
    let (outcome, expected) = (run(guarded, "COMMIT").await?, run(twin, "COMMIT").await?);
    assert_eq!(outcome, expected, "at the end");
    Ok(refused + usize::from(outcome.is_some()))
}

async fn both(guarded: &Session, twin: &Session, statement: &str) -> Result<()> {
    guarded.batch_execute(statement).await?;
    twin.batch_execute(statement).await?;
    Ok(())
}

/// The SQLSTATE of a refusal, or nothing.
async fn run(session: &Session, statement: &str) -> Result<Option<String>> {
    match session.batch_execute(statement).await {
        Ok(()) => Ok(None),
        Err(error) => {
            let code = error.code().map(SqlState::code).with_context(|| format!("{statement}: {error}"))?;
            Ok(Some(code.to_owned()))
        }
    }
}

async fn judged(case: &Case, twin: &Session, statement: &str) -> Result<Option<String>> {
    let outcome = run(twin, statement).await?;
    match case.judge {
        Judge::Query(query) if outcome.is_none() && twin.text(query).await? == "t" => {
            Ok(Some("23P01".to_owned()))
        }
        Judge::Query(_) | Judge::Constraint(_) => Ok(outcome),
    }
}

fn statement(case: &Case, random: &mut Rng) -> String {
    let id = random.i32(1..80);
    let key = key(random);
    let span = span(case, random);
    match random.u8(..20) {
        0..=5 => format!("INSERT INTO TABLE VALUES {}", row(case, random)),
        6..=8 => {
            let rows: Vec<String> = (0..random.usize(2..6)).map(|_| row(case, random)).collect();
            format!("INSERT INTO TABLE VALUES {} ON CONFLICT (duty_id) DO NOTHING", rows.join(", "))
        }
        9 => format!(
            "INSERT INTO TABLE VALUES {} ON CONFLICT (duty_id) DO UPDATE SET span = excluded.span, key = excluded.key",
            row(case, random)
        ),
        10 => format!("UPDATE TABLE SET span = {span} WHERE duty_id = {id}"),
        11 => format!("UPDATE TABLE SET key = {key} WHERE duty_id BETWEEN {id} AND {id} + 3"),
        12 => format!("UPDATE TABLE SET binding = NOT binding WHERE duty_id BETWEEN {id} AND {id} + 5"),
        13 => format!("UPDATE TABLE SET load = load + 0.25 WHERE duty_id BETWEEN {id} AND {id} + 5"),
        14 => {
            let by = random.i32(-4..5);
            let kind = case.range_type;
            format!(
                "UPDATE TABLE SET span = CASE WHEN isempty(span) THEN span ELSE {kind}(lower(span) + {by}, upper(span) + {by},
                    CASE WHEN lower_inc(span) THEN '[' ELSE '(' END || CASE WHEN upper_inc(span) THEN ']' ELSE ')' END) END
                WHERE key = {}",
                random.i32(1..=KEYS)
            )
        }
        15 => format!(
            "UPDATE TABLE SET key = {KEYS} + 1 - key WHERE duty_id BETWEEN {id} AND {id} + {}",
            random.i32(1..80)
        ),
        16 => format!(
            "INSERT INTO TABLE SELECT duty_id + 40, key, span, binding, load FROM TABLE
            WHERE key = {} AND duty_id < 40 ON CONFLICT (duty_id) DO NOTHING",
            random.i32(1..=KEYS)
        ),
        17 => format!(
            "MERGE INTO TABLE AS target USING (VALUES {}) AS wanted (duty_id, key, span, binding, load)
            ON target.duty_id = wanted.duty_id
            WHEN MATCHED THEN UPDATE SET key = wanted.key, span = wanted.span::{}
            WHEN NOT MATCHED THEN INSERT VALUES (wanted.duty_id, wanted.key, wanted.span::{}, wanted.binding, wanted.load)",
            row(case, random),
            case.range_type,
            case.range_type
        ),
        _ => format!("DELETE FROM TABLE WHERE duty_id BETWEEN {id} AND {id} + {}", random.i32(0..6)),
    }
}

fn row(case: &Case, random: &mut Rng) -> String {
    let binding = random.u8(..10) > 1;
    let load = ["0", "0.25", "0.5", "0.75", "1", "NULL"][random.usize(..6)];
    format!("({}, {}, {}, {binding}, {load}::numeric)", random.i32(1..80), key(random), span(case, random))
}

fn key(random: &mut Rng) -> String {
    if random.u8(..20) == 0 { "NULL::integer".to_owned() } else { random.i32(1..=KEYS).to_string() }
}

fn span(case: &Case, random: &mut Rng) -> String {
    let kind = case.range_type;
    let first = random.i32(0..HORIZON);
    let last = first + random.i32(0..12);
    let (open, close) = if case.range_type == "numrange" {
        (["[", "("][random.usize(..2)], ["]", ")"][random.usize(..2)])
    } else {
        ("[", ")")
    };
    match random.u8(..30) {
        0 => format!("'empty'::{kind}"),
        1 => format!("NULL::{kind}"),
        2 => format!("'{open}{first},)'::{kind}"),
        3 => format!("'(,{last}{close}'::{kind}"),
        _ => format!("'{open}{first},{last}{close}'::{kind}"),
    }
}
