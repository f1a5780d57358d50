//! The picture of the results: gap to the best known over time, one panel per instance, published figures beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A gap never drawn below or above these, in percent: the floor is the best known cost itself.
const GAPS: (f64, f64) = (0.01, 1_000.0);
/// Seconds shown.
const SECONDS: (f64, f64) = (0.01, 1_000.0);
/// When the published figures were reached.
const PUBLISHED_SECONDS: f64 = 600.0;
const COLUMNS: usize = 5;
/// A panel with its titles, and the plot in it.
const PANEL: (f64, f64) = (186.0, 164.0);
const PLOT: (f64, f64) = (160.0, 108.0);
/// Room beside the panels, above and below them.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 4.0;
const HEADER: f64 = 128.0;
const FOOTER: f64 = 46.0;

/// Published methods that are drawn: their words, colours and marks.
const METHODS: [(&str, &str, &str, Mark); 3] = [
    ("ejection_chain", "ejection chain, 10 min", "#b45309", Mark::Circle),
    ("gurobi", "commercial MIP solver, 10 min", "#7c3aed", Mark::Square),
    ("ip_vns_hybrid", "MIP and variable neighbourhoods, 10 min", "#0f766e", Mark::Diamond),
];
const OURS: &str = "#1d4ed8";
const INK: &str = "#111827";
const FAINT_INK: &str = "#4b5563";
const GRID: &str = "#e5e7eb";
const FRAME: &str = "#9ca3af";

/// How a published figure is marked. All are hollow, so that none hides another.
#[derive(Clone, Copy)]
enum Mark {
    Circle,
    Square,
    Diamond,
}

/// When a run got better, and to which cost: milliseconds, cost. Only rosters that keep all hard rules.
pub(crate) type History = Vec<(u64, i64)>;

/// One instance's panel.
pub(crate) struct Panel {
    pub(crate) instance: String,
    pub(crate) people: usize,
    pub(crate) days: usize,
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

/// The whole picture as SVG: a light card, so that it can be read on any page.
pub(crate) fn draw(panels: &[Panel], published: &Published, seconds: u64, threads: usize) -> String {
    let columns = panels.len().clamp(1, COLUMNS);
    let rows = panels.len().div_ceil(COLUMNS).max(1);
    // The legend needs the width of a full row.
    let width = LEFT + PANEL.0 * COLUMNS as f64 + RIGHT;
    let height = HEADER + PANEL.1 * (rows - 1) as f64 + PLOT.1 + FOOTER;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#ffffff\" stroke=\"#d1d5db\"/>\n",
        width - 1.0,
        height - 1.0
    );
    legend(&mut svg, seconds, threads);
    for (number, panel) in panels.iter().enumerate() {
        let (row, column) = (number / COLUMNS, number % COLUMNS);
        let left = LEFT + PANEL.0 * column as f64;
        let top = HEADER + PANEL.1 * row as f64;
        draw_grid(&mut svg, left, top);
        if column == 0 {
            label_gaps(&mut svg, left, top);
        }
        if number + columns >= panels.len() {
            label_seconds(&mut svg, left, top + PLOT.1);
        }
        draw_panel(&mut svg, panel, published, seconds, (left, top));
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, (x, y): (f64, f64), colour: &str, style: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\" {style}>{words}</text>");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn mark(svg: &mut String, (x, y): (f64, f64), colour: &str, mark: Mark) {
    let style = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"");
    let _ = match mark {
        Mark::Circle => writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.2\" {style}/>"),
        Mark::Square => {
            let (left, top) = (x - 3.6, y - 3.6);
            writeln!(svg, "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"7.2\" height=\"7.2\" {style}/>")
        }
        Mark::Diamond => {
            let (left, right, top, bottom) = (x - 5.4, x + 5.4, y - 5.4, y + 5.4);
            writeln!(
                svg,
                "<path d=\"M{left:.1} {y:.1}L{x:.1} {top:.1}L{right:.1} {y:.1}L{x:.1} {bottom:.1}Z\" {style}/>"
            )
        }
    };
}

fn legend(svg: &mut String, seconds: u64, threads: usize) {
    const SIDE: f64 = 20.0;
    const TITLE: &str = "Rosters for public instances: how far from the best known";
    text(svg, (SIDE, 30.0), INK, "font-size=\"17\" font-weight=\"bold\"", TITLE);
    let words = "Both axes are logarithmic. The floor of each panel is the best known cost; marks at its upper edge lie \
                 beyond it.";
    text(svg, (SIDE, 50.0), FAINT_INK, "", words);
    let ours = format!("Rota, {threads} threads, up to {seconds} s (median of the seeds)");
    let mut left = SIDE;
    line(svg, (left, 70.0), (left + 22.0, 70.0), OURS, 2.4);
    text(svg, (left + 29.0, 74.0), INK, "", &ours);
    left += 56.0 + 5.8 * ours.len() as f64;
    for (_, words, colour, shape) in METHODS {
        mark(svg, (left, 70.0), colour, shape);
        text(svg, (left + 11.0, 74.0), INK, "", words);
        left += 32.0 + 5.8 * words.len() as f64;
    }
}

/// Position of a value on a logarithmic axis, from 0 to 1.
fn place(value: f64, (lowest, highest): (f64, f64)) -> f64 {
    (value.clamp(lowest, highest).log10() - lowest.log10()) / (highest.log10() - lowest.log10())
}

fn across(left: f64, seconds: f64) -> f64 {
    left + PLOT.0 * place(seconds, SECONDS)
}

fn down(top: f64, gap: f64) -> f64 {
    top + PLOT.1 * (1.0 - place(gap, GAPS))
}

fn gap(cost: i64, best_known: i64) -> f64 {
    100.0 * (cost - best_known) as f64 / best_known.max(1) as f64
}

fn draw_grid(svg: &mut String, left: f64, top: f64) {
    for seconds in [0.1, 1.0, 10.0, 100.0] {
        let x = across(left, seconds);
        line(svg, (x, top), (x, top + PLOT.1), GRID, 1.0);
    }
    for share in [0.1, 1.0, 10.0, 100.0] {
        let y = down(top, share);
        line(svg, (left, y), (left + PLOT.0, y), GRID, 1.0);
    }
    let (width, height) = PLOT;
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
         stroke=\"{FRAME}\"/>"
    );
}

fn label_gaps(svg: &mut String, left: f64, top: f64) {
    for (share, words) in
        [(0.01, "0"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1_000.0, "1000")]
    {
        text(svg, (left - 6.0, down(top, share) + 4.0), FAINT_INK, "text-anchor=\"end\"", words);
    }
    let (x, y) = (left - 46.0, top + PLOT.1 / 2.0);
    let turned = format!("text-anchor=\"middle\" transform=\"rotate(-90 {x:.1} {y:.1})\"");
    text(svg, (x, y), FAINT_INK, &turned, "gap in percent");
}

fn label_seconds(svg: &mut String, left: f64, floor: f64) {
    for (seconds, words) in [(0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100")] {
        text(svg, (across(left, seconds), floor + 15.0), FAINT_INK, "text-anchor=\"middle\"", words);
    }
    text(svg, (left + PLOT.0 / 2.0, floor + 31.0), FAINT_INK, "text-anchor=\"middle\"", "seconds of search");
}

fn draw_panel(svg: &mut String, panel: &Panel, published: &Published, seconds: u64, (left, top): (f64, f64)) {
    let curve = median(&panel.runs);
    let size = format!("{} people, {} days", panel.people, panel.days);
    let title = panel.instance.replace("Instance", "Instance ");
    text(svg, (left, top - 20.0), INK, "font-size=\"12\" font-weight=\"bold\"", &title);
    text(svg, (left, top - 6.0), FAINT_INK, "font-size=\"10.5\"", &size);
    let reached =
        curve.last().map_or("no roster".to_owned(), |&(_, cost)| match gap(cost, panel.best_known) {
            none if none <= 0.0 => "best known".to_owned(),
            small if small < 1.0 => format!("+{small:.2} %"),
            gap => format!("+{gap:.1} %"),
        });
    let style = "text-anchor=\"end\" font-weight=\"bold\"";
    text(svg, (left + PLOT.0, top - 20.0), OURS, style, &reached);
    for (method, _, colour, shape) in METHODS {
        if let Some(&cost) = published.get(&(panel.instance.clone(), method.to_owned())) {
            let at = (across(left, PUBLISHED_SECONDS), down(top, gap(cost, panel.best_known)));
            mark(svg, at, colour, shape);
        }
    }
    // A falling line in steps, up to the end of the time limit: a search that stopped before keeps what it has.
    let mut path = String::new();
    for (milliseconds, cost) in curve {
        let (x, y) = (across(left, milliseconds as f64 / 1_000.0), down(top, gap(cost, panel.best_known)));
        let _ = match path.is_empty() {
            true => write!(path, "M{x:.1} {y:.1}"),
            false => write!(path, "H{x:.1}V{y:.1}"),
        };
    }
    if !path.is_empty() {
        let end = across(left, seconds as f64);
        let style = "fill=\"none\" stroke-width=\"2.4\" stroke-linejoin=\"round\"";
        let _ = writeln!(svg, "<path d=\"{path}H{end:.1}\" stroke=\"{OURS}\" {style}/>");
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
