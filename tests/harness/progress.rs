//! Progress lines: one per step, with its time, on standard error.
//!
//! On a terminal a running step shows a spinner, its elapsed time and the newest line of the
//! program it runs. Elsewhere (a log, a pipe) a step is one line when it begins, and one more when
//! it ends if it took long.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Steps shorter than this do not tell their time.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// A step that is being done.
pub struct Step {
    name: String,
    begun: Instant,
    spinner: Option<ProgressBar>,
    silent: bool,
}

impl Step {
    /// Begins a step that is named by what it does, such as `building the proxy`.
    pub fn begin(name: &str) -> Self {
        let mut step = Self { name: name.to_owned(), begun: Instant::now(), spinner: None, silent: false };
        if stderr().is_terminal() {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg:.dim}")
            {
                spinner.set_style(style);
            }
            spinner.set_prefix(step.name.clone());
            spinner.enable_steady_tick(Duration::from_millis(100));
            step.spinner = Some(spinner);
        } else {
            say(&format!("- {name}"));
        }
        step
    }

    /// A step that nobody is told about.
    pub fn silent() -> Self {
        Self { name: String::new(), begun: Instant::now(), spinner: None, silent: true }
    }

    /// Whether [`Step::detail`] shows anything.
    pub fn is_shown_live(&self) -> bool {
        self.spinner.is_some()
    }

    /// Shows what the step is at.
    pub fn detail(&self, text: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(text.to_owned());
        }
    }

    /// Ends the step and returns how long it took.
    pub fn end(mut self, succeeded: bool) -> Duration {
        let elapsed = self.begun.elapsed();
        if self.silent {
            return elapsed;
        }
        let verdict = if succeeded { "done" } else { "FAILED" };
        let on_terminal = self.spinner.take().map(|spinner| spinner.finish_and_clear()).is_some();
        if on_terminal {
            let mark = if succeeded { '-' } else { '!' };
            let time =
                if elapsed >= WORTH_TELLING { format!(" ({})", seconds(elapsed)) } else { String::new() };
            say(&format!("{mark} {}{time}", self.name));
        } else if elapsed >= WORTH_TELLING || !succeeded {
            say(&format!("  {verdict} in {}", seconds(elapsed)));
        }
        elapsed
    }
}

/// Does `work` as a step.
pub fn step<T>(name: &str, work: impl FnOnce(&Step) -> Result<T>) -> Result<T> {
    let step = Step::begin(name);
    let outcome = work(&step);
    step.end(outcome.is_ok());
    outcome
}

/// Prints one line to standard error. A closed standard error is nobody's loss.
pub fn say(line: &str) {
    drop(writeln!(stderr(), "{line}"));
}

/// `0.4 s`, `12.3 s`, `3 min 5 s`.
pub fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole >= 60 {
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_units_that_fit() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 5 s");
    }

    #[test]
    fn the_outcome_of_the_work_is_the_outcome_of_the_step() {
        assert_eq!(step("counting", |_| Ok(3)).unwrap(), 3);
        assert!(step("failing", |_| -> Result<()> { anyhow::bail!("no") }).is_err());
    }
}
