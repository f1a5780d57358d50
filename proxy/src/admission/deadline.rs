//! How long a client is willing to wait.

use std::time::Duration;

/// The longest wait that is read: beyond it every limit of the proxy ends the request first.
const LONGEST_SECONDS: f64 = 86_400.0;

/// The value of `wait` in a `Prefer` header (RFC 7240, section 4.3), in seconds. Fractions are read too: a
/// click is worth less than a second. Anything else is ignored, as preferences are.
pub fn preferred_wait(prefer: &str) -> Option<Duration> {
    prefer.split(',').find_map(|preference| {
        // Parameters of a preference follow behind a semicolon.
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("wait") {
            return None;
        }
        let seconds: f64 = value.trim().trim_matches('"').parse().ok()?;
        let seconds = if seconds > LONGEST_SECONDS { LONGEST_SECONDS } else { seconds };
        Duration::try_from_secs_f64(seconds).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_found_among_other_preferences() {
        for (prefer, milliseconds) in [
            ("wait=10", 10_000),
            ("respond-async, wait=2", 2000),
            ("Wait = 0.25 ;x=1, wait=9", 250),
            ("wait=\"3\"", 3000),
            ("wait=0", 0),
            ("wait=1e30", 86_400_000),
        ] {
            assert_eq!(preferred_wait(prefer), Some(Duration::from_millis(milliseconds)), "{prefer}");
        }
    }

    #[test]
    fn what_is_no_wait_is_ignored() {
        for prefer in ["", "wait", "wait=", "wait=-1", "wait=soon", "wait=NaN", "await=3", "return=minimal"] {
            assert_eq!(preferred_wait(prefer), None, "{prefer}");
        }
    }
}
