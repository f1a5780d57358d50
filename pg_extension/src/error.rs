//! What the extension refuses, and how it says so.

mod hint;
mod report;

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use rota_engine::EngineError;

pub(crate) use report::{OrRaise, naming_argument};
use report::{ReportField, pack_sqlstate};

use crate::compliance::enforcement::Breach;
use crate::guard::Violation;
use crate::refresh::Refusal;

/// The one error of the crate.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ExtensionError {
    /// What the engine refuses.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// 22023: a name that is no full time zone name of the server.
    #[error("time zone \"{name}\" is not known")]
    UnknownZone {
        /// What was given.
        name: String,
    },
    /// 22008: an infinite date where a day is wanted.
    #[error("{argument} is infinite, a day would be right")]
    InfiniteDate {
        /// The argument's name.
        argument: &'static str,
    },
    /// 22004: a null where a value is wanted.
    #[error("{argument} is null, a value would be right")]
    MissingArgument {
        /// The argument's name.
        argument: &'static str,
    },
    /// 22023: two arrays that belong together and do not fit.
    #[error("{argument} has another length than {other}, one element for each would be right")]
    UnequalArrays {
        /// The name of the argument that is wrong.
        argument: &'static str,
        /// The name of the argument that it belongs to.
        other: &'static str,
    },
    /// 22023: a window that holds no instant.
    #[error("window_end is not after window_start, a later instant would be right")]
    EmptyWindow,
    /// 22023: a rest below zero.
    #[error("minimum_rest_minutes is {minutes}, zero or more would be right")]
    NegativeRest {
        /// What was given.
        minutes: i32,
    },
    /// 22023: proposals that are no list.
    #[error("proposed is no list, a JSON array would be right")]
    ProposedNoList,
    /// 22023: a proposal that cannot be examined.
    #[error("proposal {position} {fault}")]
    UnreadableProposal {
        /// Its position in the list, from 0.
        position: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// 22023: a proposal that names somebody or something unknown.
    #[error("proposal {position} names {noun} \"{id}\", which does not exist")]
    UnknownInProposal {
        /// Its position in the list, from 0.
        position: usize,
        /// What it names.
        noun: &'static str,
        /// The id that it gives.
        id: String,
    },
    /// 54000: more proposals than one call examines.
    #[error("proposed has {given} proposals, at most {limit} are examined in one call")]
    TooManyProposals {
        /// How many there were.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// 54000: more conflicts than one call returns.
    #[error("there are more than {limit} conflicts")]
    TooManyConflicts {
        /// The limit.
        limit: usize,
    },
    /// 22023: an assignment that cannot be swapped.
    #[error("assignment \"{id}\" {fault}")]
    UnfitForSwap {
        /// The argument that names it.
        argument: &'static str,
        /// Its id.
        id: String,
        /// What is wrong with it.
        fault: String,
    },
    /// 22023: pay rules that cannot be read.
    #[error("rules cannot be read: {fault}")]
    UnreadablePayRules {
        /// The field, and what is wrong with it.
        fault: String,
    },
    /// 54000: more duties than one call classifies.
    #[error("duties has {given} ranges, at most {limit} are classified in one call")]
    TooManyDuties {
        /// How many there were.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// 22023: a rule that says nothing the extension understands.
    #[error("rule {rule_id} of type {rule_type} cannot be applied: {fault}")]
    UnreadableRule {
        /// Its id.
        rule_id: String,
        /// Its type.
        rule_type: String,
        /// What is wrong with it.
        fault: EngineError,
    },
    /// 54000: more verdicts than one call returns.
    #[error("there are more than {limit} verdicts")]
    TooManyVerdicts {
        /// The limit.
        limit: usize,
    },
    /// 22023: a rule that is not among those that are judged by.
    #[error("rule \"{id}\" is not among the rules")]
    UnknownRule {
        /// What was given.
        id: String,
    },
    /// 22023: a set of rules that nobody has.
    #[error("rule set \"{name}\" is not known")]
    UnknownRuleSet {
        /// What was given.
        name: String,
    },
    /// 42P01: a source view that is not there.
    #[error("view rota_source.{view} does not exist")]
    MissingView {
        /// Its name.
        view: &'static str,
    },
    /// 42703: a source view without a column that is read.
    #[error("view rota_source.{view} has no column {column}")]
    MissingColumn {
        /// The view's name.
        view: &'static str,
        /// The column's name.
        column: &'static str,
    },
    /// 42804: a source view with a column of a type that cannot be read.
    #[error("column {column} of view rota_source.{view} is of type {found}, {wanted} would be right")]
    WrongColumnType {
        /// The view's name.
        view: &'static str,
        /// The column's name.
        column: &'static str,
        /// Its type.
        found: String,
        /// The type it should have.
        wanted: &'static str,
    },
    /// Of class 22: a value that the server refuses to read.
    #[error("{message}")]
    RefusedArgument {
        /// The argument that holds it.
        argument: &'static str,
        /// What the server says.
        message: String,
        /// The server's code for it.
        sqlstate: PgSqlErrorCode,
    },
    /// XX000: a state of an aggregate without its aggregate; never the caller's fault.
    #[error("a part of an aggregate is called outside of one")]
    OutsideOfAggregate,
    /// 55000: invalidations asked of a standby.
    #[error("a standby announces no invalidations")]
    NoInvalidationsOnStandby,
    /// 55000: invalidations asked of a server that keeps none in memory.
    #[error("the library is not preloaded, so the server keeps no invalidations")]
    NotPreloaded,
    /// 0A000: a prepared transaction that has something to announce.
    #[error("a transaction that changed a watched table or the catalog cannot be prepared")]
    PreparedAnnouncement,
    /// 22023: a wait that is none, or too long.
    #[error("wait_ms is {wait_ms}, 0 to {longest_ms} would be right")]
    WaitOutOfRange {
        /// What was given.
        wait_ms: i32,
        /// The limit.
        longest_ms: i32,
    },
    /// 39P01: a trigger that rota.watch would not have made.
    #[error("rota.watch_changes runs only in AFTER triggers for each statement")]
    WrongTrigger,
    /// 23P01: rows that a guard keeps apart.
    #[error("{0}")]
    GuardViolated(Box<Violation>),
    /// 23514: work that a rule forbids.
    #[error("{0}")]
    RuleBroken(Box<Breach>),
    /// 55000: an enforcement of rules that cannot be carried out, so that nothing is written.
    #[error("enforcement \"{enforcement}\" {fault}")]
    UnusableEnforcement {
        /// Its name.
        enforcement: String,
        /// What is wrong with it.
        fault: String,
    },
    /// 39P01: a trigger function called by anything but the trigger that it is made for.
    #[error("only a trigger that rota.enforce_rules made can call this function")]
    WrongEnforcementTrigger,
    /// 55000: a guard that can no longer be enforced, so that nothing is written.
    #[error("guard \"{guard}\" {fault}")]
    UnusableGuard {
        /// Its name.
        guard: String,
        /// What is wrong with it.
        fault: String,
    },
    /// 23514: a load below zero.
    #[error("{column} is {load}, zero or more would be right")]
    NegativeLoad {
        /// The guard.
        guard: String,
        /// The load's column.
        column: String,
        /// What was written.
        load: String,
    },
    /// 22003: a load that cannot be added exactly.
    #[error(
        "load {load} cannot be added exactly, at most 36 digits before and after the point would be right"
    )]
    UnreadableLoad {
        /// The guard.
        guard: String,
        /// What was written.
        load: String,
    },
    /// 42601: a predicate that is no expression.
    #[error("predicate \"{predicate}\" is no expression")]
    UnreadablePredicate {
        /// What was given.
        predicate: String,
    },
    /// 42P17: a predicate that is an expression, but one that a guard cannot go by.
    #[error("predicate \"{predicate}\" {fault}")]
    UnguardablePredicate {
        /// What was given.
        predicate: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// 42804: a column of a type that a guard cannot work with.
    #[error("{argument} \"{column}\" is unsuitable, {wanted} would be right")]
    UnsuitableColumn {
        /// The argument that names it.
        argument: &'static str,
        /// Its name.
        column: String,
        /// What would do.
        wanted: &'static str,
    },
    /// 54000: more overlaps than one call returns.
    #[error("there are more than {limit} overlaps")]
    TooManyOverlaps {
        /// The limit.
        limit: usize,
    },
    /// 39P01: a trigger function called by anything but the trigger that it is made for.
    #[error("only a trigger that rota.guard_overlaps made can call this function")]
    NoTrigger,
    /// 22023: a roster problem, or its options, that cannot be read.
    #[error("{path} {fault}")]
    UnreadableRoster {
        /// The argument that holds it.
        argument: &'static str,
        /// Where the fault stands, beginning with the argument.
        path: String,
        /// What is wrong there.
        fault: String,
    },
    /// 54000: more of something than one roster search takes.
    #[error("{path} {fault}")]
    RosterTooLarge {
        /// The argument that holds it.
        argument: &'static str,
        /// Where it stands, beginning with the argument.
        path: String,
        /// What there is, and how much there may be.
        fault: String,
    },
    /// XX000: a search that broke; never the caller's fault.
    #[error("the search failed: {fault}")]
    SearchFailed {
        /// What is known of it.
        fault: String,
    },
    /// 2D000: a procedure that ends transactions, called inside of one.
    #[error("rota.run_job ends transactions, so it cannot run inside of one")]
    InsideTransaction,
    /// 39P01: a trigger that manages no view.
    #[error("rota.track_changes runs only in AFTER triggers for each statement")]
    WrongTrackingTrigger,
    /// 55000: a managed view without its queue, so that nothing can be noted.
    #[error("rota.{queue} does not exist, so the change cannot be noted for the view")]
    MissingQueue {
        /// Its name.
        queue: String,
    },
    /// 57014: a refresh that took too long.
    #[error("the refresh took longer than its refresh_timeout of {timeout_ms} ms")]
    RefreshTimedOut {
        /// The limit.
        timeout_ms: i32,
    },
    /// 42P01: a view that is not there.
    #[error("relation {oid} does not exist")]
    UnknownRelation {
        /// What was given.
        oid: u32,
    },
    /// 42501: a view of somebody else.
    #[error("role {role} does not own {view}")]
    ViewNotOwned {
        /// The view.
        view: String,
        /// Who asked.
        role: String,
    },
    /// What was refused in the name of the extension's owner, with its own SQLSTATE.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// 22023: an action that is none.
    #[error("action \"{action}\" is not known")]
    UnknownAction {
        /// What was given.
        action: String,
    },
    /// XX000: a query of our own that is none; never the caller's fault.
    #[error("a query of the extension cannot be sent")]
    UnsendableQuery,
}

impl ExtensionError {
    fn sqlstate(&self) -> PgSqlErrorCode {
        match self {
            Self::Engine(error) => pack_sqlstate(error.sqlstate()),
            Self::UnknownZone { .. }
            | Self::UnequalArrays { .. }
            | Self::EmptyWindow
            | Self::NegativeRest { .. }
            | Self::ProposedNoList
            | Self::UnreadableProposal { .. }
            | Self::UnknownInProposal { .. }
            | Self::UnfitForSwap { .. }
            | Self::UnreadablePayRules { .. }
            | Self::UnreadableRule { .. }
            | Self::UnreadableRoster { .. }
            | Self::UnknownRuleSet { .. }
            | Self::UnknownRule { .. }
            | Self::WaitOutOfRange { .. } => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            Self::MissingArgument { .. } => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            Self::InfiniteDate { .. } => PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            Self::TooManyProposals { .. }
            | Self::TooManyConflicts { .. }
            | Self::TooManyVerdicts { .. }
            | Self::TooManyDuties { .. }
            | Self::RosterTooLarge { .. }
            | Self::TooManyOverlaps { .. } => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            Self::MissingView { .. } => PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            Self::MissingColumn { .. } => PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
            Self::WrongColumnType { .. } => PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
            Self::RefusedArgument { sqlstate, .. } => *sqlstate,
            Self::NoInvalidationsOnStandby | Self::NotPreloaded => {
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::PreparedAnnouncement => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            Self::WrongTrigger => PgSqlErrorCode::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
            Self::OutsideOfAggregate | Self::UnsendableQuery | Self::SearchFailed { .. } => {
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR
            }
            Self::InsideTransaction => PgSqlErrorCode::ERRCODE_INVALID_TRANSACTION_TERMINATION,
            Self::GuardViolated(_) => PgSqlErrorCode::ERRCODE_EXCLUSION_VIOLATION,
            Self::UnusableGuard { .. } | Self::UnusableEnforcement { .. } => {
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::RuleBroken(_) | Self::NegativeLoad { .. } => PgSqlErrorCode::ERRCODE_CHECK_VIOLATION,
            Self::UnreadableLoad { .. } => PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            Self::UnreadablePredicate { .. } => PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
            Self::UnguardablePredicate { .. } => PgSqlErrorCode::ERRCODE_INVALID_OBJECT_DEFINITION,
            Self::UnsuitableColumn { .. } => PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
            Self::NoTrigger | Self::WrongEnforcementTrigger | Self::WrongTrackingTrigger => {
                PgSqlErrorCode::ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED
            }
            Self::MissingQueue { .. } => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            Self::RefreshTimedOut { .. } => PgSqlErrorCode::ERRCODE_QUERY_CANCELED,
            Self::UnknownRelation { .. } => PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            Self::ViewNotOwned { .. } => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Self::Refused(refusal) => pack_sqlstate(&refusal.sqlstate),
            Self::UnknownAction { .. } => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        }
    }

    /// The SQLSTATE as text.
    pub(crate) fn code(&self) -> String {
        // SAFETY: takes a number and gives a C string in memory of the server's own, which is copied at once.
        let code = unsafe { CStr::from_ptr(pg_sys::unpack_sql_state(self.sqlstate() as i32)) };
        code.to_string_lossy().into_owned()
    }

    /// The argument that is wrong, for the report's COLUMN.
    fn argument(&self) -> Option<&str> {
        match self {
            Self::Engine(error) => error.argument(),
            Self::UnknownZone { .. } => Some("time_zone"),
            Self::InfiniteDate { argument }
            | Self::MissingArgument { argument }
            | Self::UnequalArrays { argument, .. }
            | Self::UnreadableRoster { argument, .. }
            | Self::RosterTooLarge { argument, .. }
            | Self::RefusedArgument { argument, .. } => Some(argument),
            Self::UnfitForSwap { argument, .. } => Some(argument),
            Self::UnreadablePayRules { .. } => Some("rules"),
            Self::UnknownRuleSet { .. } => Some("rule_set"),
            Self::UnknownRule { .. } => Some("rule_id"),
            Self::TooManyDuties { .. } => Some("duties"),
            Self::EmptyWindow => Some("window_end"),
            Self::WaitOutOfRange { .. } => Some("wait_ms"),
            Self::UnknownRelation { .. } | Self::ViewNotOwned { .. } => Some("managed_view"),
            Self::Refused(refusal) => refusal.column.as_deref(),
            Self::UnknownAction { .. } => Some("action"),
            Self::NegativeRest { .. } => Some("minimum_rest_minutes"),
            Self::ProposedNoList
            | Self::UnreadableProposal { .. }
            | Self::UnknownInProposal { .. }
            | Self::TooManyProposals { .. } => Some("proposed"),
            Self::UnreadablePredicate { .. } | Self::UnguardablePredicate { .. } => Some("predicate"),
            Self::UnsuitableColumn { argument, .. } => Some(argument),
            _ => None,
        }
    }

    /// What the report names beside its text.
    fn fields(&self) -> Vec<(ReportField, &str)> {
        match self {
            Self::GuardViolated(violation) => vec![
                (ReportField::Schema, &violation.schema),
                (ReportField::Table, &violation.table),
                (ReportField::Column, &violation.column),
                (ReportField::Constraint, &violation.guard),
            ],
            Self::RuleBroken(breach) => vec![
                (ReportField::Schema, &breach.schema),
                (ReportField::Table, &breach.table),
                (ReportField::Column, &breach.column),
                (ReportField::Constraint, &breach.rule),
            ],
            Self::NegativeLoad { guard, column, .. } => {
                vec![(ReportField::Column, column), (ReportField::Constraint, guard)]
            }
            Self::UnusableGuard { guard, .. } | Self::UnreadableLoad { guard, .. } => {
                vec![(ReportField::Constraint, guard)]
            }
            _ => self.argument().map(|argument| (ReportField::Column, argument)).into_iter().collect(),
        }
    }

    fn detail(&self) -> Option<&str> {
        match self {
            Self::GuardViolated(violation) => violation.detail.as_deref(),
            Self::RuleBroken(breach) => breach.detail.as_deref(),
            Self::Refused(refusal) => refusal.detail.as_deref(),
            _ => None,
        }
    }
}
