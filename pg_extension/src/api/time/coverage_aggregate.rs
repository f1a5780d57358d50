//! The aggregate `rota.coverage_agg`: its state is a head count, which workers of a parallel query hand over.
//!
//! The aggregate itself is made in `sql/extension/coverage_aggregate.sql`.

use pgrx::datum::{Internal, IntoDatum};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::memcxt::PgMemoryContexts;
use pgrx::tupdesc::PgTupleDesc;
use pgrx::{composite_type, pg_extern, pg_sys};
use rota_engine::head_count::Step;
use rota_engine::{HeadCount, Instant};

use crate::convert::InstantRange;
use crate::error::{ExtensionError, OrRaise};

/// The composite type of a stretch of time and its heads.
const STEP: &str = "rota.coverage_step";

/// Bytes of a change as workers hand it over: an instant and a number.
const CHANGE_BYTES: usize = 16;

/// The head count that a state of the aggregate holds; an empty one, kept by the aggregate, when it holds none.
///
/// # Safety
/// `fcinfo` is that of the running call, and `state` one of its arguments that this module filled.
unsafe fn head_count(
    state: &mut Internal,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<&mut HeadCount, ExtensionError> {
    let mut kept: pg_sys::MemoryContext = std::ptr::null_mut();
    // SAFETY: reads the call's own information, which the caller vouches for, and writes the context.
    if unsafe { pg_sys::AggCheckCallContext(fcinfo, &raw mut kept) } == 0 {
        return Err(ExtensionError::OutsideOfAggregate);
    }
    // SAFETY: the context is the aggregate's, which outlives its states; the value is dropped with it. The
    // pointer that a state holds was made here, of this very type.
    Ok(unsafe { PgMemoryContexts::For(kept).switch_to(|_| state.get_or_insert_default::<HeadCount>()) })
}

#[pg_extern(immutable, parallel_safe)]
fn coverage_accumulate(
    mut state: Internal,
    during: Option<InstantRange>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Internal {
    add(&mut state, during, Some(1), fcinfo);
    state
}

#[pg_extern(immutable, parallel_safe)]
fn coverage_accumulate_heads(
    mut state: Internal,
    during: Option<InstantRange>,
    heads: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Internal {
    add(&mut state, during, heads, fcinfo);
    state
}

fn add(
    state: &mut Internal,
    during: Option<InstantRange>,
    heads: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) {
    // SAFETY: `fcinfo` is that of the call that both arguments came with; only functions of this module make
    // values of the aggregate's state.
    let count = unsafe { head_count(state, fcinfo) }.or_raise();
    if let (Some(InstantRange(Some(span))), Some(heads)) = (during, heads) {
        count.add(span, heads);
    }
}

#[pg_extern(immutable, parallel_safe)]
fn coverage_combine(mut state: Internal, mut other: Internal, fcinfo: pg_sys::FunctionCallInfo) -> Internal {
    // SAFETY: as in `add`.
    let count = unsafe { head_count(&mut state, fcinfo) }.or_raise();
    // SAFETY: the other state was made by this module, too, and is read during this call only.
    if let Some(other) = unsafe { other.get_mut::<HeadCount>() } {
        for (at, by) in other.changes() {
            count.add_change(*at, *by);
        }
    }
    state
}

#[pg_extern(immutable, strict, parallel_safe)]
fn coverage_serialize(mut state: Internal) -> Vec<u8> {
    // SAFETY: only functions of this module make values of the aggregate's state.
    let count = unsafe { state.get_mut::<HeadCount>() };
    let changes = count.map(HeadCount::changes).unwrap_or_default();
    changes.iter().flat_map(|(at, by)| [at.microseconds(), *by]).flat_map(i64::to_ne_bytes).collect()
}

#[pg_extern(immutable, strict, parallel_safe)]
fn coverage_deserialize(bytes: &[u8], _state: Internal) -> Internal {
    let mut count = HeadCount::default();
    let (changes, _) = bytes.as_chunks::<CHANGE_BYTES>();
    for change in changes {
        let [Some(at), Some(by)] = [change.first_chunk(), change.last_chunk()] else { continue };
        count.add_change(Instant::from_microseconds(i64::from_ne_bytes(*at)), i64::from_ne_bytes(*by));
    }
    Internal::new(count)
}

#[pg_extern(immutable, parallel_safe, requires = ["coverage_step"])]
fn coverage_finish(mut state: Internal) -> Option<Vec<composite_type!('static, "rota.coverage_step")>> {
    // SAFETY: only functions of this module make values of the aggregate's state.
    let steps = unsafe { state.get_mut::<HeadCount>() }?.steps(None);
    let description = PgTupleDesc::for_composite_type(STEP)?;
    let rows: Vec<_> = steps.into_iter().filter_map(|step| row(description.clone(), step)).collect();
    (!rows.is_empty()).then_some(rows)
}

fn row(
    description: PgTupleDesc<'static>,
    step: Step,
) -> Option<composite_type!('static, "rota.coverage_step")> {
    let columns = [InstantRange(Some(step.span)).into_datum(), step.heads.into_datum()];
    // SAFETY: the type's two columns are a tstzrange and a bigint, which the two values are.
    unsafe { PgHeapTuple::from_datums(description, columns) }.ok()
}
