//! What the planner asks about `rota.inlined`.

use pgrx::datum::Internal;
use pgrx::{pg_extern, pg_sys};

use crate::inlining;

#[pg_extern(immutable, strict, parallel_safe)]
fn inline_call(request: Internal) -> Internal {
    let request = request.unwrap().map_or(std::ptr::null_mut(), pg_sys::Datum::cast_mut_ptr);
    // SAFETY: SQL cannot make a value of type internal, and the planner alone has this function to ask.
    let replacement = unsafe { inlining::replacement(request) };
    // A null pointer is an answer, SQL's NULL is not.
    Internal::from(Some(replacement.into()))
}
