//! Shifts, how much each person works in each week, and the same twice: tracked and not.

use anyhow::{Context, Result};
use tokio_postgres::Client;

/// Shifts, unless the environment says another number.
const SHIFTS: u32 = 1_000_000;

/// Names the environment's variable.
const SHIFTS_VARIABLE: &str = "ROTA_BENCH_SHIFTS";

/// Shifts of one person: a hundred in fifteen weeks.
pub(super) const SHIFTS_PER_PERSON: u32 = 100;

/// Makes the tables and the views, and tells how many shifts there are.
pub(super) async fn make(session: &Client) -> Result<u32> {
    let shifts = match std::env::var(SHIFTS_VARIABLE) {
        Ok(given) => given.parse().with_context(|| format!("{SHIFTS_VARIABLE}={given}"))?,
        Err(_) => SHIFTS,
    };
    session.batch_execute("CREATE EXTENSION rota").await?;
    for table in ["shifts", "untracked"] {
        session
            .batch_execute(&format!(
                "CREATE TABLE public.{table} (
                    shift_id integer PRIMARY KEY, person_id integer NOT NULL,
                    starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
                    week date GENERATED ALWAYS AS (
                        date_trunc('week', starts_at AT TIME ZONE 'Europe/Berlin')::date
                    ) STORED
                );
                INSERT INTO public.{table}
                SELECT g, g / {SHIFTS_PER_PERSON}, at, at + (6 + g % 4) * interval '1 hour'
                FROM generate_series(0, {shifts} - 1) AS g
                    CROSS JOIN LATERAL (
                        SELECT timestamptz '2026-01-05 06:00Z'
                            + (g % {SHIFTS_PER_PERSON}) * interval '25 hours' AS at
                    ) AS start;
                CREATE INDEX ON public.{table} (person_id, week);
                CREATE VIEW public.{table}_by_week AS
                SELECT person_id, week, count(*) AS shifts, sum(extract(epoch FROM ends_at - starts_at)) / 60 AS minutes
                FROM public.{table} GROUP BY 1, 2"
            ))
            .await
            .with_context(|| table.to_owned())?;
    }
    session
        .batch_execute(
            r#"CREATE MATERIALIZED VIEW public.twin AS TABLE public.untracked_by_week;
            CREATE UNIQUE INDEX ON public.twin (person_id, week);
            SELECT rota.create_rollup('public.weekly', 'public.shifts_by_week', '{person_id,week}',
                '{"public.shifts": ["person_id", "week"]}')"#,
        )
        .await?;
    session.batch_execute("VACUUM ANALYZE").await?;
    Ok(shifts)
}
