//! HTTP as the proxy speaks it: problems, codings, entity tags, trace context, answers.

pub mod accept;
pub mod certificate;
pub mod compress;
pub mod connections;
pub mod entity_tag;
pub mod exchange;
pub mod prepared;
pub mod problem;
pub mod reply;
pub mod trace;
