//! Who may guard, who is guarded, and what nobody learns from a refusal.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{clash, duties, duty, guard, guarded_with, unguarded};

/// A role of its own for each test, since roles belong to the whole cluster.
async fn role(session: &Session, name: &str, rights: &str) -> Result<()> {
    session
        .batch_execute(&format!(
            "DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA public TO {name}; {rights}"
        ))
        .await?;
    Ok(())
}

async fn forget(session: &Session, name: &str) -> Result<()> {
    session.batch_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}")).await?;
    Ok(())
}

#[tokio::test]
async fn only_the_owner_of_a_table_guards_and_unguards_it() -> Result<()> {
    let (database, session) = unguarded().await?;
    role(&session, "guard_stranger", "GRANT ALL ON duties TO guard_stranger").await?;
    let stranger = database.session_as("guard_stranger").await?;
    let refusal = stranger.refusal(&format!("SELECT {}", guard("duties", ""))).await?;
    assert_eq!(refusal.sqlstate, "42501", "{refusal:?}");
    session.batch_execute(&format!("SELECT {}", guard("duties", ""))).await?;
    let refusal = stranger.refusal("SELECT rota.unguard_overlaps('duties')").await?;
    assert_eq!(refusal.sqlstate, "42501", "{refusal:?}");
    stranger.batch_execute(&duty(1, 7, 8, 16)).await?;
    clash(&stranger, &duty(2, 7, 8, 16)).await?;
    forget(&session, "guard_stranger").await
}

#[tokio::test]
async fn an_owner_needs_no_other_rights() -> Result<()> {
    let (database, session) = unguarded().await?;
    role(
        &session,
        "guard_owner",
        "ALTER TABLE duties OWNER TO guard_owner; GRANT CREATE ON SCHEMA public TO guard_owner",
    )
    .await?;
    let owner = database.session_as("guard_owner").await?;
    owner.batch_execute(&format!("SELECT {}", guard("duties", ""))).await?;
    owner.batch_execute(&duty(1, 7, 8, 16)).await?;
    clash(&owner, &duty(2, 7, 8, 16)).await?;
    assert!(owner.rows("SELECT * FROM rota.verify_guard('duties')").await?.is_empty());
    owner.batch_execute("SELECT rota.unguard_overlaps('duties')").await?;
    forget(&session, "guard_owner").await
}

#[tokio::test]
async fn who_may_only_insert_is_guarded_and_reads_nothing_in_the_refusal() -> Result<()> {
    for arguments in ["", "capacity => 1, load_column => 'share'", "deferred => true"] {
        let (database, session) = unguarded().await?;
        session.batch_execute("ALTER TABLE duties ADD COLUMN share numeric DEFAULT 1").await?;
        session.batch_execute(&format!("SELECT {}", guard("duties", arguments))).await?;
        role(&session, "guard_writer", "GRANT INSERT ON duties TO guard_writer").await?;
        session.batch_execute(&duty(1, 7, 8, 16)).await?;
        let writer = database.session_as("guard_writer").await?;
        writer.batch_execute(&duty(2, 8, 8, 16)).await?;
        let refusal = clash(&writer, &duty(3, 7, 12, 20)).await?;
        let told = format!("{refusal:?}");
        for secret in ["(1)", "08:00", "16:00"] {
            assert!(!told.contains(secret), "{arguments}: {secret} told in {told}");
        }
        assert_eq!(refusal.constraint.as_deref(), Some("duties_no_overlap"));
        forget(&session, "guard_writer").await?;
    }
    Ok(())
}

#[tokio::test]
async fn rows_that_row_security_hides_are_in_the_way_and_not_told() -> Result<()> {
    let (database, session) = guarded_with("predicate => 'binding'").await?;
    role(
        &session,
        "guard_viewer",
        "GRANT ALL ON duties TO guard_viewer;
        ALTER TABLE duties ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON duties TO guard_viewer USING (note = 'mine') WITH CHECK (true)",
    )
    .await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    let viewer = database.session_as("guard_viewer").await?;
    assert!(duties(&viewer).await?.is_empty());
    let refusal = clash(&viewer, &duty(2, 7, 12, 20)).await?;
    let told = format!("{refusal:?}");
    for secret in ["(1)", "08:00", "16:00"] {
        assert!(!told.contains(secret), "{secret} told in {told}");
    }
    viewer.batch_execute(&duty(2, 7, 16, 20)).await?;
    // Row security that binds the owner, too, hides nothing from the guard.
    session
        .batch_execute(
            "ALTER TABLE duties FORCE ROW LEVEL SECURITY; ALTER TABLE duties OWNER TO guard_viewer",
        )
        .await?;
    clash(&viewer, &duty(3, 7, 12, 20)).await?;
    session.batch_execute("ALTER TABLE duties OWNER TO postgres").await?;
    forget(&session, "guard_viewer").await
}

#[tokio::test]
async fn a_writers_search_path_and_functions_do_not_bend_the_guard() -> Result<()> {
    let (database, session) =
        guarded_with("predicate => 'binding AND lower(coalesce(note, ''A'')) = ''a'''").await?;
    role(
        &session,
        "guard_forger",
        "GRANT ALL ON duties TO guard_forger; CREATE SCHEMA forged AUTHORIZATION guard_forger",
    )
    .await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    let forger = database.session_as("guard_forger").await?;
    forger
        .batch_execute(
            "CREATE FUNCTION forged.lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'b' $$;
            CREATE FUNCTION forged.lower(tstzrange) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT now() $$;
            CREATE FUNCTION forged.never(anyrange, anyrange) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT false $$;
            CREATE OPERATOR forged.&& (LEFTARG = anyrange, RIGHTARG = anyrange, FUNCTION = forged.never);
            CREATE TABLE forged.duties (LIKE public.duties);
            SET search_path = forged, pg_catalog, public",
        )
        .await?;
    let insert = "INSERT INTO public.duties (duty_id, person, during) VALUES (2, 7, public.hours(8, 16))";
    assert_eq!(clash(&forger, insert).await?.sqlstate, "23P01");
    forger.batch_execute("SET search_path = pg_temp").await?;
    clash(&forger, insert).await?;
    drop(forger);
    forget(&session, "guard_forger").await
}

#[tokio::test]
async fn triggers_of_the_guard_do_nothing_elsewhere() -> Result<()> {
    let (_database, session) = unguarded().await?;
    for function in ["guard_statement", "guard_row"] {
        let refusal = session.refusal(&format!("SELECT rota.{function}()")).await?;
        assert!(["0A000", "39P01"].contains(&refusal.sqlstate.as_str()), "{refusal:?}");
    }
    // Made by hand, a trigger says what it misses instead of letting rows pass.
    session
        .batch_execute(
            "CREATE TRIGGER made_by_hand AFTER INSERT ON duties
                REFERENCING NEW TABLE AS fresh
                FOR EACH STATEMENT EXECUTE FUNCTION rota.guard_statement('guard=x')",
        )
        .await?;
    let refusal = session.refusal(&duty(1, 7, 8, 16)).await?;
    assert!(["39P01", "55000", "22023"].contains(&refusal.sqlstate.as_str()), "{refusal:?}");
    Ok(())
}
