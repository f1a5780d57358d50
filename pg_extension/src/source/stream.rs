//! A query's rows as they come, without a copy of any.

use std::ffi::{CString, c_int};

use pgrx::{pg_guard, pg_sys};

use super::query::{Connection, Parameters};
use crate::error::ExtensionError;

/// What is done with a row. The slot is live until it returns.
pub(super) type Each<'work> = &'work mut dyn FnMut(*mut pg_sys::TupleTableSlot) -> Result<(), ExtensionError>;

/// A destination of the server's, and what it is for.
#[repr(C)]
struct Receiver<'work> {
    /// What the server knows of it. First, so that a pointer to it is one to the whole.
    destination: pg_sys::DestReceiver,
    each: Each<'work>,
    failure: Option<ExtensionError>,
}

impl Connection {
    /// Runs a read-only query with the active snapshot and hands over its rows one by one, as the executor
    /// makes them: a million take a third of what it takes to collect them first.
    ///
    /// # Errors
    /// Those of `each`, which end the query. What the server refuses is raised as its own error.
    pub(crate) fn stream(&self, query: &str, each: Each<'_>) -> Result<(), ExtensionError> {
        self.stream_with(query, &Parameters::default(), each)
    }

    /// As [`Connection::stream`], with values for the query's placeholders.
    ///
    /// # Errors
    /// As [`Connection::stream`].
    pub(super) fn stream_with(
        &self,
        query: &str,
        parameters: &Parameters,
        each: Each<'_>,
    ) -> Result<(), ExtensionError> {
        let text = CString::new(query).map_err(|_| ExtensionError::UnsendableQuery)?;
        hand_over(each, parameters, |options| {
            // SAFETY: the interface is open, or there were no `self`. Text and options outlive the call.
            unsafe { pg_sys::SPI_execute_extended(text.as_ptr(), options) };
        })
    }
}

/// Has the server execute something whose rows go to `each`, one by one, with the active snapshot.
pub(super) fn hand_over(
    each: Each<'_>,
    parameters: &Parameters,
    execute: impl FnOnce(*const pg_sys::SPIExecuteOptions),
) -> Result<(), ExtensionError> {
    let mut receiver = Receiver {
        destination: pg_sys::DestReceiver {
            receiveSlot: Some(receive),
            rStartup: Some(start),
            rShutdown: Some(finish),
            rDestroy: Some(finish),
            mydest: pg_sys::CommandDest::DestNone,
        },
        each,
        failure: None,
    };
    let options = pg_sys::SPIExecuteOptions {
        params: parameters.for_server(),
        read_only: true,
        dest: (&raw mut receiver).cast(),
        ..pg_sys::SPIExecuteOptions::default()
    };
    execute(&raw const options);
    receiver.failure.map_or(Ok(()), Err)
}

/// Called by the executor for each row; false ends the query.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    destination: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the destination is the first field of a receiver that lives until the query has ended.
    let receiver = unsafe { &mut *destination.cast::<Receiver<'_>>() };
    match (receiver.each)(slot) {
        Ok(()) => true,
        Err(error) => {
            receiver.failure = Some(error);
            false
        }
    }
}

/// Called by the executor before the first row.
#[pg_guard]
unsafe extern "C-unwind" fn start(
    _destination: *mut pg_sys::DestReceiver,
    _operation: c_int,
    _shape: pg_sys::TupleDesc,
) {
}

/// Called by the executor after the last row.
#[pg_guard]
unsafe extern "C-unwind" fn finish(_destination: *mut pg_sys::DestReceiver) {}
