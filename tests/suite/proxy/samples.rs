//! `/metrics`, read as strictly as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use rota_tests::proxy::Proxy;

/// Labels of one series.
pub(super) type Labels = BTreeMap<String, String>;

/// Everything that one look at `/metrics` shows.
#[derive(Debug, Default)]
pub(super) struct Samples {
    series: BTreeMap<String, Vec<(Labels, f64)>>,
    types: BTreeMap<String, String>,
}

/// Looks at a proxy's metrics.
pub(super) async fn samples(proxy: &Proxy) -> Result<Samples> {
    let answer = proxy.admin("/metrics").await?;
    ensure!(answer.status == 200, "{}", answer.text());
    let media_type = answer.header("content-type").unwrap_or_default();
    ensure!(media_type.starts_with("text/plain; version=0.0.4"), "{media_type}");
    Samples::read(&answer.text())
}

impl Samples {
    /// Reads the text format, version 0.0.4.
    fn read(text: &str) -> Result<Self> {
        ensure!(text.ends_with('\n'), "the last line is not ended");
        let mut samples = Self::default();
        for line in text.lines() {
            samples.line(line).with_context(|| line.to_owned())?;
        }
        samples.check()?;
        Ok(samples)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').context("no type")?;
            ensure!(self.types.insert(name.to_owned(), kind.to_owned()).is_none(), "declared twice");
            return Ok(());
        }
        if line.starts_with('#') {
            return Ok(());
        }
        let (head, value) = line.rsplit_once(' ').context("no value")?;
        let value: f64 = value.parse()?;
        let (name, labels) = match head.split_once('{') {
            Some((name, labels)) => (name, read_labels(labels.strip_suffix('}').context("no }")?)?),
            None => (head, Labels::new()),
        };
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        ensure!(is_name && !name.is_empty(), "{name} is no name");
        let series = self.series.entry(name.to_owned()).or_default();
        ensure!(!series.iter().any(|(known, _)| *known == labels), "the series is there twice");
        series.push((labels, value));
        Ok(())
    }

    /// What holds between lines: every series has a type, and a histogram's buckets rise to its count.
    fn check(&self) -> Result<()> {
        for name in self.series.keys() {
            ensure!(self.family(name).is_some(), "{name} has no type");
        }
        for (labels, count) in self
            .series
            .iter()
            .filter_map(|(name, series)| name.ends_with("_count").then_some(series))
            .flatten()
        {
            ensure!(*count >= 0.0, "{labels:?}");
        }
        for (name, series) in &self.series {
            let Some(family) = name.strip_suffix("_bucket") else { continue };
            let mut highest: BTreeMap<Labels, f64> = BTreeMap::new();
            for (labels, value) in series {
                let mut rest = labels.clone();
                ensure!(rest.remove("le").is_some(), "a bucket of {family} without le");
                let last = highest.entry(rest).or_default();
                ensure!(*value >= *last, "the buckets of {family} do not rise");
                *last = *value;
            }
            for (labels, value) in highest {
                let counted = self.series.get(&format!("{family}_count")).and_then(|series| {
                    series.iter().find(|(known, _)| *known == labels).map(|(_, count)| *count)
                });
                ensure!(counted == Some(value), "{family}{labels:?}: last bucket {value}, count {counted:?}");
            }
        }
        Ok(())
    }

    /// The name that a series is declared under: its own, or a histogram's without the suffix.
    pub(super) fn family(&self, name: &str) -> Option<&str> {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        [Some(name), histogram]
            .into_iter()
            .flatten()
            .find_map(|name| self.types.get_key_value(name).map(|(name, _)| name.as_str()))
    }

    /// The declared type of a series.
    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.types.get(self.family(name)?).map(String::as_str)
    }

    /// All declared names.
    pub(super) fn families(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// The value of the series with exactly these labels.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: Labels =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.series.get(name)?.iter().find(|(known, _)| *known == wanted).map(|(_, value)| *value)
    }

    /// The least value of all series.
    pub(super) fn least(&self) -> f64 {
        self.series.values().flatten().map(|(_, value)| *value).fold(f64::INFINITY, f64::min)
    }

    /// The values that a label has in the series of a name.
    pub(super) fn label_values(&self, name: &str, label: &str) -> BTreeSet<&str> {
        let series = self.series.get(name).map_or(&[][..], Vec::as_slice);
        series.iter().filter_map(|(labels, _)| labels.get(label).map(String::as_str)).collect()
    }

    /// Whether a series of the name is shown.
    pub(super) fn shows(&self, name: &str) -> bool {
        self.series.contains_key(name)
    }
}

/// `a="b",c="d"`, with `\\`, `\"` and `\n` inside of values.
fn read_labels(text: &str) -> Result<Labels> {
    let mut labels = Labels::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"").context("no value of a label")?;
        let mut value = String::new();
        let mut characters = behind.char_indices();
        let end = loop {
            match characters.next().context("a value without end")? {
                (index, '"') => break index,
                (_, '\\') => match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => value.push('\n'),
                    Some(escaped @ ('\\' | '"')) => value.push(escaped),
                    other => bail!("escape {other:?}"),
                },
                (_, plain) => value.push(plain),
            }
        };
        ensure!(labels.insert(name.to_owned(), value).is_none(), "label {name} twice");
        rest = behind[end + 1..].trim_start_matches(',');
    }
    Ok(labels)
}
