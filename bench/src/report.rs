//! The report: one line per measurement, the ratio before the absolute figures.

use std::path::Path;
use std::{fmt, fs};

use anyhow::{Context, Result};

use crate::machine::Machine;

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

/// All lines of one measurement.
pub(crate) struct Report {
    name: String,
    machine: String,
    lines: Vec<Line>,
}

impl Report {
    /// An empty report of the measurement `name` on `machine`.
    pub(crate) fn new(name: String, machine: &Machine) -> Self {
        Self { name, machine: machine.description.clone(), lines: Vec::new() }
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

    /// Writes the report into `folder`, in the place of an earlier one of the same measurement.
    pub(crate) fn record(&self, folder: &Path) -> Result<()> {
        let file = folder.join(format!("{}.md", self.name));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, self.to_string()))
            .with_context(|| format!("writing {}", file.display()))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# `cargo xtask bench {}`\n\n{}\n", self.name, self.machine)?;
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
