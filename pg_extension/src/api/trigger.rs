//! Triggers, as the catalog keeps them.

use pgrx::pg_extern;

/// The arguments of a trigger from `pg_trigger.tgargs`: each ended by a zero byte.
#[pg_extern(immutable, strict, parallel_safe)]
fn trigger_arguments(tgargs: &[u8]) -> Vec<String> {
    let mut arguments: Vec<String> =
        tgargs.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    // What follows the last zero byte is no argument.
    arguments.pop();
    arguments
}
