//! The report: one line per measurement, the ratio before the absolute figures.

use std::fmt;

/// One measured line.
pub(crate) struct Line {
    /// What was measured, and against what.
    pub(crate) name: String,
    /// The comparison with the twin or with a stated limit, for example `0.55x`.
    pub(crate) ratio: String,
    /// What we want to hold, for example `at least 0.4x`.
    pub(crate) bar: String,
    /// Whether it holds; nothing when the line is only information.
    pub(crate) holds: Option<bool>,
    /// The figures behind the ratio, with units.
    pub(crate) absolute: String,
}

/// All lines of one run.
pub(crate) struct Report {
    machine: String,
    lines: Vec<Line>,
}

impl Report {
    /// An empty report of a run on `machine`.
    pub(crate) fn new(machine: String) -> Self {
        Self { machine, lines: Vec::new() }
    }

    /// Adds a line and shows it at once: a run takes minutes.
    pub(crate) fn add(&mut self, line: Line) {
        rota_harness::progress::say(&format!("{}: {} ({})", line.name, line.ratio, line.absolute));
        self.lines.push(line);
    }

    /// Prints the whole report.
    #[expect(clippy::print_stdout, reason = "the report is what this program is for")]
    pub(crate) fn print(&self) {
        println!("{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# Measured by `cargo xtask bench`\n\n{}\n", self.machine)?;
        writeln!(formatter, "| measurement | ratio | bar | holds | absolute |")?;
        writeln!(formatter, "|---|---|---|---|---|")?;
        for line in &self.lines {
            let holds = match line.holds {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "",
            };
            writeln!(
                formatter,
                "| {} | {} | {} | {holds} | {} |",
                line.name, line.ratio, line.bar, line.absolute
            )?;
        }
        Ok(())
    }
}
