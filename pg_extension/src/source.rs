//! Rows of the `rota_source` views: the only room that runs queries.
//!
//! Queries are read-only and see the snapshot of the statement that called, whatever the transaction wrote
//! before. They are run with the caller's privileges, and every name in them is schema-qualified: the SQL
//! functions that lead here pin `search_path` besides. A filter compares a view's column with values cast to
//! that column's own type, so that the indexes under a view serve, and whoever owns the tables may choose any
//! type for an id.

mod arguments;
mod bookings;
mod direct;
mod facts;
mod names;
mod natures;
mod person;
mod prepared;
mod proposals;
mod query;
mod question;
mod reader;
mod roster;
mod row_versions;
mod rule_set;
mod rules;
mod selection;
mod session;
mod stream;
mod streamed_row;
mod views;
mod work;

pub(crate) use arguments::read_ids;
pub(crate) use bookings::{Booking, read_bookings};
pub(crate) use facts::{Fact, FactQuestions, FactsWanted, PersonFacts};
pub(crate) use names::{Name, Names};
pub(crate) use natures::read_natures;
pub(crate) use person::{PersonQuestion, PersonRow};
pub(crate) use proposals::{Proposal, read_proposals};
pub(crate) use query::Connection;
pub(crate) use reader::{read_further_work, read_roster};
pub(crate) use roster::{RosterRows, widened};
pub(crate) use row_versions::RowVersions;
pub(crate) use rule_set::{RuleQuestion, RuleRow, WrittenRule, read_pay_rules};
pub(crate) use rules::{Rules, members, read_rules};
pub(crate) use selection::{Heads, Selection};
pub(crate) use session::Session;
pub(crate) use views::Views;
pub(crate) use work::{WorkQuestion, WorkRow};
