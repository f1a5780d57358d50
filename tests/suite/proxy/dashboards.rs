//! Dashboards and alerts ask only for what a running proxy shows, and leave nothing out.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rota_tests::server::environment;
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::queries::Query;
use super::samples::{Samples, samples};
use super::stage::{FUNCTIONS, Stage};
use super::waiting::until;

/// Labels that Prometheus adds itself.
const OF_PROMETHEUS: [&str; 2] = ["job", "instance"];

/// A query and where it stands.
struct Asked {
    place: String,
    text: String,
}

fn files(folder: &str, ending: &str) -> Result<Vec<(PathBuf, String)>> {
    let folder = environment()?.project.join("grafana").join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    ensure!(!found.is_empty(), "{} holds no .{ending}", folder.display());
    Ok(found)
}

/// Every panel of every dashboard, those inside of rows included, with its title.
fn panels() -> Result<Vec<(String, Value)>> {
    fn collect(panels: &Value, file: &str, found: &mut Vec<(String, Value)>) {
        for panel in panels.as_array().into_iter().flatten() {
            let place = format!("{file}: {}", panel["title"].as_str().unwrap_or("a panel without title"));
            collect(&panel["panels"], file, found);
            found.push((place, panel.clone()));
        }
    }
    let mut found = Vec::new();
    for (path, text) in files("dashboards", "json")? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let dashboard: Value = serde_json::from_str(&text).with_context(|| file.clone())?;
        collect(&dashboard["panels"], &file, &mut found);
    }
    Ok(found)
}

/// Every alert rule with its place.
fn rules() -> Result<Vec<(String, Yaml)>> {
    let mut found = Vec::new();
    for (path, text) in files("alerts", "yml")? {
        for document in YamlLoader::load_from_str(&text).with_context(|| path.display().to_string())? {
            for group in document["groups"].as_vec().context("no groups")? {
                for rule in group["rules"].as_vec().context("no rules")? {
                    found.push((
                        rule["alert"].as_str().context("a rule without name")?.to_owned(),
                        rule.clone(),
                    ));
                }
            }
        }
    }
    Ok(found)
}

fn queries() -> Result<Vec<Asked>> {
    let mut found = Vec::new();
    for (place, panel) in panels()? {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = target["expr"].as_str().with_context(|| format!("{place}: a target without query"))?;
            found.push(Asked { place: place.clone(), text: text.to_owned() });
        }
    }
    for (place, rule) in rules()? {
        let text = rule["expr"].as_str().with_context(|| format!("{place} has no query"))?;
        found.push(Asked { place, text: text.to_owned() });
    }
    Ok(found)
}

/// A proxy that has answered something of everything.
async fn of_a_busy_proxy() -> Result<Samples> {
    let sql = format!("{FUNCTIONS}{}{}", super::problems::FAIL, super::refreshing::VIEWS);
    let stage = Stage::with_settings(&sql, &[super::refreshing::ON]).await?;
    super::refreshing::raise(&stage.session).await?;
    super::refreshing::becomes_fresh(&stage.session).await?;
    for target in ["/backend", "/backend?x", "/fail?state=XX000", "/nowhere"] {
        stage.proxy.get(target).await?;
    }
    // A view is shown when it has been looked at, and its refresh when it has come back.
    until("the refreshes are shown", async || {
        let shown = samples(&stage.proxy).await?;
        Ok(shown.shows("rota_view_staleness_seconds") && shown.shows("rota_view_refreshes_total"))
    })
    .await?;
    samples(&stage.proxy).await
}

fn check(query: &Query, samples: &Samples) -> Result<()> {
    for selector in &query.selectors {
        let name = &selector.name;
        ensure!(samples.shows(name), "no proxy shows {name}");
        for (label, operator, value) in &selector.matchers {
            if OF_PROMETHEUS.contains(&label.as_str()) {
                continue;
            }
            let known = samples.label_values(name, label);
            ensure!(!known.is_empty(), "{name} has no label {label}");
            let wanted: Vec<&str> =
                if operator.ends_with('~') { value.split('|').collect() } else { vec![value] };
            for value in wanted {
                ensure!(known.contains(value), "{label} of {name} is never {value}, but one of {known:?}");
            }
        }
    }
    for label in query.grouped_by.iter().filter(|label| !OF_PROMETHEUS.contains(&label.as_str())) {
        let has_it =
            query.selectors.iter().all(|selector| !samples.label_values(&selector.name, label).is_empty());
        ensure!(has_it, "grouped by {label}, which not every series of the query has");
    }
    for name in &query.rated {
        let kind = samples.kind(name);
        ensure!(matches!(kind, Some("counter" | "histogram")), "{name} is a {kind:?} and has no rate");
    }
    Ok(())
}

#[tokio::test]
async fn every_panel_and_rule_asks_for_series_and_labels_that_a_proxy_shows() -> Result<()> {
    let samples = of_a_busy_proxy().await?;
    let mut faults = Vec::new();
    for Asked { place, text } in queries()? {
        if let Err(error) = Query::read(&text).and_then(|query| check(&query, &samples)) {
            faults.push(format!("{place}: {error:#} in {text}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    Ok(())
}

#[tokio::test]
async fn every_metric_is_named_in_its_file_and_used_by_a_panel_or_a_rule() -> Result<()> {
    let samples = of_a_busy_proxy().await?;
    let file = environment()?.project.join("proxy/src/observe/names.rs");
    let source = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let declared: BTreeSet<&str> = source
        .lines()
        .filter(|line| line.starts_with("pub const"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    let shown: BTreeSet<&str> = samples.families().collect();
    assert_eq!(declared, shown, "names.rs and /metrics differ");
    let mut used = BTreeSet::new();
    for Asked { text, .. } in queries()? {
        for selector in Query::read(&text)?.selectors {
            used.extend(samples.family(&selector.name).map(str::to_owned));
        }
    }
    let unused: Vec<&&str> = declared.iter().filter(|name| !used.contains(**name)).collect();
    assert!(unused.is_empty(), "no panel and no rule uses {unused:?}");
    Ok(())
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_from_which_source() -> Result<()> {
    let mut faults = Vec::new();
    let mut titles = BTreeSet::new();
    for (place, panel) in panels()? {
        let mut fault = |what: &str| faults.push(format!("{place}: {what}"));
        if panel["title"].as_str().is_none_or(str::is_empty) {
            fault("no title");
        }
        let kind = panel["type"].as_str().unwrap_or_default();
        if kind == "row" {
            continue;
        }
        if !titles.insert(place.clone()) {
            fault("another panel has this title");
        }
        if panel["description"].as_str().is_none_or(|text| text.len() < 10) {
            fault("no description");
        }
        let sources = std::iter::once(&panel["datasource"])
            .chain(panel["targets"].as_array().into_iter().flatten().map(|target| &target["datasource"]));
        if sources.into_iter().any(|source| source["uid"] != "${datasource}") {
            fault("a source that is not the variable");
        }
        if panel["targets"].as_array().is_none_or(Vec::is_empty) {
            fault("no query");
        }
        if ["timeseries", "stat", "gauge", "bargauge", "heatmap"].contains(&kind)
            && panel["fieldConfig"]["defaults"]["unit"].as_str().is_none_or(str::is_empty)
        {
            fault("no unit");
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    Ok(())
}

#[test]
fn panels_have_their_own_numbers_and_do_not_overlap() -> Result<()> {
    let mut numbers = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for (place, panel) in panels()? {
        let file = place.split(':').next().unwrap_or_default().to_owned();
        let number = panel["id"].as_u64().with_context(|| format!("{place} has no id"))?;
        assert!(numbers.insert((file.clone(), number)), "{place}: id {number} is another's");
        let side = |name: &str| {
            panel["gridPos"][name].as_u64().with_context(|| format!("{place} has no {name} of its place"))
        };
        let (left, top, width, height) = (side("x")?, side("y")?, side("w")?, side("h")?);
        assert!(width > 0 && left + width <= 24, "{place} leaves the grid");
        for x in left..left + width {
            for y in top..top + height {
                assert!(cells.insert((file.clone(), x, y)), "{place} overlaps another");
            }
        }
    }
    Ok(())
}

#[test]
fn every_rule_says_how_bad_it_is_and_what_to_look_at() -> Result<()> {
    for (name, rule) in rules()? {
        let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
        assert!(["warning", "critical"].contains(&severity), "{name}: severity {severity:?}");
        for annotation in ["summary", "description"] {
            let text = rule["annotations"][annotation].as_str().unwrap_or_default();
            assert!(text.len() > 10, "{name} has no {annotation}");
        }
    }
    Ok(())
}
