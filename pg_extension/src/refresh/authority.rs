//! In whose name statements run, and who may ask for them.
//!
//! A view is recomputed as its owner, whoever asks, as REFRESH MATERIALIZED VIEW does: a query may call
//! anything, and a worker is a superuser. The catalogs of the extension are written as the extension's owner,
//! behind one door that asks whose view it is.

use std::ffi::{CStr, CString, c_int};
use std::panic::AssertUnwindSafe;

use pgrx::datum::IntoDatum;
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{JsonB, PgTryBuilder, Spi, pg_sys};

use super::timeout::Timeout;
use crate::error::ExtensionError;

/// What may be done to a view, and whether the one who drives refreshes may do it as well as its owner.
const ACTIONS: [(&str, bool); 6] = [
    ("manage_relation", false),
    ("unmanage_relation", false),
    ("compare_rollup", false),
    ("explain_modes", true),
    ("refresh_graph", true),
    ("refresh_for_transaction", true),
];

/// Another role's identity, until the value is dropped. After an error the server sets its own back.
pub(super) struct Identity {
    role: pg_sys::Oid,
    context: c_int,
}

impl Identity {
    /// Takes the identity of a role. A restricted one can neither make temporary objects nor do anything
    /// that outlives the statement.
    pub(super) fn assume(role: pg_sys::Oid, is_restricted: bool) -> Self {
        let mut former = Self { role: pg_sys::InvalidOid, context: 0 };
        let mut flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE;
        if is_restricted {
            flags |= pg_sys::SECURITY_RESTRICTED_OPERATION;
        }
        // SAFETY: reads and writes two variables of this backend.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&raw mut former.role, &raw mut former.context);
            pg_sys::SetUserIdAndSecContext(role, former.context | flags.cast_signed());
        }
        former
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // SAFETY: what was there before.
        unsafe { pg_sys::SetUserIdAndSecContext(self.role, self.context) };
    }
}

/// How a statement is run in somebody's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Longest time; 0 for none.
    pub(crate) timeout_ms: i32,
    /// See [`Identity::assume`].
    pub(crate) is_restricted: bool,
    /// Sees what the calling statement sees, and writes nothing.
    pub(crate) is_read_only: bool,
}

/// Runs one statement as a role, and gives the first column of its first row as text. `$1` is the list of
/// parameters.
///
/// # Errors
/// [`ExtensionError::RefreshTimedOut`]; [`ExtensionError::UnsendableQuery`].
pub(crate) fn run_as(
    role: pg_sys::Oid,
    statement: &str,
    parameters: Vec<Option<String>>,
    terms: Terms,
) -> Result<Option<String>, ExtensionError> {
    let text = CString::new(statement).map_err(|_| ExtensionError::UnsendableQuery)?;
    let _identity = Identity::assume(role, terms.is_restricted);
    let timeout = Timeout::start(terms.timeout_ms);
    let timed_out = || ExtensionError::RefreshTimedOut { timeout_ms: terms.timeout_ms };
    let mut types = [pg_sys::TEXTARRAYOID];
    let mut values = [parameters.into_datum().unwrap_or(pg_sys::Datum::null())];
    let outcome = PgTryBuilder::new(AssertUnwindSafe(|| {
        Ok(Spi::connect(|_| first_value(&text, &mut types, &mut values, terms.is_read_only)))
    }))
    .catch_when(PgSqlErrorCode::ERRCODE_QUERY_CANCELED, |caught: CaughtError| {
        if timeout.is_expired() { Err(timed_out()) } else { caught.rethrow() }
    })
    .execute()?;
    // It was over just in time, or just not.
    if timeout.is_expired() { Err(timed_out()) } else { Ok(outcome) }
}

/// The first column of the first row of a statement, as text. The server's query interface is open.
fn first_value(
    statement: &CStr,
    types: &mut [pg_sys::Oid],
    values: &mut [pg_sys::Datum],
    is_read_only: bool,
) -> Option<String> {
    let count = c_int::try_from(types.len()).unwrap_or(0);
    // SAFETY: text, types and values outlive the call and agree; a null pointer for nulls says that there are
    // none. After the call the two globals describe the rows, which stay until the interface is closed.
    unsafe {
        pg_sys::SPI_execute_with_args(
            statement.as_ptr(),
            count,
            types.as_mut_ptr(),
            values.as_mut_ptr(),
            std::ptr::null(),
            is_read_only,
            0,
        );
        let table = pg_sys::SPI_tuptable;
        if pg_sys::SPI_processed == 0 || table.is_null() {
            return None;
        }
        let value = pg_sys::SPI_getvalue(*(*table).vals, (*table).tupdesc, 1);
        (!value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
    }
}

/// Does something to a view for the one who calls, in the name of the extension's owner.
///
/// # Errors
/// [`ExtensionError::UnknownRelation`], [`ExtensionError::ViewNotOwned`], [`ExtensionError::UnknownAction`];
/// [`ExtensionError::Refused`] for what is refused by the action.
pub(crate) fn act_on_view(
    action: &str,
    view: pg_sys::Oid,
    arguments: JsonB,
) -> Result<serde_json::Value, ExtensionError> {
    let Some((action, for_drivers)) = ACTIONS.into_iter().find(|(name, _)| *name == action) else {
        return Err(ExtensionError::UnknownAction { action: action.to_owned() });
    };
    // SAFETY: reads a variable of this backend.
    let caller = unsafe { pg_sys::GetUserId() };
    let rights = Spi::connect(|_| {
        let question = c"SELECT relation.oid::regclass::text || E'\\n' || (
                pg_has_role($2, relation.relowner, 'USAGE')
                OR $3 AND has_function_privilege($2, 'rota.refresh_due(integer)', 'EXECUTE')
            ) || E'\\n' || extension.extowner || E'\\n' || pg_get_userbyid($2)
            FROM pg_class AS relation CROSS JOIN pg_extension AS extension
            WHERE relation.oid = $1 AND extension.extname = 'rota'";
        let mut types = [pg_sys::OIDOID, pg_sys::OIDOID, pg_sys::BOOLOID];
        let mut values = [view.into(), caller.into(), for_drivers.into()];
        first_value(question, &mut types, &mut values, true)
    })
    .ok_or(ExtensionError::UnknownRelation { oid: view.to_u32() })?;
    let mut told = rights.split('\n');
    let mut next = || told.next().unwrap_or_default().to_owned();
    let (name, is_allowed, owner, role) = (next(), next(), next(), next());
    if is_allowed != "true" {
        return Err(ExtensionError::ViewNotOwned { view: name, role });
    }
    let owner = owner.parse::<u32>().map_or(pg_sys::InvalidOid, pg_sys::Oid::from);
    let _identity = Identity::assume(owner, false);
    let outcome = Spi::connect(|_| {
        let mut types = [pg_sys::TEXTOID, pg_sys::OIDOID, pg_sys::OIDOID, pg_sys::JSONBOID];
        let mut values =
            [action.into_datum(), view.into_datum(), caller.into_datum(), arguments.into_datum()]
                .map(|value| value.unwrap_or(pg_sys::Datum::null()));
        first_value(c"SELECT rota.attempt($1, $2, $3, $4)::text", &mut types, &mut values, false)
    });
    let outcome = outcome.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    match outcome {
        Outcome { refused: Some(refusal), .. } => Err(ExtensionError::Refused(Box::new(refusal))),
        Outcome { result, .. } => Ok(result),
    }
}

/// What came of an action.
#[derive(Debug, Default, serde::Deserialize)]
struct Outcome {
    #[serde(default)]
    result: serde_json::Value,
    refused: Option<Refusal>,
}

/// What was refused on the way, with the fields that pass through Rust only like this.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Refusal {
    /// Five characters.
    pub(crate) sqlstate: String,
    /// What was wrong.
    pub(crate) message: String,
    /// Further facts.
    pub(crate) detail: Option<String>,
    /// What would be right.
    pub(crate) hint: Option<String>,
    /// The argument in question.
    pub(crate) column: Option<String>,
}
