//! PromQL, as far as our panels and rules use it: which series a query asks for, and by which labels.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

/// A label, an operator and a value.
type Matcher = (String, String, String);

/// One series that a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector {
    /// The series' name.
    pub(super) name: String,
    /// What its labels have to be.
    pub(super) matchers: Vec<Matcher>,
}

/// What a query asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// Its series.
    pub(super) selectors: Vec<Selector>,
    /// The labels that it groups or joins by.
    pub(super) grouped_by: BTreeSet<String>,
    /// The series in `rate`, `increase` and the like, which want counters.
    pub(super) rated: BTreeSet<String>,
}

/// Functions and words of the language that our queries use. Another word must be a series.
const WORDS: [&str; 18] = [
    "sum",
    "min",
    "max",
    "avg",
    "count",
    "topk",
    "bottomk",
    "rate",
    "increase",
    "irate",
    "histogram_quantile",
    "clamp_min",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "vector",
];
const RATES: [&str; 3] = ["rate", "increase", "irate"];
const GROUPINGS: [&str; 5] = ["by", "without", "on", "ignoring", "group_left"];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Range,
    Sign(String),
}

impl Query {
    /// Reads a query. Dashboard variables such as `$__rate_interval` are taken as they stand.
    pub(super) fn read(text: &str) -> Result<Self> {
        let tokens = tokens(text)?;
        check_brackets(&tokens)?;
        let mut query = Self::default();
        let mut position = 0;
        while let Some(token) = tokens.get(position) {
            position += 1;
            let Token::Word(word) = token else { continue };
            if word.starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            if GROUPINGS.contains(&word.as_str()) {
                let (labels, behind) = labels(&tokens, position)?;
                query.grouped_by.extend(labels);
                position = behind;
            } else if !WORDS.contains(&word.as_str()) {
                let (matchers, behind) = matchers(&tokens, position)?;
                let before: Vec<&Token> = tokens[..position - 1].iter().rev().take(2).collect();
                if let [Token::Sign(open), Token::Word(function)] = &before[..]
                    && open == "("
                    && RATES.contains(&function.as_str())
                {
                    ensure!(tokens.get(behind) == Some(&Token::Range), "{function} of {word} wants a range");
                    query.rated.insert(word.clone());
                }
                query.selectors.push(Selector { name: word.clone(), matchers });
                position = behind;
            }
        }
        ensure!(!query.selectors.is_empty(), "asks for nothing");
        Ok(query)
    }
}

/// `(a, b)`
fn labels(tokens: &[Token], begin: usize) -> Result<(BTreeSet<String>, usize)> {
    ensure!(tokens.get(begin) == Some(&Token::Sign("(".to_owned())), "no labels behind a grouping");
    let mut found = BTreeSet::new();
    for (offset, token) in tokens[begin + 1..].iter().enumerate() {
        match token {
            Token::Word(label) => drop(found.insert(label.clone())),
            Token::Sign(sign) if sign == "," => {}
            Token::Sign(sign) if sign == ")" => return Ok((found, begin + offset + 2)),
            other => bail!("{other:?} among labels"),
        }
    }
    bail!("labels without end")
}

/// `{a="b", c=~"d"}`, or nothing.
fn matchers(tokens: &[Token], begin: usize) -> Result<(Vec<Matcher>, usize)> {
    let mut found = Vec::new();
    if tokens.get(begin) != Some(&Token::Sign("{".to_owned())) {
        return Ok((found, begin));
    }
    let mut position = begin + 1;
    loop {
        match tokens.get(position..).context("matchers without end")? {
            [Token::Sign(sign), ..] if sign == "}" => return Ok((found, position + 1)),
            [Token::Sign(sign), ..] if sign == "," => position += 1,
            [Token::Word(label), Token::Sign(operator), Token::Text(value), ..]
                if ["=", "!=", "=~", "!~"].contains(&operator.as_str()) =>
            {
                found.push((label.clone(), operator.clone(), value.clone()));
                position += 3;
            }
            other => bail!("no matcher: {:?}", other.first()),
        }
    }
}

fn check_brackets(tokens: &[Token]) -> Result<()> {
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::Sign(sign) if sign == "(" || sign == "{" => open.push(sign.as_str()),
            Token::Sign(sign) if sign == ")" => ensure!(open.pop() == Some("("), "a ) too many"),
            Token::Sign(sign) if sign == "}" => ensure!(open.pop() == Some("{"), "a }} too many"),
            _ => {}
        }
    }
    ensure!(open.is_empty(), "{open:?} is not closed");
    Ok(())
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |character: char| character.is_ascii_alphanumeric() || "_:.$".contains(character);
        let length = match first {
            '"' | '\'' => {
                let inner = rest[1..].find(first).context("a text without end")?;
                found.push(Token::Text(rest[1..=inner].to_owned()));
                inner + 2
            }
            '[' => {
                found.push(Token::Range);
                rest.find(']').context("a range without end")? + 1
            }
            _ if is_word(first) => {
                let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
                found.push(Token::Word(rest[..length].to_owned()));
                length
            }
            _ => {
                let double = rest.get(..2).filter(|sign| ["=~", "!~", "!=", "==", ">=", "<="].contains(sign));
                let sign = double.unwrap_or(&rest[..first.len_utf8()]);
                ensure!("(){},=!~<>+-*/%^".contains(first), "{sign} is no sign of the language");
                found.push(Token::Sign(sign.to_owned()));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

#[test]
fn a_query_is_read_into_its_series_and_labels() -> Result<()> {
    let query = Query::read(
        "histogram_quantile(
            0.95, sum by (le, path) (rate(a_bucket{job=~\"$job\", status!=\"5xx\"}[$__interval]))
        ) / on (path) max(b) > 0.01",
    )?;
    assert_eq!(query.selectors.len(), 2);
    assert_eq!(query.selectors[0].name, "a_bucket");
    assert_eq!(query.selectors[0].matchers[1], ("status".to_owned(), "!=".to_owned(), "5xx".to_owned()));
    assert_eq!(query.grouped_by, BTreeSet::from(["le".to_owned(), "path".to_owned()]));
    assert_eq!(query.rated, BTreeSet::from(["a_bucket".to_owned()]));
    Ok(())
}

#[test]
fn broken_queries_are_refused() {
    for broken in ["sum(a", "rate(a)", "a{b}", "a{b=\"c}", "sum by le (a)", "a[5m", "a; b", "1 + 1", "a)"] {
        assert!(Query::read(broken).is_err(), "{broken}");
    }
}
