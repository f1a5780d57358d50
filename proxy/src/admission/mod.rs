//! Who may wait for the database, for how long, and beside whom.
//!
//! Every endpoint belongs to a lane. A lane has places (requests that wait or run) and seats (connections held
//! at once), so that an export never starves a click. Within a lane, first come, first served. A request that
//! would wait longer than it can is refused at once: waiting in vain costs the caller time and the others room.

mod advice;
mod borrower;
mod deadline;
mod gate;
mod lane;
mod ledger;
mod rate;
mod window;

pub use advice::Advice;
pub use borrower::Borrower;
pub use deadline::preferred_wait;
pub use gate::{Admission, Place, Seat, Shed};
pub use lane::Lane;
pub use ledger::{Held, LaneState};
pub use rate::{Quota, RateLimit};
