//! Sets of rules: those of the extension, and those that the view shows.

use pgrx::{JsonB, pg_sys};
use rota_engine::Span;
use rota_engine::rule::{Level, Mode, Requirement, RuleKind};

use super::query::{Connection, Parameters};
use super::question::Question;
use super::rules::members;
use super::streamed_row::StreamedRow;
use super::views::Views;
use crate::error::ExtensionError;

/// A rule, and what the engine has no use for.
#[derive(Debug, Clone)]
pub(crate) struct RuleRow {
    /// The engine's.
    pub(crate) rule: rota_engine::rule::Rule,
    /// Its type.
    pub(crate) rule_type: String,
    /// The set that it belongs to.
    pub(crate) rule_set: Option<String>,
    /// Its name in the set.
    pub(crate) name: Option<String>,
    /// What it asks for, in a line.
    pub(crate) title: Option<String>,
    /// Where it is law.
    pub(crate) jurisdiction: Option<String>,
    /// The one team that it holds for.
    pub(crate) team: Option<String>,
    /// The one person that it holds for.
    pub(crate) person: Option<String>,
    /// Whether conflicts are found by it, too.
    pub(crate) is_of_conflicts: bool,
}

/// The question for the rules of a set, or of the view.
pub(crate) struct RuleQuestion {
    question: Question,
    rule_set: Option<String>,
}

impl RuleQuestion {
    /// Asks for the rules of a set: one of the extension's, else one that the view shows. Without a name, all
    /// that the view shows.
    ///
    /// # Errors
    /// As [`Views::check`]; [`ExtensionError::UnknownRuleSet`].
    pub(crate) fn new(
        connection: &Connection,
        views: &Views,
        rule_set: Option<&str>,
    ) -> Result<Self, ExtensionError> {
        let query = match rule_set {
            None => view_query(views, false)?,
            Some(name) if is_preset(connection, name)? => PRESET.to_owned(),
            Some(name) => {
                let unknown = || ExtensionError::UnknownRuleSet { name: name.to_owned() };
                if !views.has("rules", "rule_set") {
                    return Err(unknown());
                }
                let query = view_query(views, true)?;
                let mut is_known = false;
                let parameters = parameters_of(rule_set);
                connection.stream_with(&query, &parameters, &mut |_| {
                    is_known = true;
                    Ok(())
                })?;
                if !is_known {
                    return Err(unknown());
                }
                query
            }
        };
        Ok(Self { question: Question::new(query), rule_set: rule_set.map(str::to_owned) })
    }

    /// Has the server keep the plan.
    ///
    /// # Errors
    /// As [`Question::prepare`].
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        self.question.prepare(connection, &parameters_of(self.rule_set.as_deref()))
    }

    /// The tables on whose rows alone the rules depend; `None` where they may depend on anything else. To be
    /// asked for after the rules were.
    pub(crate) fn tables(&self) -> Option<Vec<pg_sys::Oid>> {
        let mut relations = self.question.relations()?;
        // A view is part of the query; its rows are those of its tables.
        // SAFETY: any id may be asked for.
        let kind = |relation| unsafe { pg_sys::get_rel_relkind(relation) }.cast_unsigned();
        relations.retain(|relation| kind(*relation) != pg_sys::RELKIND_VIEW);
        Some(relations)
    }

    /// Whether the views and functions that make the rules of the tables are as they were when they were asked
    /// for last.
    pub(crate) fn is_valid(&self) -> bool {
        self.question.is_valid()
    }

    /// The rules as they are written, to be compared with those of another time.
    ///
    /// # Errors
    /// None of its own; what the server refuses is raised.
    pub(crate) fn ask(&self, connection: &Connection) -> Result<Vec<WrittenRule>, ExtensionError> {
        let mut written = Vec::new();
        self.question.ask(connection, &parameters_of(self.rule_set.as_deref()), &mut |row| {
            written.push(WrittenRule::of(row));
            Ok(())
        })?;
        Ok(written)
    }
}

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenRule {
    texts: [Option<Box<str>>; TEXTS],
    valid: Option<Span>,
}

/// Columns of text, in this order: id, type, parameters, level, mode, set, name, title, jurisdiction, source,
/// team, person. After them, when it is valid.
const TEXTS: usize = 12;

const PRESET: &str = "
    SELECT
        rule.rule_set || '/' || rule.rule_name,
        rule.rule_type,
        rule.parameters::text,
        rule.level,
        rule.mode,
        rule.rule_set,
        rule.rule_name,
        rule.title,
        known.jurisdiction,
        rule.source,
        NULL::text,
        NULL::text,
        rota.local_days(rule.valid, 'UTC')
    FROM
        rota.preset_rules AS rule
        JOIN rota.rule_sets AS known ON known.rule_set = rule.rule_set
    WHERE
        rule.rule_set = $1
        AND rule.mode <> 'off'
    ORDER BY
        rule.rule_name";

fn view_query(views: &Views, of_one_set: bool) -> Result<String, ExtensionError> {
    const VIEW: &str = "rules";
    views.check(VIEW, &["rule_id", "rule_type", "parameters", "level", "scope", "during"])?;
    let optional = |column: &'static str| {
        if views.has(VIEW, column) { format!("rule.{column}::text") } else { "NULL::text".to_owned() }
    };
    Ok(format!(
        "SELECT rule.rule_id::text, rule.rule_type::text, rule.parameters::text, rule.level::text, {mode},
            {rule_set}, {name}, {title}, {jurisdiction}, {source}, rule.scope::text, {person}, rule.during
        FROM rota_source.rules AS rule
        WHERE {condition}
        ORDER BY 1",
        mode = optional("mode"),
        rule_set = optional("rule_set"),
        name = optional("rule_name"),
        title = optional("title"),
        jurisdiction = optional("jurisdiction"),
        source = optional("source"),
        person = optional("person_id"),
        condition = if of_one_set { "rule.rule_set::text = $1" } else { "true" },
    ))
}

fn parameters_of(rule_set: Option<&str>) -> Parameters {
    let mut parameters = Parameters::default();
    if let Some(name) = rule_set {
        parameters.text(name);
    }
    parameters
}

fn is_preset(connection: &Connection, name: &str) -> Result<bool, ExtensionError> {
    let mut found = false;
    let mut parameters = Parameters::default();
    parameters.text(name);
    let query = "SELECT true FROM rota.rule_sets AS known WHERE known.rule_set = $1";
    connection.stream_with(query, &parameters, &mut |_| {
        found = true;
        Ok(())
    })?;
    Ok(found)
}

impl WrittenRule {
    fn of(row: StreamedRow<'_>) -> Self {
        let mut column = 0;
        let texts = [(); TEXTS].map(|()| {
            column += 1;
            row.text(column).map(Box::from)
        });
        Self { texts, valid: row.span(column + 1) }
    }

    /// Reads it; `None` for a rule that is off or valid at no time.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableRule`], naming the parameter.
    pub(crate) fn read(&self) -> Result<Option<RuleRow>, ExtensionError> {
        let [
            id,
            rule_type,
            parameters,
            level,
            mode,
            rule_set,
            name,
            title,
            jurisdiction,
            source,
            team,
            person,
        ] = self.texts.each_ref().map(|text| text.as_deref());
        let rule_type = rule_type.unwrap_or_default();
        let unreadable = |fault| ExtensionError::UnreadableRule {
            rule_id: id.unwrap_or_default().to_owned(),
            rule_type: rule_type.to_owned(),
            fault,
        };
        let mode = mode.map_or(Ok(Mode::default()), Mode::from_word).map_err(unreadable)?;
        let Some(valid) = self.valid.filter(|_| mode != Mode::Off) else { return Ok(None) };
        let parameters: serde_json::Value =
            serde_json::from_str(parameters.unwrap_or("{}")).unwrap_or_default();
        let parameters = members(&parameters);
        let (kind, applies) = RuleKind::read(rule_type, &parameters).map_err(unreadable)?;
        let requirement = Requirement::read(rule_type, &parameters).map_err(unreadable)?;
        let level = Level::from_word(level.unwrap_or("violation")).map_err(unreadable)?;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Some(RuleRow {
            rule: rota_engine::rule::Rule {
                id: id.unwrap_or_default().to_owned(),
                kind,
                applies,
                level,
                mode,
                valid,
                source: source.unwrap_or_default().to_owned(),
            },
            rule_type: rule_type.to_owned(),
            rule_set: owned(rule_set),
            name: owned(name),
            title: owned(title),
            jurisdiction: owned(jurisdiction),
            team: owned(team),
            person: owned(person),
            is_of_conflicts: requirement.is_some() && person.is_none(),
        }))
    }
}

/// The pay rules by which overtime is told in a jurisdiction, as `rota.pay_rules` has them; `None` where the
/// extension has none.
///
/// # Errors
/// None of its own; what the server refuses is raised.
pub(crate) fn read_pay_rules(
    connection: &Connection,
    jurisdiction: &str,
) -> Result<Option<JsonB>, ExtensionError> {
    let preset = match jurisdiction {
        "JP" => "japan",
        "US" => "flsa",
        _ => return Ok(None),
    };
    let mut found = None;
    let mut parameters = Parameters::default();
    parameters.text(preset);
    connection.stream_with("SELECT rota.pay_rules($1)::text", &parameters, &mut |slot| {
        // SAFETY: the slot holds a row of this query, and lives for the time of the call.
        let row = unsafe { StreamedRow::new(slot) };
        found = row.text(1).and_then(|text| serde_json::from_str(text).ok()).map(JsonB);
        Ok(())
    })?;
    Ok(found)
}
