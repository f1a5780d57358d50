//! What is said when a request is refused: RFC 9457 problems.

use std::borrow::Cow;

use serde::Serialize;

/// The kinds of problem. Each has one status, one type and one title; the type is what programs compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request is no well-formed HTTP or its target is no text.
    MalformedRequest,
    /// Arguments are unknown, missing, repeated or of the wrong type, or the function refused a value.
    InvalidArguments,
    /// The server asks for credentials.
    Unauthenticated,
    /// The server forbids the call.
    Forbidden,
    /// No endpoint has this path.
    UnknownPath,
    /// The function found nothing.
    NothingFound,
    /// The path has no endpoint of this method.
    MethodNotAllowed,
    /// The change collides with what is stored.
    Conflict,
    /// The body, or what the server has to do for it, is beyond a limit.
    TooLarge,
    /// The target is beyond its limit.
    TargetTooLong,
    /// The body has another media type than the endpoint reads.
    UnsupportedMediaType,
    /// The values are well-formed and break a rule of the data.
    Unprocessable,
    /// The client has used up its quota.
    RateLimited,
    /// A fault of ours.
    Internal,
    /// The proxy is full.
    Overloaded,
    /// The database is away, or asks to try again.
    Unavailable,
    /// The call took longer than its limit.
    DeadlineExceeded,
}

impl ProblemKind {
    /// All kinds, for metrics and descriptions.
    pub const ALL: [Self; 17] = [
        Self::MalformedRequest,
        Self::InvalidArguments,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::UnknownPath,
        Self::NothingFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::TargetTooLong,
        Self::UnsupportedMediaType,
        Self::Unprocessable,
        Self::RateLimited,
        Self::Internal,
        Self::Overloaded,
        Self::Unavailable,
        Self::DeadlineExceeded,
    ];

    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedRequest | Self::InvalidArguments => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::UnknownPath | Self::NothingFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::TargetTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Overloaded | Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// The last word of the type, and the label in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed-request",
            Self::InvalidArguments => "invalid-arguments",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::UnknownPath => "unknown-path",
            Self::NothingFound => "nothing-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::TargetTooLong => "target-too-long",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Unprocessable => "unprocessable",
            Self::RateLimited => "rate-limited",
            Self::Internal => "internal",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::DeadlineExceeded => "deadline-exceeded",
        }
    }

    /// The title for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request is malformed",
            Self::InvalidArguments => "The arguments are not valid",
            Self::Unauthenticated => "Credentials are missing or not valid",
            Self::Forbidden => "The call is not permitted",
            Self::UnknownPath => "There is no such path",
            Self::NothingFound => "Nothing was found",
            Self::MethodNotAllowed => "The path does not have this method",
            Self::Conflict => "The change conflicts with what is stored",
            Self::TooLarge => "The request is too large",
            Self::TargetTooLong => "The target of the request is too long",
            Self::UnsupportedMediaType => "The media type is not supported",
            Self::Unprocessable => "The values break a rule of the data",
            Self::RateLimited => "The client has used up its quota",
            Self::Internal => "The server failed",
            Self::Overloaded => "The server is full",
            Self::Unavailable => "The database is not available",
            Self::DeadlineExceeded => "The call took too long",
        }
    }
}

/// One fault of one argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// The argument's name as the caller wrote it, or as the function calls it.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Why a request is refused, and how the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind, which decides status, type and title.
    pub kind: ProblemKind,
    /// What happened this time.
    pub detail: Cow<'static, str>,
    /// The SQLSTATE, when the database refused.
    pub code: Option<Box<str>>,
    /// What to do about it.
    pub hint: Option<Box<str>>,
    /// The faults of arguments, all of them.
    pub errors: Vec<FieldFault>,
    /// The methods of the path, for the Allow header.
    pub allow: Option<Box<str>>,
    /// When to try again, in seconds, where it is known better than by a setting.
    pub retry_after_seconds: Option<u64>,
    /// Whether the rest of the request's body is worthless, so that the connection ends.
    pub closes: bool,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            code: None,
            hint: None,
            errors: Vec::new(),
            allow: None,
            retry_after_seconds: None,
            closes: false,
        }
    }

    /// A problem of arguments; the first fault is the detail, all of them are listed.
    pub fn arguments(errors: Vec<FieldFault>) -> Self {
        let detail = match &errors[..] {
            [only] => format!("{}: {}", only.field, only.message),
            [first, ..] => format!("{} faults, the first: {}: {}", errors.len(), first.field, first.message),
            [] => String::new(),
        };
        Self { errors, ..Self::new(ProblemKind::InvalidArguments, detail) }
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem, ending the client's connection after the answer.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// The body, `application/problem+json`.
    pub fn body(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'p> {
            r#type: String,
            title: &'p str,
            status: u16,
            detail: &'p str,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<&'p str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            hint: Option<&'p str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'p str>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'p [FieldFault],
        }
        let body = Body {
            r#type: format!("urn:rota:problem:{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: &self.detail,
            code: self.code.as_deref(),
            hint: self.hint.as_deref(),
            field: if let [only] = &self.errors[..] { Some(&only.field) } else { None },
            errors: &self.errors,
        };
        // Serialising strings and numbers into memory cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(problem: &Problem) -> serde_json::Value {
        serde_json::from_slice(&problem.body()).unwrap()
    }

    #[test]
    fn a_single_fault_is_field_and_errors_and_many_are_errors_alone() {
        let fault = |field: &str| FieldFault { field: field.to_owned(), message: "is required".to_owned() };
        let one = rendered(&Problem::arguments(vec![fault("from_date")]));
        assert_eq!(one["field"], "from_date");
        assert_eq!(one["errors"][0]["message"], "is required");
        assert_eq!(one["status"], 400);
        assert_eq!(one["type"], "urn:rota:problem:invalid-arguments");
        let two = rendered(&Problem::arguments(vec![fault("from_date"), fault("to_date")]));
        assert_eq!(two.get("field"), None);
        assert_eq!(two["errors"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn absent_members_are_left_out() {
        let body = rendered(&Problem::new(ProblemKind::Unavailable, "try again"));
        let members: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["detail", "status", "title", "type"]);
    }

    #[test]
    fn every_kind_has_its_own_name_and_a_refusing_status() {
        let names: std::collections::BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ProblemKind::ALL.len());
        assert!(ProblemKind::ALL.iter().all(|kind| kind.status() >= 400));
    }
}
