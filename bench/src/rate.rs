//! The rates that load generators print.

use anyhow::{Context, Result};

/// The number after `label`, such as pgbench's `tps = `, in what a load generator printed.
pub(crate) fn rate(text: &str, label: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
    let number = line
        .and_then(|rest| rest.split_whitespace().next())
        .with_context(|| format!("no {label} in:\n{text}"))?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_both_load_generators() {
        let pgbench = "latency average = 0.6 ms\ntps = 32345.6 (without initial connection time)\n";
        assert_eq!(rate(pgbench, "tps = ").unwrap(), 32345.6);
        assert_eq!(rate("Requests/sec:  14000.25\n", "Requests/sec:").unwrap(), 14000.25);
        assert!(rate("nothing", "tps = ").is_err());
    }
}
