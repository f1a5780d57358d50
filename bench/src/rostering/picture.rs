//! The picture of the results: gap to the best known over time, one panel per instance, published figures beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A gap never drawn below or above these, in percent.
const GAPS: (f64, f64) = (0.01, 1_000.0);
/// Seconds shown.
const SECONDS: (f64, f64) = (0.01, 100.0);
const COLUMNS: usize = 4;
const PANEL: (f64, f64) = (210.0, 150.0);
const PLOT: (f64, f64) = (150.0, 96.0);
const LEGEND: f64 = 64.0;

/// Published methods that are drawn, with their words and colours. All figures are those after ten minutes.
const METHODS: [(&str, &str, &str); 3] = [
    ("ejection_chain", "ejection chain, 10 min", "#b45309"),
    ("gurobi", "commercial MIP solver, 10 min", "#7c3aed"),
    ("ip_vns_hybrid", "MIP and variable neighbourhoods, 10 min", "#0f766e"),
];
const OURS: &str = "#1d4ed8";
const INK: &str = "#374151";

/// When a run got better, and to which cost: milliseconds, cost. Only rosters that keep all hard rules.
pub(crate) type History = Vec<(u64, i64)>;

/// One instance's panel.
pub(crate) struct Panel {
    pub(crate) instance: String,
    pub(crate) best_known: i64,
    /// One history per seed.
    pub(crate) runs: Vec<History>,
}

/// Published objectives after ten minutes: by instance and method.
pub(crate) type Published = BTreeMap<(String, String), i64>;

/// Reads `instance,method,time_limit_s,objective,...`; nothing if there is no such file.
pub(crate) fn published(file: &Path) -> Result<Published> {
    if !file.is_file() {
        return Ok(Published::new());
    }
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let mut found = Published::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if let [instance, method, "600", objective, ..] = fields.as_slice()
            && let Ok(objective) = objective.parse()
        {
            found.insert(((*instance).to_owned(), (*method).to_owned()), objective);
        }
    }
    Ok(found)
}

/// The whole picture as SVG.
pub(crate) fn draw(panels: &[Panel], published: &Published, seconds: u64, threads: usize) -> String {
    let rows = panels.len().div_ceil(COLUMNS).max(1);
    let (width, height) = (PANEL.0 * COLUMNS as f64, PANEL.1 * rows as f64 + LEGEND);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"10\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    legend(&mut svg, seconds, threads);
    for (number, panel) in panels.iter().enumerate() {
        let left = PANEL.0 * (number % COLUMNS) as f64 + 44.0;
        let top = LEGEND + PANEL.1 * (number / COLUMNS) as f64 + 22.0;
        draw_panel(&mut svg, panel, published, left, top);
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, colour: &str, words: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{words}</text>"
    );
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, style: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" {style}/>",
        from.0, from.1, to.0, to.1
    );
}

fn legend(svg: &mut String, seconds: u64, threads: usize) {
    text(
        svg,
        12.0,
        18.0,
        "start",
        INK,
        "Gap to the best known cost in percent, over seconds of search. Lower is better; the floor is the best known.",
    );
    let ours = format!("Rota, median of the seeds, {threads} threads, {seconds} s");
    let mut left = 12.0;
    let entries = [("", ours.as_str(), OURS)];
    for (dash, words, colour) in entries.into_iter().chain(METHODS.iter().map(|m| ("4 3", m.1, m.2))) {
        let style = format!("stroke-width=\"2\" stroke-dasharray=\"{dash}\"");
        line(svg, (left, 38.0), (left + 22.0, 38.0), colour, &style);
        text(svg, left + 27.0, 41.5, "start", INK, words);
        left += 48.0 + 5.1 * words.len() as f64;
    }
}

/// Position of a value on a logarithmic axis, from 0 to 1.
fn place(value: f64, (lowest, highest): (f64, f64)) -> f64 {
    (value.clamp(lowest, highest).log10() - lowest.log10()) / (highest.log10() - lowest.log10())
}

fn gap(cost: i64, best_known: i64) -> f64 {
    100.0 * (cost - best_known) as f64 / best_known.max(1) as f64
}

fn draw_panel(svg: &mut String, panel: &Panel, published: &Published, left: f64, top: f64) {
    let x = |seconds: f64| left + PLOT.0 * place(seconds, SECONDS);
    let y = |gap: f64| top + PLOT.1 * (1.0 - place(gap, GAPS));
    text(svg, left, top - 7.0, "start", "#111827", &panel.instance);
    for (seconds, words) in [(0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100 s")] {
        line(svg, (x(seconds), top), (x(seconds), top + PLOT.1), "#e5e7eb", "stroke-width=\"1\"");
        text(svg, x(seconds), top + PLOT.1 + 12.0, "middle", INK, words);
    }
    for (share, words) in
        [(0.01, "0"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1_000.0, "1000 %")]
    {
        line(svg, (left, y(share)), (left + PLOT.0, y(share)), "#e5e7eb", "stroke-width=\"1\"");
        text(svg, left - 4.0, y(share) + 3.5, "end", INK, words);
    }
    for (method, _, colour) in METHODS {
        if let Some(&cost) = published.get(&(panel.instance.clone(), method.to_owned())) {
            let at = y(gap(cost, panel.best_known));
            line(
                svg,
                (left, at),
                (left + PLOT.0, at),
                colour,
                "stroke-width=\"1.5\" stroke-dasharray=\"4 3\"",
            );
        }
    }
    let mut path = String::new();
    let mut last: Option<f64> = None;
    for (milliseconds, cost) in median(&panel.runs) {
        let (across, down) = (x(milliseconds as f64 / 1_000.0), y(gap(cost, panel.best_known)));
        match last {
            None => {
                let _ = write!(path, "M{across:.1} {down:.1}");
            }
            Some(before) => {
                let _ = write!(path, "L{across:.1} {before:.1}L{across:.1} {down:.1}");
            }
        }
        last = Some(down);
    }
    if let Some(down) = last {
        let _ = write!(path, "L{:.1} {down:.1}", left + PLOT.0);
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{OURS}\" stroke-width=\"2\"/>");
    }
}

/// The median cost over time: at each moment the middle of what the seeds have by then, once more than half of them
/// have anything.
fn median(runs: &[History]) -> History {
    let mut moments: Vec<u64> = runs.iter().flatten().map(|&(milliseconds, _)| milliseconds).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut curve = History::new();
    for moment in moments {
        let mut costs: Vec<i64> = runs
            .iter()
            .map(|run| run.iter().rev().find(|step| step.0 <= moment).map_or(i64::MAX, |step| step.1))
            .collect();
        costs.sort_unstable();
        let Some(&middle) = costs.get(costs.len() / 2) else { continue };
        if middle < i64::MAX && curve.last().is_none_or(|&(_, cost)| cost != middle) {
            curve.push((moment, middle));
        }
    }
    curve
}
