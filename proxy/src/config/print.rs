//! The effective settings as a settings file.

use std::fmt::Write;

use super::{Layers, Settings};

/// Every setting as a line of TOML with its source behind it. Secrets are hidden.
pub fn effective(settings: &Settings, layers: &Layers) -> String {
    let mut text = String::new();
    for (name, value) in settings.shown() {
        let line = format!("{name} = {value}");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line:<58} # {}", layers.source(name));
    }
    text
}
