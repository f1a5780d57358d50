//! What each misuse is answered with: a standard SQLSTATE, and the argument in question.

use anyhow::Result;
use rota_tests::database::Database;

/// Every statement is refused with this SQLSTATE, and says which argument is at fault.
async fn refused(sqlstate: &str, misuses: &[(&str, &str)]) -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for (statement, argument) in misuses {
        let refusal = session.refusal(statement).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{statement}: {refusal:?}");
        let names_it = refusal.column.as_deref() == Some(*argument) || refusal.message.contains(argument);
        assert!(names_it, "{statement} does not name {argument}: {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_zone_is_an_invalid_value_of_its_argument() -> Result<()> {
    refused(
        "22023",
        &[
            ("SELECT rota.shift_range('2025-06-02', '08:00', '16:00', 'Europe/Atlantis')", "time_zone"),
            ("SELECT rota.shift_range('2025-06-02', '08:00', '16:00', '')", "time_zone"),
            ("SELECT rota.local_days('[2025-06-02,2025-06-03)', 'Berlin1')", "time_zone"),
            ("SELECT rota.split_shift('[2025-06-02 08:00+00,2025-06-02 09:00+00)', 'nowhere')", "time_zone"),
            (
                "SELECT rota.minutes_in_band('[2025-06-02 08:00+00,2025-06-02 09:00+00)', 'x', '22:00', '06:00')",
                "time_zone",
            ),
        ],
    )
    .await
}

#[tokio::test]
async fn an_unknown_word_is_an_invalid_value_of_its_argument() -> Result<()> {
    refused(
        "22023",
        &[
            ("SELECT rota.shift_range('2025-06-02', '08:00', '16:00', 'UTC', fold => 'sometimes')", "fold"),
            ("SELECT rota.shift_range('2025-06-02', '08:00', '16:00', 'UTC', gap => 'never')", "gap"),
            (
                "SELECT rota.split_shift('[2025-06-02 08:00+00,2025-06-02 09:00+00)', 'UTC', 'fortnight')",
                "boundary",
            ),
        ],
    )
    .await
}

#[tokio::test]
async fn a_range_without_ends_has_no_length() -> Result<()> {
    refused(
        "22023",
        &[
            ("SELECT rota.worked_minutes('[2025-06-02 08:00+00,)')", "during"),
            ("SELECT rota.worked_minutes('[2025-06-02 08:00+00,infinity)')", "during"),
            ("SELECT rota.split_shift('(,2025-06-02 08:00+00)', 'UTC')", "during"),
            ("SELECT rota.minutes_in_band('(,)', 'UTC', '22:00', '06:00')", "during"),
            ("SELECT rota.union_minutes(ARRAY['(,)']::tstzrange[])", "ranges"),
        ],
    )
    .await
}

#[tokio::test]
async fn a_break_is_neither_negative_nor_longer_than_the_shift() -> Result<()> {
    let worked = "SELECT rota.worked_minutes('[2025-06-02 08:00+00,2025-06-02 09:00+00)'";
    refused(
        "22023",
        &[(&format!("{worked}, 61)"), "break_minutes"), (&format!("{worked}, -1)"), "break_minutes")],
    )
    .await
}

#[tokio::test]
async fn a_page_is_asked_for_within_its_limits() -> Result<()> {
    let page = |sort: &str, cursor: &str, size: i32| {
        format!(
            "SELECT * FROM rota.keyset_page('{sort}', \
             '{{\"name\": {{\"expression\": \"e.name\", \"type\": \"text\", \"nullable\": false}}}}', \
             'e.employee_id', {cursor}, {size})"
        )
    };
    refused(
        "22023",
        &[
            (&page("wage", "NULL", 100), "sort"),
            (&page("name", "NULL", 0), "page_size"),
            (&page("name", "NULL", 1001), "page_size"),
            (&page("name", "'garbage'", 100), "cursor"),
            (&page("name", "rota.keyset_cursor('-name', 'x', 1)", 100), "cursor"),
        ],
    )
    .await
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_served_is_not_exposed() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE FUNCTION reads(id bigint) RETURNS json LANGUAGE sql STABLE AS $$ SELECT '1'::json $$;
             CREATE FUNCTION writes(id bigint) RETURNS json LANGUAGE sql VOLATILE AS $$ SELECT '1'::json $$;
             CREATE FUNCTION nameless(bigint) RETURNS json LANGUAGE sql STABLE AS $$ SELECT '1'::json $$;
             CREATE FUNCTION no_json(id bigint) RETURNS text LANGUAGE sql STABLE AS $$ SELECT '1' $$;",
        )
        .await?;
    let misuses = [
        ("writes(bigint)", "GET", "/x/{id}"),
        ("reads(bigint)", "FETCH", "/x/{id}"),
        ("reads(bigint)", "GET", "x/{id}"),
        ("reads(bigint)", "GET", "/x/{other}"),
        ("nameless(bigint)", "GET", "/x"),
        ("no_json(bigint)", "GET", "/x/{id}"),
    ];
    for (function, method, path) in misuses {
        let statement = format!("SELECT rota.expose('{function}'::regprocedure, '{method}', '{path}')");
        let refusal = session.refusal(&statement).await?;
        assert!(
            refusal.sqlstate.starts_with("22") || refusal.sqlstate.starts_with("42"),
            "{statement}: {refusal:?}"
        );
    }
    session.rows("SELECT rota.expose('reads(bigint)'::regprocedure, 'GET', '/x/{id}')").await?;
    Ok(())
}

#[tokio::test]
async fn nothing_in_is_nothing_out() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for expression in [
        "rota.shift_range(NULL, '08:00', '16:00', 'UTC')",
        "rota.shift_range('2025-06-02', '08:00', '16:00', NULL)",
        "rota.local_days(NULL, 'UTC')",
        "rota.worked_minutes(NULL)",
        "rota.minutes_in_band(NULL, 'UTC', '22:00', '06:00')",
    ] {
        assert_eq!(session.text(&format!("SELECT {expression} IS NULL")).await?, "t", "{expression}");
    }
    Ok(())
}
