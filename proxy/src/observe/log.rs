//! The log: JSON or human lines on standard error.

use std::io;

use tracing_subscriber::EnvFilter;

use super::event::{Phase, RequestEvent};
use super::slow::SlowCall;
use crate::config::{LogFormat, Settings};
use crate::error::Error;

/// Starts the log of this process.
pub fn start(settings: &Settings) -> Result<(), Error> {
    let filter = EnvFilter::new(settings.log_filter.text());
    // A closed standard error must not end the process: the subscriber would report that with a panic.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = match settings.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Human => builder.with_target(false).compact().try_init(),
    };
    // The driver logs the values of every call at debug: it is kept above that, whatever the filter says.
    ::log::set_max_level(::log::max_level().min(::log::LevelFilter::Info));
    started.map_err(|error| Error::Start(error.to_string()))
}

fn microseconds(event: &RequestEvent, phase: Phase) -> Option<u64> {
    event.phase(phase).map(|duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// One line of one request.
pub fn request(event: &RequestEvent) {
    let trace = event.trace();
    let trace_id = format!("{:032x}", trace.trace_id);
    let parent_span_id = trace.parent_span_id.map(|id| format!("{id:016x}"));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "rota::request",
                trace_id,
                parent_span_id,
                method = event.method.as_str(),
                path = event.path(),
                status = event.status,
                problem = event.problem.map(|kind| kind.name()),
                sqlstate = event.sqlstate.as_deref(),
                cause = event.cause.as_deref(),
                duration_us = u64::try_from(event.duration().as_micros()).unwrap_or(u64::MAX),
                validate_us = microseconds(event, Phase::Validate),
                pool_us = microseconds(event, Phase::Pool),
                call_us = microseconds(event, Phase::Call),
                encode_us = microseconds(event, Phase::Encode),
                response_bytes = event.response_bytes,
                coding = event.coding.token(),
                "request"
            )
        };
    }
    if event.status >= 500 {
        line!(warn);
    } else {
        line!(info);
    }
}

/// One line of one slow call: names of arguments, never their values.
pub fn slow_call(call: &SlowCall, event: &RequestEvent) {
    tracing::warn!(
        target: "rota::slow",
        trace_id = format!("{:032x}", event.trace().trace_id),
        method = call.method,
        path = call.path,
        function = call.function,
        duration_ms = call.duration_ms,
        pool_wait_ms = call.pool_wait_ms,
        sqlstate = call.sqlstate,
        arguments = call.arguments.join(","),
        "slow call"
    );
}
