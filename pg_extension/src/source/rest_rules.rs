//! How much rest there has to be.

use rota_engine::conflict::{Level, RestRule};
use rota_engine::{Duration, Span};

use super::names::Names;
use super::query::{Connection, Parameters};
use super::views::Views;
use crate::error::ExtensionError;

/// Rest rules, and where each comes from.
pub(crate) struct RestRules {
    /// As the engine wants them.
    pub(crate) rules: Vec<RestRule>,
    /// The id of each rule; `None` when it is no row.
    pub(crate) ids: Vec<Option<String>>,
}

impl RestRules {
    /// One rule for everybody and at all times, from a number of minutes.
    ///
    /// # Errors
    /// [`ExtensionError::NegativeRest`].
    pub(crate) fn of_minutes(minutes: i32) -> Result<Self, ExtensionError> {
        let minimum = Duration::from_minutes(i64::from(minutes))
            .filter(|minimum| *minimum >= Duration::ZERO)
            .ok_or(ExtensionError::NegativeRest { minutes })?;
        let rule = RestRule { minimum, level: Level::Violation, team: None, valid: Span::ALWAYS };
        Ok(Self { rules: vec![rule], ids: vec![None] })
    }

    /// The longest rest that any rule asks for.
    pub(crate) fn longest(&self) -> Duration {
        self.rules.iter().map(|rule| rule.minimum).max().unwrap_or_default()
    }
}

/// Reads the rules of type `rest_period`. Where there are none, the usual one holds.
///
/// # Errors
/// As [`Views::check`]; [`ExtensionError::UnreadableRule`].
pub(crate) fn read_rest_rules(
    connection: &Connection,
    views: &Views,
    teams: &mut Names,
) -> Result<RestRules, ExtensionError> {
    const RULES: &str = "
        SELECT
            rule.rule_id::text,
            rule.parameters ->> 'minimum_minutes',
            rule.level::text,
            rule.scope::text,
            rule.during
        FROM
            rota_source.rules AS rule
        WHERE
            rule.rule_type::text = 'rest_period'
        ORDER BY
            1";
    views.check("rules", &["rule_id", "rule_type", "parameters", "level", "scope", "during"])?;
    let mut found = RestRules { rules: Vec::new(), ids: Vec::new() };
    connection.for_each(RULES, Parameters::default(), |row| {
        let (minutes, level) = (row.text(2).unwrap_or_default(), row.text(3).unwrap_or("violation"));
        let unreadable = || ExtensionError::UnreadableRule {
            rule_id: row.text(1).unwrap_or_default().to_owned(),
            minutes: minutes.to_owned(),
            level: level.to_owned(),
        };
        let minimum = minutes.parse().ok().filter(|minutes| *minutes >= 0).and_then(Duration::from_minutes);
        // A rule whose range is empty never applies.
        let Some(valid) = row.span(5) else { return Ok(()) };
        found.rules.push(RestRule {
            minimum: minimum.ok_or_else(unreadable)?,
            level: Level::from_word(level).map_err(|_| unreadable())?,
            team: row.text(4).map(|team| teams.number(team.into())),
            valid,
        });
        found.ids.push(row.text(1).map(str::to_owned));
        Ok(())
    })?;
    if found.rules.is_empty() { RestRules::of_minutes(RestRule::DEFAULT_MINIMUM_MINUTES) } else { Ok(found) }
}
