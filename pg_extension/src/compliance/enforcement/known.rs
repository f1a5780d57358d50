//! Rules and plans that a backend keeps from one write to the next.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::{pg_guard, pg_sys};

use super::arguments::Arguments;
use crate::compliance::inquiry::Questions;
use crate::compliance::law::Law;
use crate::error::ExtensionError;
use crate::source::{Connection, RuleQuestion, Views, WrittenRule};

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
    rule_question: RuleQuestion,
    written: Vec<WrittenRule>,
    /// The rules that act on writes.
    pub(super) law: Law,
    /// What is asked about people.
    pub(super) questions: Questions,
}

impl Known {
    /// What a trigger is judged by now: kept as long as neither the rules nor the views change.
    ///
    /// # Errors
    /// Those of the rules and the views.
    pub(super) fn of(
        connection: &Connection,
        trigger: pg_sys::Oid,
        arguments: &Arguments,
    ) -> Result<Rc<Self>, ExtensionError> {
        listen();
        if IS_STALE.replace(false) {
            KNOWN.with_borrow_mut(HashMap::clear);
        }
        let known = KNOWN.with_borrow(|known| known.get(&trigger).cloned());
        if let Some(known) = &known
            && known.rule_question.ask(connection)? == known.written
        {
            return Ok(Rc::clone(known));
        }
        let known = Rc::new(Self::read(connection, arguments)?);
        KNOWN.with_borrow_mut(|map| map.insert(trigger, Rc::clone(&known)));
        Ok(known)
    }

    fn read(connection: &Connection, arguments: &Arguments) -> Result<Self, ExtensionError> {
        let views = Views::read(connection)?;
        let mut rule_question = RuleQuestion::new(connection, &views, arguments.rule_set.as_deref())?;
        rule_question.prepare(connection)?;
        let written = rule_question.ask(connection)?;
        let law = Law::read(connection, &written, |_| true)?;
        let mut questions = Questions::new(&views, &law, true, false)?;
        questions.prepare(connection)?;
        remember_sources();
        Ok(Self { rule_question, written, law, questions })
    }
}

/// The relation that shows everybody's work: writers of all tables lock people under its name.
pub(super) fn home() -> pg_sys::Oid {
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

fn remember_sources() {
    let views = [c"people", c"assignments", c"absences", c"rules", c"rotations", c"conditions", c"postings"];
    let found = views.into_iter().map(|view| relation("rota_source", view));
    let found = found.filter(|view| *view != pg_sys::InvalidOid).collect();
    SOURCES.with_borrow_mut(|sources| *sources = found);
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
