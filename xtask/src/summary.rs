//! The checks of a test run, and what became of each.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rota_harness::interruption;
use rota_harness::progress::{Step, say, seconds};

/// The checks so far, in order.
#[derive(Default)]
pub(crate) struct Summary {
    begun: Option<Instant>,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    verdict: Verdict,
}

enum Verdict {
    Passed(Duration, Option<u64>),
    Failed(Duration),
    Skipped(&'static str),
}

/// What a check may tell beside that it passed: how many tests it ran.
pub(crate) trait Passed {
    /// Number of tests, where there is one.
    fn tests(&self) -> Option<u64> {
        None
    }
}

impl Passed for () {}

impl Passed for u64 {
    fn tests(&self) -> Option<u64> {
        Some(*self)
    }
}

impl<T> Passed for Vec<T> {}

impl Summary {
    /// Does a check. A failure is shown at once, remembered, and answered by `None`; only an
    /// interruption is an error.
    pub(crate) fn check<T: Passed>(
        &mut self,
        name: &str,
        work: impl FnOnce(&Step) -> Result<T>,
    ) -> Result<Option<T>> {
        interruption::check()?;
        self.begun.get_or_insert_with(Instant::now);
        let step = Step::begin(name);
        let outcome = work(&step);
        let elapsed = step.end(outcome.is_ok());
        interruption::check()?;
        let (verdict, value) = match outcome {
            Ok(value) => (Verdict::Passed(elapsed, value.tests()), Some(value)),
            Err(error) => {
                say(&format!("\n{error:#}\n"));
                (Verdict::Failed(elapsed), None)
            }
        };
        self.lines.push(Line { name: name.to_owned(), verdict });
        Ok(value)
    }

    /// Notes a check that was not done, and why.
    pub(crate) fn skip(&mut self, name: &str, reason: &'static str) {
        self.lines.push(Line { name: name.to_owned(), verdict: Verdict::Skipped(reason) });
    }

    /// Prints the summary; fails when a check did.
    pub(crate) fn conclude(self) -> Result<()> {
        say(&format!("\n{}", self.text()));
        let failed: Vec<&str> = self
            .lines
            .iter()
            .filter(|line| matches!(line.verdict, Verdict::Failed(_)))
            .map(|line| line.name.as_str())
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        let elapsed = self.begun.map(|begun| begun.elapsed()).unwrap_or_default();
        say(&format!("\nAll checks passed in {}.", seconds(elapsed)));
        Ok(())
    }

    fn text(&self) -> String {
        let width = self.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| {
                let verdict = match &line.verdict {
                    Verdict::Passed(time, None) => format!("passed   {}", seconds(*time)),
                    Verdict::Passed(time, Some(tests)) => {
                        format!("passed   {} ({tests} tests)", seconds(*time))
                    }
                    Verdict::Failed(time) => format!("FAILED   {}", seconds(*time)),
                    Verdict::Skipped(reason) => format!("skipped  {reason}"),
                };
                format!("  {:width$}  {verdict}", line.name)
            })
            .collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_run_and_the_rest_is_still_done() {
        let mut summary = Summary::default();
        assert!(summary.check("first", |_| -> Result<()> { bail!("no") }).unwrap().is_none());
        assert_eq!(summary.check("second", |_| Ok(7_u64)).unwrap(), Some(7));
        summary.skip("third", "it is not here");
        let text = summary.text();
        assert!(
            text.contains("FAILED") && text.contains("(7 tests)") && text.contains("it is not here"),
            "{text}"
        );
        assert_eq!(summary.conclude().unwrap_err().to_string(), "failed: first");
    }
}
