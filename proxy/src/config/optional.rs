//! Settings that may be left empty.

use http::HeaderName;

use super::{Bounds, SettingValue};

/// An empty text means none.
impl<T: SettingValue> SettingValue for Option<T> {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text, bounds).map(Some) }
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), T::show)
    }
}

impl SettingValue for HeaderName {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        text.parse().map_err(|_| "must be the name of a header, such as x-claims".to_owned())
    }
    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}
