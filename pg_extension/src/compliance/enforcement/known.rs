//! Rules and plans that a backend keeps from one write to the next.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::{pg_guard, pg_sys};

use super::arguments::Arguments;
use crate::compliance::inquiry::Questions;
use crate::compliance::law::Law;
use crate::compliance::one_person::OnePerson;
use crate::error::ExtensionError;
use crate::source::{Connection, RowVersions, RuleQuestion, Views, WrittenRule};

thread_local! {
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Rc<Known>>> = RefCell::default();
    /// The views and tables that the plans were made for.
    static SOURCES: RefCell<Vec<pg_sys::Oid>> = RefCell::default();
    /// Whether one of them changed since.
    static IS_STALE: Cell<bool> = const { Cell::new(false) };
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// What one enforcement is judged by.
pub(super) struct Known {
    /// Under whose name people are locked.
    home: pg_sys::Oid,
    rule_question: RuleQuestion,
    written: Vec<WrittenRule>,
    /// The tables that the rules are read from, where they are read from nothing else.
    rule_tables: Option<Vec<pg_sys::Oid>>,
    /// The rows that were in them.
    rule_rows: RefCell<Option<RowVersions>>,
    /// The rules that act on writes.
    pub(super) law: Law,
    /// What is asked about several people.
    pub(super) questions: Questions,
    /// What is asked about one.
    pub(super) one_person: OnePerson,
}

impl Known {
    /// What a trigger is judged by now: kept as long as neither the rules nor the views change.
    ///
    /// # Errors
    /// Those of the rules and the views.
    pub(super) fn of(
        connection: &Connection,
        trigger: pg_sys::Oid,
        arguments: &Arguments<'_>,
    ) -> Result<Rc<Self>, ExtensionError> {
        listen();
        if let Some(known) = kept(trigger)
            && known.is_current(connection)?
        {
            return Ok(known);
        }
        let known = Rc::new(Self::read(connection, arguments)?);
        KNOWN.with_borrow_mut(|map| map.insert(trigger, Rc::clone(&known)));
        Ok(known)
    }

    /// What is kept of a trigger, if that nothing changed is seen without a query.
    pub(super) fn unchanged(trigger: pg_sys::Oid) -> Option<Rc<Self>> {
        kept(trigger).filter(|known| known.are_rules_unchanged().1)
    }

    /// The versions of the rules' rows, and whether these tell that nothing changed.
    fn are_rules_unchanged(&self) -> (Option<RowVersions>, bool) {
        let rows = self.rule_tables.as_deref().and_then(RowVersions::read);
        // To open the tables was to hear of what changed.
        let is_same = rows.is_some() && *self.rule_rows.borrow() == rows && self.rule_question.is_valid();
        (rows, is_same)
    }

    /// Whether the rules are still as they were. That no row of their tables changed is seen without asking
    /// for them.
    fn is_current(&self, connection: &Connection) -> Result<bool, ExtensionError> {
        let (rows, is_same) = self.are_rules_unchanged();
        if is_same {
            return Ok(true);
        }
        let is_current = self.rule_question.ask(connection)? == self.written;
        if is_current {
            self.rule_rows.replace(rows);
        }
        Ok(is_current)
    }

    fn read(connection: &Connection, arguments: &Arguments<'_>) -> Result<Self, ExtensionError> {
        let views = Views::read(connection)?;
        let mut rule_question = RuleQuestion::new(connection, &views, arguments.rule_set)?;
        rule_question.prepare(connection)?;
        let written = rule_question.ask(connection)?;
        let law = Law::read(connection, &written, |_| true)?;
        let mut questions = Questions::new(&views, &law, true, false)?;
        questions.prepare(connection)?;
        let one_person = OnePerson::prepare(connection, &views, &law)?;
        let rule_tables = rule_question.tables();
        remember_sources(rule_tables.as_deref().unwrap_or_default());
        let rule_rows = RefCell::new(rule_tables.as_deref().and_then(RowVersions::read));
        Ok(Self {
            home: view_of_work(),
            rule_question,
            written,
            rule_tables,
            rule_rows,
            law,
            questions,
            one_person,
        })
    }
}

/// What is kept of a trigger, as far as its sources are as they were.
fn kept(trigger: pg_sys::Oid) -> Option<Rc<Known>> {
    if IS_STALE.replace(false) {
        KNOWN.with_borrow_mut(HashMap::clear);
    }
    KNOWN.with_borrow(|known| known.get(&trigger).cloned())
}

/// The relation that shows everybody's work: writers of all tables lock people under its name. It is kept as the
/// catalog's entries are: as long as the server tells of no change.
pub(super) fn home(trigger: pg_sys::Oid) -> pg_sys::Oid {
    kept(trigger).map_or_else(view_of_work, |known| known.home)
}

fn view_of_work() -> pg_sys::Oid {
    relation("rota_source", c"assignments")
}

fn relation(schema: &str, name: &std::ffi::CStr) -> pg_sys::Oid {
    let Ok(schema) = std::ffi::CString::new(schema) else { return pg_sys::InvalidOid };
    // SAFETY: any names may be asked for; an invalid id says that there is no such relation.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        if namespace == pg_sys::InvalidOid {
            return namespace;
        }
        pg_sys::get_relname_relid(name.as_ptr(), namespace)
    }
}

fn remember_sources(rule_tables: &[pg_sys::Oid]) {
    let views = [c"people", c"assignments", c"absences", c"rules", c"rotations", c"conditions", c"postings"];
    let found = views.into_iter().map(|view| relation("rota_source", view));
    let found = found.filter(|view| *view != pg_sys::InvalidOid).chain(rule_tables.iter().copied());
    SOURCES.with_borrow_mut(|sources| {
        for relation in found {
            if !sources.contains(&relation) {
                sources.push(relation);
            }
        }
    });
}

/// Has the server tell of changes, from the first use on.
fn listen() {
    if !IS_LISTENING.replace(true) {
        // SAFETY: the function lives as long as the library, which is never unloaded.
        unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(forget), pg_sys::Datum::null()) };
    }
}

/// Called by the server when a relation changed, or any may have (an invalid id). It comes at any moment, so
/// it does no more than note it.
#[pg_guard]
unsafe extern "C-unwind" fn forget(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    let is_source =
        SOURCES.with(|sources| sources.try_borrow().is_ok_and(|sources| sources.contains(&relation)));
    if relation == pg_sys::InvalidOid || is_source {
        IS_STALE.set(true);
    }
}
