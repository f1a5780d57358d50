//! Random transactions, against an oracle that looks at every row by itself.
//!
//! Row triggers write the tags of each old and new row into a table. What a savepoint takes back of the data,
//! it takes back of that table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::follower::Follower;

const ORACLE: &str = "
    CREATE TABLE parents (parent_id integer PRIMARY KEY);
    INSERT INTO parents SELECT generate_series(0, 9);
    CREATE TABLE duties (
        id integer PRIMARY KEY,
        parent_id integer REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE,
        kind text
    ) PARTITION BY HASH (id);
    CREATE TABLE duties_0 PARTITION OF duties FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE duties_1 PARTITION OF duties FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE plain (id integer PRIMARY KEY, kind text);
    CREATE TABLE expected (transaction bigint, tag bigint);

    CREATE FUNCTION expect() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        root text := 'public.' || TG_ARGV[0];
        key text;
        row_seen jsonb;
    BEGIN
        INSERT INTO expected VALUES (pg_current_xact_id()::text::bigint, rota.tag_hash(root));
        FOREACH row_seen IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
            FOREACH key IN ARRAY TG_ARGV[1]::text[] LOOP
                IF row_seen ->> key IS NOT NULL THEN
                    INSERT INTO expected VALUES (
                        pg_current_xact_id()::text::bigint,
                        rota.tag_hash(format('%s/%s=%s', root, key, row_seen ->> key))
                    );
                END IF;
            END LOOP;
        END LOOP;
        RETURN NULL;
    END $$;
    CREATE TRIGGER expect AFTER INSERT OR UPDATE OR DELETE ON duties
        FOR EACH ROW EXECUTE FUNCTION expect('duties', '{id,parent_id,kind}');
    CREATE TRIGGER expect AFTER INSERT OR UPDATE OR DELETE ON plain
        FOR EACH ROW EXECUTE FUNCTION expect('plain', '{kind}');
    SELECT rota.watch('duties', '{id,parent_id,kind}');
    SELECT rota.watch('plain', '{kind}');";

/// A small generator of numbers, the same for a seed everywhere (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn id(&mut self) -> u64 {
        self.below(30)
    }

    fn parent(&mut self) -> String {
        match self.below(12) {
            known @ 0..=9 => known.to_string(),
            _ => "NULL".to_owned(),
        }
    }

    fn kind(&mut self) -> String {
        ["NULL", "'day'", "'night'", "'a=b/c'", "''"][usize::try_from(self.below(5)).unwrap_or(0)].to_owned()
    }

    fn statement(&mut self) -> String {
        let (id, parent, kind) = (self.id(), self.parent(), self.kind());
        match self.below(14) {
            0..=2 => format!("INSERT INTO duties VALUES ({id}, {parent}, {kind}) ON CONFLICT DO NOTHING"),
            3 => format!(
                "INSERT INTO duties VALUES ({id}, {parent}, {kind}), ({id} + 1, {parent}, NULL)
                ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, parent_id = excluded.parent_id"
            ),
            4 => format!("UPDATE duties SET kind = {kind} WHERE parent_id = {}", self.below(10)),
            5 => format!("UPDATE duties SET parent_id = {parent} WHERE id BETWEEN {id} AND {id} + 3"),
            6 => format!("DELETE FROM duties WHERE id = {id}"),
            7 => format!("UPDATE duties_0 SET kind = {kind} WHERE id < {id}"),
            8 => format!("DELETE FROM duties_1 WHERE id > {id} + 10"),
            9 => format!("DELETE FROM parents WHERE parent_id = {}", self.below(10)),
            10 => "INSERT INTO parents SELECT generate_series(0, 9) ON CONFLICT DO NOTHING".to_owned(),
            11 => format!(
                "INSERT INTO plain VALUES ({id}, {kind}) ON CONFLICT (id) DO UPDATE SET kind = {kind}"
            ),
            12 => format!("DELETE FROM plain WHERE id < {id}"),
            _ => format!(
                "MERGE INTO plain USING (VALUES ({id}), ({id} + 1)) AS given (id) ON plain.id = given.id
                WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (given.id, {kind})"
            ),
        }
    }

    /// A transaction with savepoints, nested and rolled back now and then.
    fn transaction(&mut self) -> Vec<String> {
        let mut steps = vec!["BEGIN".to_owned()];
        let mut depth = 0;
        for _ in 0..=self.below(12) {
            match self.below(6) {
                0 => {
                    depth += 1;
                    steps.push(format!("SAVEPOINT s{depth}"));
                }
                1 if depth > 0 => {
                    steps.push(format!("RELEASE s{depth}"));
                    depth -= 1;
                }
                2 if depth > 0 => steps.push(format!("ROLLBACK TO s{depth}")),
                _ => steps.push(self.statement()),
            }
        }
        steps.push(if self.below(8) == 0 { "ROLLBACK" } else { "COMMIT" }.to_owned());
        steps
    }
}

/// Runs a transaction. A statement that fails is rolled back by a savepoint of its own.
async fn run(session: &Session, steps: &[String]) -> Result<()> {
    for step in steps {
        let is_bare =
            ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"].iter().any(|word| step.starts_with(word));
        if is_bare {
            session.batch_execute(step).await?;
        } else {
            session.batch_execute("SAVEPOINT attempt").await?;
            let rest = if session.batch_execute(step).await.is_ok() { "RELEASE" } else { "ROLLBACK TO" };
            session.batch_execute(&format!("{rest} attempt")).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn random_transactions_announce_exactly_the_tags_of_the_rows_they_leave_touched() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(ORACLE).await?;
    session.batch_execute("SET rota.invalidation_key_limit = 1000").await?;
    for seed in 0..8 {
        let mut random = Random(seed);
        let mut follower = Follower::of(&database).await?;
        session.batch_execute("TRUNCATE expected").await?;
        let mut told = Vec::new();
        for _ in 0..40 {
            let steps = random.transaction();
            run(&session, &steps).await?;
            told.push(steps.join(";\n"));
        }
        let mut expected: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for row in session.query("SELECT DISTINCT transaction, tag FROM expected", &[]).await? {
            expected.entry(row.get(0)).or_default().insert(row.get(1));
        }
        let announced = follower.tags().await?;
        assert!(expected.len() > 15, "seed {seed} does next to nothing");
        assert_eq!(announced, expected, "seed {seed}:\n{}", told.join("\n\n"));
    }
    Ok(())
}
