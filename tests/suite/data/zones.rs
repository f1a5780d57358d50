//! Every zone that the server knows, over a year: days and weeks tile the time, and a band and what
//! is left of the day make the whole.

use anyhow::Result;
use rota_tests::database::Database;

/// A year and a bit, off the minute, so that it begins and ends within a day, a week and a band. Names
/// that are abbreviations as well (CET) are left out: the server's conversion takes them for those.
const YEAR: &str = "
    CREATE TEMP TABLE zone AS
    SELECT name, tstzrange('2025-12-31 17:00:06Z', '2027-01-02 05:13:00Z') AS during
    FROM pg_timezone_names
    WHERE upper(name) NOT IN (SELECT abbrev FROM pg_timezone_abbrevs)";

const SUMS: &str = "
    SELECT name
    FROM zone
    WHERE rota.worked_minutes(during) <> extract(epoch FROM upper(during) - lower(during)) / 60
        OR (SELECT sum(minutes) FROM rota.split_shift(during, name)) <> rota.worked_minutes(during)
        OR (SELECT sum(minutes) FROM rota.split_shift(during, name, 'week')) <> rota.worked_minutes(during)
        OR rota.minutes_in_band(during, name, '22:00', '06:00')
            + rota.minutes_in_band(during, name, '06:00', '22:00') <> rota.worked_minutes(during)";

/// By the server's own conversion: a piece begins with the first instant of its date, where the
/// piece before it ends.
const SEAMS: &str = "
    SELECT name, period_start, piece
    FROM (
        SELECT name, period_start, piece, lag(upper(piece)) OVER (PARTITION BY name ORDER BY piece) AS before
        FROM zone, rota.split_shift(during, name)
    ) AS split
    WHERE (lower(piece) AT TIME ZONE name)::date <> period_start
        OR before <> lower(piece)
        OR before IS NOT NULL
            AND ((lower(piece) - interval '1 microsecond') AT TIME ZONE name)::date >= period_start";

#[tokio::test]
async fn in_every_zone_days_weeks_and_bands_sum_to_the_whole_year() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(YEAR).await?;
    assert!(session.text("SELECT count(*) > 400 FROM zone").await? == "t");
    let wrong = session.rows(SUMS).await?;
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

#[tokio::test]
async fn in_every_zone_the_pieces_of_a_year_begin_with_the_first_instant_of_a_local_day() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(YEAR).await?;
    let wrong = session.rows(SEAMS).await?;
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}
