//! The rules that a roster is held against.

use rota_engine::conflict::{Level, Requirement, Rule};
use rota_engine::{Duration, EngineError, Span};

use super::names::Names;
use super::query::{Connection, Parameters, Row};
use super::views::Views;
use crate::error::ExtensionError;

/// Rules, and where each comes from.
pub(crate) struct Rules {
    /// As the engine wants them.
    pub(crate) rules: Vec<Rule>,
    /// The id of each rule; `None` when it is no row.
    pub(crate) ids: Vec<Option<String>>,
}

impl Rules {
    /// How far from the time in question work has to be known.
    pub(crate) fn reach(&self) -> Duration {
        self.rules.iter().map(|rule| rule.requirement.reach()).max().unwrap_or_default()
    }

    /// Whether anything is summed over people's time, which is told by their clocks.
    pub(crate) fn need_zones(&self) -> bool {
        self.rules.iter().any(|rule| !matches!(rule.requirement, Requirement::Rest(_)))
    }

    /// Whether any rule goes by local days.
    pub(crate) fn need_days(&self) -> bool {
        self.rules.iter().any(|rule| rule.requirement.needs_days())
    }

    /// Whether any rule leaves unpaid breaks out.
    pub(crate) fn need_breaks(&self) -> bool {
        self.rules.iter().any(|rule| rule.requirement.needs_breaks())
    }

    /// Whether any rule limits how many days follow one another.
    pub(crate) fn limit_rows_of_days(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.requirement, Requirement::Days(_)))
    }

    /// One more rest rule, for everybody and at all times, that is no row.
    ///
    /// # Errors
    /// [`ExtensionError::NegativeRest`].
    fn add_rest(&mut self, minutes: i32) -> Result<(), ExtensionError> {
        let minimum = Duration::from_minutes(i64::from(minutes))
            .filter(|minimum| *minimum >= Duration::ZERO)
            .ok_or(ExtensionError::NegativeRest { minutes })?;
        let requirement = Requirement::Rest(minimum);
        self.rules.push(Rule { requirement, level: Level::Violation, team: None, valid: Span::ALWAYS });
        self.ids.push(None);
        Ok(())
    }
}

/// Reads the rules of the types that the engine judges. `minimum_rest_minutes` takes the place of the rest
/// rules; where there is neither, the usual rest holds.
///
/// # Errors
/// As [`Views::check`]; [`ExtensionError::UnreadableRule`]; [`ExtensionError::NegativeRest`].
pub(crate) fn read_rules(
    connection: &Connection,
    views: &Views,
    minimum_rest_minutes: Option<i32>,
    teams: &mut Names,
) -> Result<Rules, ExtensionError> {
    const RULES: &str = "
        SELECT
            rule.rule_id::text,
            rule.rule_type::text,
            rule.parameters::text,
            rule.level::text,
            rule.scope::text,
            rule.during
        FROM
            rota_source.rules AS rule
        WHERE
            rule.rule_type::text = ANY ($types)
            $further
        ORDER BY
            1";
    views.check("rules", &["rule_id", "rule_type", "parameters", "level", "scope", "during"])?;
    let mut found = Rules { rules: Vec::new(), ids: Vec::new() };
    let mut parameters = Parameters::default();
    let types = parameters.texts(&Requirement::TYPES.map(str::to_owned));
    // What one person's contract says, and what is off, is not for everybody.
    let further = [("person_id", " AND rule.person_id IS NULL"), ("mode", " AND rule.mode::text <> 'off'")];
    let further: String =
        further.into_iter().filter(|(column, _)| views.has("rules", column)).map(|(_, text)| text).collect();
    let query = RULES.replace("$types", &types.to_string()).replace("$further", &further);
    connection.for_each(&query, parameters, |row| {
        let unreadable = |fault| ExtensionError::UnreadableRule {
            rule_id: row.text(1).unwrap_or_default().to_owned(),
            rule_type: row.text(2).unwrap_or_default().to_owned(),
            fault,
        };
        // A rule whose range is empty never applies.
        let Some(valid) = row.span(6) else { return Ok(()) };
        let Some(requirement) = read_requirement(row).map_err(unreadable)? else { return Ok(()) };
        if matches!(requirement, Requirement::Rest(_)) && minimum_rest_minutes.is_some() {
            return Ok(());
        }
        found.rules.push(Rule {
            requirement,
            level: Level::from_word(row.text(4).unwrap_or("violation")).map_err(unreadable)?,
            team: row.text(5).map(|team| teams.number(team.into())),
            valid,
        });
        found.ids.push(row.text(1).map(str::to_owned));
        Ok(())
    })?;
    let has_rest = found.rules.iter().any(|rule| matches!(rule.requirement, Requirement::Rest(_)));
    match minimum_rest_minutes {
        Some(minutes) => found.add_rest(minutes)?,
        None if has_rest => {}
        None => found.add_rest(Requirement::DEFAULT_REST_MINUTES)?,
    }
    Ok(found)
}

fn read_requirement(row: &Row<'_>) -> Result<Option<Requirement>, EngineError> {
    let parameters = serde_json::from_str(row.text(3).unwrap_or("{}")).unwrap_or_default();
    Requirement::read(row.text(2).unwrap_or_default(), &members(&parameters))
}

/// The members of a JSON object, strings as they are and anything else as JSON; none of what is no object.
pub(crate) fn members(object: &serde_json::Value) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    object.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}
