//! The table of results: one row per instance and time limit, medians over the seeds.

use std::fmt;

/// One search.
#[derive(Clone, Copy, Default)]
pub(crate) struct Run {
    pub(crate) cost: i64,
    pub(crate) people_short: i64,
    pub(crate) broken: usize,
    pub(crate) lower_bound: i64,
    pub(crate) best_ms: u64,
    pub(crate) total_ms: u64,
    /// Milliseconds of a repair after one person dropped out for a week.
    pub(crate) repair_ms: u64,
    /// Other people whom that repair moved.
    pub(crate) moved: usize,
}

impl Run {
    /// Tells a run at once: a whole table takes an hour.
    #[expect(clippy::print_stderr, reason = "progress for the person who waits")]
    pub(crate) fn tell(&self, instance: &str, seconds: u64, seed: u64) {
        eprintln!(
            "{instance} {seconds} s seed {seed}: cost {}, {} short, {} broken, bound {}, best after {} ms of {} ms, \
             repair {} ms moves {}",
            self.cost,
            self.people_short,
            self.broken,
            self.lower_bound,
            self.best_ms,
            self.total_ms,
            self.repair_ms,
            self.moved
        );
    }
}

/// All seeds of one instance and time limit.
pub(crate) struct Row {
    instance: String,
    seconds: u64,
    best_known: Option<i64>,
    costs: Vec<i64>,
    /// The run in the middle.
    median: Run,
    best_bound: i64,
    broken: usize,
}

impl Row {
    pub(crate) fn new(instance: &str, seconds: u64, best_known: Option<i64>, runs: &[Run]) -> Self {
        let mut sorted = runs.to_vec();
        sorted.sort_by_key(|run| (run.broken, run.cost));
        Self {
            instance: instance.to_owned(),
            seconds,
            best_known,
            costs: sorted.iter().map(|run| run.cost).collect(),
            median: sorted.get(sorted.len() / 2).copied().unwrap_or_default(),
            best_bound: runs.iter().map(|run| run.lower_bound).max().unwrap_or(0),
            broken: runs.iter().map(|run| run.broken).sum(),
        }
    }
}

/// The table as Markdown.
pub(crate) struct Table {
    threads: usize,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    #[expect(clippy::print_stdout, reason = "the table is what this program is for")]
    pub(crate) fn print(&self) {
        println!("{self}");
    }
}

fn percent(part: i64, whole: i64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2}", 100.0 * part as f64 / whole as f64) }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "Median of the seeds, {} threads; costs by the independent checker.\n",
            self.threads
        )?;
        writeln!(
            formatter,
            "| instance | seconds | best known | cost | gap % | people short | bound | proven gap % | best after s | \
             all costs | hard rules broken | repair ms | people moved |"
        )?;
        writeln!(formatter, "|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let Run { cost, people_short, best_ms, repair_ms, moved, .. } = row.median;
            let known = row.best_known.map_or("-".to_owned(), |known| known.to_string());
            let gap = row.best_known.map_or("-".to_owned(), |known| percent(cost - known, known));
            let costs: Vec<String> = row.costs.iter().map(i64::to_string).collect();
            writeln!(
                formatter,
                "| {} | {} | {known} | {cost} | {gap} | {people_short} | {} | {} | {:.1} | {} | {} | {repair_ms} | {moved} |",
                row.instance,
                row.seconds,
                row.best_bound,
                percent(cost - row.best_bound, cost),
                best_ms as f64 / 1_000.0,
                costs.join(", "),
                row.broken,
            )?;
        }
        Ok(())
    }
}
