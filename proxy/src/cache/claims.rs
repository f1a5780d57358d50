//! What is known of a caller, as far as an endpoint declares that it depends on it.

use http::HeaderValue;
use serde_json::{Map, Value};

use crate::http::problem::{Problem, ProblemKind};

/// The claims of a caller that an endpoint declares, and no other: both the call and the key see only these, so
/// that no answer can depend on anything its key does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    json: String,
}

impl Claims {
    /// The declared ones among the caller's claims, as a JSON object in the order of their declaration.
    /// A declared claim that the caller does not have is null.
    pub fn declared(names: &[String], claims: &Map<String, Value>) -> Self {
        if names.is_empty() {
            return Self::default();
        }
        let mut json = String::from("{");
        for (index, name) in names.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let value = claims.get(name).unwrap_or(&Value::Null);
            json.push_str(comma);
            json.push_str(&Value::from(name.as_str()).to_string());
            json.push(':');
            json.push_str(&value.to_string());
        }
        json.push('}');
        Self { json }
    }

    /// The same from the header in which a gateway passes all of them; without it, none is known.
    ///
    /// # Errors
    ///
    /// 500 for a header that is no JSON object: the gateway is at fault, and guessing would mix up callers.
    pub fn read(names: &[String], header: Option<&HeaderValue>) -> Result<Self, Problem> {
        let claims = match header {
            None => Map::new(),
            Some(value) => serde_json::from_slice(value.as_bytes()).map_err(|_| {
                Problem::new(ProblemKind::Internal, "the gateway's header of claims is no JSON object")
            })?,
        };
        Ok(Self::declared(names, &claims))
    }

    /// The claims as a JSON object; empty where the endpoint declares none.
    pub fn json(&self) -> &str {
        &self.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_claims_are_known() {
        let claims = serde_json::json!({"sub": "anna", "tenant": 7, "secret": "x"});
        let claims = claims.as_object().unwrap();
        let names = ["tenant".to_owned(), "role".to_owned()];
        assert_eq!(Claims::declared(&names, claims).json(), r#"{"tenant":7,"role":null}"#);
        assert_eq!(Claims::declared(&[], claims), Claims::default());
    }
}
