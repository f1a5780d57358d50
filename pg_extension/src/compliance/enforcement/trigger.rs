//! What the server calls.

#![allow(unreachable_pub, reason = "the server finds this function by its name in the library")]

use std::collections::HashMap;

use pgrx::pg_sys::Pg_finfo_record;
use pgrx::{pg_guard, pg_sys};
use rota_engine::compliance::Verdict;
use rota_engine::rule::{Level, Mode};

use super::arguments::Arguments;
use super::known::{Known, home};
use super::owner::AsOwner;
use super::touched::Touched;
use super::{report, written};
use crate::compliance::Case;
use crate::compliance::change::Standing;
use crate::compliance::inquiry::Inquiry;
use crate::compliance::row::VerdictRow;
use crate::error::{ExtensionError, OrRaise};
use crate::guard::{LatestSnapshot, lock_people, may_read, trigger_of};
use crate::pinned_settings::PinnedSettings;
use crate::source::Connection;

/// After a statement that wrote rows.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn rota_enforce_statement(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the server calls the function with its call's data.
    unsafe { trigger_of(call).and_then(|trigger| after_statement(trigger)) }.or_raise();
    pg_sys::Datum::null()
}

/// Tells the server how the function is called (`PG_FUNCTION_INFO_V1`).
#[unsafe(no_mangle)]
pub extern "C-unwind" fn pg_finfo_rota_enforce_statement() -> &'static Pg_finfo_record {
    &VERSION_1
}

static VERSION_1: Pg_finfo_record = Pg_finfo_record { api_version: 1 };

/// Locks the people of the statement's rows and judges their work.
///
/// # Safety
/// The trigger is running.
unsafe fn after_statement(trigger: &pg_sys::TriggerData) -> Result<(), ExtensionError> {
    if trigger.tg_newtable.is_null() {
        return Err(ExtensionError::WrongEnforcementTrigger);
    }
    // SAFETY: the caller says so; a snapshot is active while a trigger runs.
    let (arguments, table, trigger_id, command) = unsafe {
        let arguments = Arguments::of(&*trigger.tg_trigger)?;
        let command = (*pg_sys::GetActiveSnapshot()).curcid;
        (arguments, (*trigger.tg_relation).rd_id, (*trigger.tg_trigger).tgoid, command)
    };
    // SAFETY: the caller says so; the table of new rows was looked for above.
    let Some(touched) = (unsafe { Touched::read(trigger, &arguments)? }) else { return Ok(()) };
    lock_people(home(trigger_id), touched.hashes());
    let rows = {
        // SAFETY: the relation is open while the trigger runs.
        let _owner = unsafe { AsOwner::of(trigger.tg_relation) };
        judge(trigger_id, &arguments, &touched, command)?
    };
    if rows.is_empty() {
        return Ok(());
    }
    let (refused, told): (Vec<VerdictRow>, Vec<VerdictRow>) =
        rows.into_iter().partition(|row| row.rule.mode == Mode::Refuse);
    let may_tell = may_read(table);
    if let Some(breach) = report::breach(&refused, (table, &arguments), may_tell) {
        return Err(ExtensionError::RuleBroken(Box::new(breach)));
    }
    report::tell(&told, may_tell);
    if may_tell {
        written::keep(told);
    }
    Ok(())
}

/// What the statement added to the verdicts, or made worse.
fn judge(
    trigger: pg_sys::Oid,
    arguments: &Arguments<'_>,
    touched: &Touched,
    command: pg_sys::CommandId,
) -> Result<Vec<VerdictRow>, ExtensionError> {
    let latest = LatestSnapshot::take();
    let after = latest.while_active(|| {
        let unchanged = Known::unchanged(trigger);
        if let Some(known) = &unchanged
            && is_clearly_kept(known, touched)?
        {
            return Ok(Vec::new());
        }
        let _pinned = PinnedSettings::search_path();
        Connection::run(|connection| {
            let known = match unchanged {
                Some(known) => known,
                None => Known::of(connection, trigger, arguments)?,
            };
            if known.law.rules.is_empty() {
                return Ok(Vec::new());
            }
            let broken = people_with_verdicts(connection, &known, touched)?;
            if broken.is_empty() {
                return Ok(Vec::new());
            }
            let earlier = LatestSnapshot::before(command);
            let before = earlier.while_active(|| standings(connection, &known, touched, &broken))?;
            earlier.release();
            added(connection, &known, touched, &broken, &before)
        })
    })?;
    latest.release();
    Ok(after)
}

/// Whether nothing is broken by a statement about one person, by rules that did not change: most statements are
/// such. To tell needs neither a query nor a `search_path`; where it cannot be told so, nothing is said.
fn is_clearly_kept(known: &Known, touched: &Touched) -> Result<bool, ExtensionError> {
    let [person] = touched.people.as_slice() else { return Ok(false) };
    if known.law.rules.is_empty() {
        return Ok(true);
    }
    let mut is_kept = true;
    let asked = (touched.hull, person.as_str());
    let is_told = known.one_person.ask_directly(&known.law, asked, &mut |case| {
        is_kept = !says_anything(&case.book.judge(&case.record));
        Ok(())
    })?;
    Ok(is_told && is_kept)
}

/// Whether verdicts may be new. What is unknown was so before, too.
fn says_anything(verdicts: &[Verdict]) -> bool {
    verdicts.iter().any(|verdict| verdict.level != Level::Unknown)
}

/// The people of whom anything is said that may be new.
fn people_with_verdicts(
    connection: &Connection,
    known: &Known,
    touched: &Touched,
) -> Result<Vec<String>, ExtensionError> {
    let mut broken = Vec::new();
    ask(connection, known, touched, &touched.people, &mut |verdicts, case| {
        if says_anything(&verdicts) {
            broken.push(case.person.id.to_string());
        }
        Ok(())
    })?;
    Ok(broken)
}

fn standings(
    connection: &Connection,
    known: &Known,
    touched: &Touched,
    people: &[String],
) -> Result<HashMap<Box<str>, Standing>, ExtensionError> {
    let mut found = HashMap::new();
    ask(connection, known, touched, people, &mut |verdicts, case| {
        found.insert(case.person.id.clone(), Standing::of(verdicts, case));
        Ok(())
    })?;
    Ok(found)
}

fn added(
    connection: &Connection,
    known: &Known,
    touched: &Touched,
    people: &[String],
    before: &HashMap<Box<str>, Standing>,
) -> Result<Vec<VerdictRow>, ExtensionError> {
    let mut rows = Vec::new();
    let nothing = Standing::nothing();
    ask(connection, known, touched, people, &mut |verdicts, case| {
        let before = before.get(&case.person.id).unwrap_or(&nothing);
        rows.extend(Standing::of(verdicts, case).added_to(before, case, &known.law));
        Ok(())
    })?;
    Ok(rows)
}

/// What is told about each person.
type Listener<'l> = dyn FnMut(Vec<Verdict>, &Case<'_>) -> Result<(), ExtensionError> + 'l;

fn ask(
    connection: &Connection,
    known: &Known,
    touched: &Touched,
    people: &[String],
    each: &mut Listener<'_>,
) -> Result<(), ExtensionError> {
    if let [person] = people {
        let asked = (touched.hull, person.as_str());
        return known
            .one_person
            .ask(connection, &known.law, asked, &mut |case| each(case.book.judge(&case.record), case));
    }
    let inquiry = Inquiry { window: touched.hull, people: Some(people), teams: None, amendment: None };
    known
        .questions
        .ask(connection, &known.law, inquiry, &mut |case| each(case.book.judge(&case.record), case))
}
