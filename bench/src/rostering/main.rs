//! Rosters for the public instances: cost, gap to the best known, proven bound, time to the best.
//!
//! Started by `cargo xtask bench rostering`. Needs no server.

mod checker;
mod instance;
mod picture;
mod table;
mod translate;
mod watch;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;
use rota_engine::rostering::repair::{Change, repair};
use rota_engine::rostering::{self, Limits, Plan, Problem};

use crate::instance::Instance;
use crate::picture::{History, Panel};
use crate::table::{Row, Table};
use crate::watch::Stopwatch;

#[derive(Parser)]
#[command(name = "rota-bench-rostering", about = "Generates rosters for public instances and compares them")]
struct Arguments {
    /// Folder of the instances, in the text format of Curtois and Qu
    #[arg(long, env = "ROTA_ROSTERING_INSTANCES", default_value = "../shared/rostering/instances")]
    instances: PathBuf,
    /// Best known costs: CSV with the columns instance and `best_known_upper`; beside the folder when left out
    #[arg(long, value_name = "FILE")]
    best_known: Option<PathBuf>,
    /// Only the instances whose numbers are listed
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    only: Vec<u32>,
    /// Time limits, in seconds
    #[arg(long, value_delimiter = ',', default_values_t = [10, 60])]
    seconds: Vec<u64>,
    /// How many seeds, from 1 on
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Threads of the search
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Steps instead of seconds: the same result on every machine, with one thread
    #[arg(long)]
    steps: Option<u64>,
    /// Count processor time instead of time on the wall: for a machine that others use
    #[arg(long)]
    processor_time: bool,
    /// Stop as soon as the best known cost is reached
    #[arg(long)]
    stop_at_best_known: bool,
    /// Published costs to draw beside ours: CSV with the columns instance, method, `time_limit_s` and objective; beside
    /// the folder when left out
    #[arg(long, value_name = "FILE")]
    published: Option<PathBuf>,
    /// Where to draw gap over time as SVG, from the runs with the longest time limit; in the folder of the rosters when
    /// left out
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Folder for the rosters and the table
    #[arg(long, default_value = "target/rostering")]
    out: PathBuf,
    /// Tell each improvement as it happens
    #[arg(long)]
    trace: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let files = instance_files(&arguments)?;
    let best_known = best_known(&arguments)?;
    fs::create_dir_all(&arguments.out).with_context(|| format!("creating {}", arguments.out.display()))?;
    let mut table = Table::new(arguments.threads);
    let mut panels = Vec::new();
    let longest = arguments.seconds.iter().copied().max().unwrap_or(0);
    for file in &files {
        let instance = Instance::read(file)?;
        let known = best_known.get(&instance.name).copied();
        for &seconds in &arguments.seconds {
            let runs = (1..=arguments.seeds)
                .map(|seed| measure(&arguments, &instance, known, seconds, seed))
                .collect::<Result<Vec<_>>>()?;
            let (runs, histories): (Vec<table::Run>, Vec<History>) = runs.into_iter().unzip();
            table.add(Row::new(&instance.name, seconds, known, &runs));
            if let Some(best_known) = known.filter(|_| seconds == longest) {
                panels.push(Panel {
                    instance: instance.name.clone(),
                    people: instance.staff.len(),
                    days: instance.days,
                    best_known,
                    runs: histories,
                });
            }
        }
    }
    let file = arguments.out.join("table.md");
    fs::write(&file, table.to_string()).with_context(|| format!("writing {}", file.display()))?;
    let beside = || arguments.instances.parent().map(|folder| folder.join("published_results.csv"));
    let published = picture::published(&arguments.published.clone().or_else(beside).unwrap_or_default())?;
    let file = arguments.picture.clone().unwrap_or_else(|| arguments.out.join("gap-over-time.svg"));
    let drawing = picture::draw(&panels, &published, longest, arguments.threads);
    fs::write(&file, drawing).with_context(|| format!("writing {}", file.display()))?;
    table.print();
    Ok(())
}

/// One search, judged by the checker.
fn measure(
    arguments: &Arguments,
    instance: &Instance,
    best_known: Option<i64>,
    seconds: u64,
    seed: u64,
) -> Result<(table::Run, History)> {
    let problem = translate::problem(instance);
    let stopwatch = Stopwatch::start(arguments.trace, arguments.processor_time.then_some(arguments.threads));
    let limits = Limits {
        time_ms: arguments.steps.is_none().then_some(seconds * 1_000),
        steps: arguments.steps,
        target: best_known.filter(|_| arguments.stop_at_best_known),
        threads: arguments.threads,
        memory_bytes: 2 << 30,
        seed,
        ..Limits::default()
    };
    let outcome = rostering::search(&problem, limits, &stopwatch)?;
    let total_ms = stopwatch.elapsed();
    let history = stopwatch.history();
    let roster = translate::roster(instance, &outcome.plan);
    let verdict = checker::judge(instance, &roster);
    if verdict.broken.is_empty() && verdict.cost != outcome.evaluation.cost {
        bail!("{}: the engine says {}, the checker {}", instance.name, outcome.evaluation.cost, verdict.cost);
    }
    if verdict.broken.is_empty() != (outcome.evaluation.broken_hard == 0) {
        bail!("{}: engine and checker differ about hard rules: {:?}", instance.name, verdict.broken.first());
    }
    let mut text = String::from("employee,day_index,shift_id\n");
    for &(employee, day, shift) in &roster {
        writeln!(text, "{},{day},{}", instance.staff[employee].id, instance.shifts[shift].id)?;
    }
    let file = arguments.out.join(format!("{}-{seconds}s-seed{seed}.csv", instance.name));
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    let (repair_ms, moved) = repair_drop_out(arguments, &problem, &outcome.plan, seed)?;
    let run = table::Run {
        repair_ms,
        moved,
        cost: verdict.cost,
        people_short: verdict.people_short,
        broken: verdict.broken.len(),
        lower_bound: outcome.lower_bound,
        best_ms: history.last().map_or(total_ms, |step| step.0),
        total_ms,
    };
    run.tell(&instance.name, seconds, seed);
    Ok((run, history))
}

/// Milliseconds that a repair takes after the first person is away in the second week, and the other people it moves.
fn repair_drop_out(
    arguments: &Arguments,
    problem: &Problem,
    known: &Plan,
    seed: u64,
) -> Result<(u64, usize)> {
    const AWAY: std::ops::Range<usize> = 7..14;
    let mut changed = problem.clone();
    changed.people[0].days_off.extend(AWAY);
    let stopwatch = Stopwatch::start(false, arguments.processor_time.then_some(1));
    let limits = Limits { time_ms: Some(10_000), memory_bytes: 2 << 30, seed, ..Limits::default() };
    let away = [Change::Away { person: 0, days: AWAY }];
    let repaired = repair(&changed, known, &away, limits, &stopwatch)?;
    let moved = repaired.changed_people.iter().filter(|&&person| person != 0).count();
    Ok((stopwatch.elapsed(), moved))
}

fn instance_files(arguments: &Arguments) -> Result<Vec<PathBuf>> {
    let folder = &arguments.instances;
    if !folder.is_dir() {
        bail!(
            "{} is no folder: --instances or ROTA_ROSTERING_INSTANCES says where the instances lie; \
             they are published at schedulingbenchmarks.org",
            folder.display()
        );
    }
    let mut numbered = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if let Some(number) = number_of(&path)
            && (arguments.only.is_empty() || arguments.only.contains(&number))
        {
            numbered.push((number, path));
        }
    }
    numbered.sort();
    if numbered.is_empty() {
        bail!("{} holds no instance that was asked for", folder.display());
    }
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

fn number_of(path: &Path) -> Option<u32> {
    let stem = path.file_stem()?.to_str()?;
    stem.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().ok()
}

fn best_known(arguments: &Arguments) -> Result<HashMap<String, i64>> {
    let beside = || arguments.instances.parent().map(|folder| folder.join("best_known.csv"));
    let Some(file) = arguments.best_known.clone().or_else(beside).filter(|file| file.is_file()) else {
        return Ok(HashMap::new());
    };
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (Some(name), Some(upper)) = (column("instance"), column("best_known_upper")) else {
        bail!("{} has no columns instance and best_known_upper", file.display());
    };
    Ok(lines
        .filter_map(|line| Some(((*line.get(name)?).to_owned(), line.get(upper)?.parse().ok()?)))
        .collect())
}
