//! From method and path to what answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use matchit::Params;

use super::Endpoint;
use crate::http::problem::{Problem, ProblemKind};
use crate::import::ImportSpec;

/// The path of the description.
pub(super) const OPENAPI_PATH: &str = "/openapi.json";

/// What answers one method of one path.
#[derive(Clone, Debug)]
enum Target {
    Endpoint(Arc<Endpoint>),
    Import(Arc<ImportSpec>),
    Description,
}

#[derive(Debug, Default)]
struct PathEntry {
    targets: Vec<(Method, Target)>,
    allow: Box<str>,
}

/// What a request resolves to.
#[derive(Debug)]
pub enum Resolved<'r> {
    /// An endpoint, with the raw values of the path's parameters.
    Endpoint(&'r Arc<Endpoint>, Params<'r, 'r>),
    /// An import.
    Import(&'r Arc<ImportSpec>),
    /// The description of everything.
    Description,
    /// OPTIONS: the methods of the path.
    Options(&'r str),
}

/// Finds what answers a request.
#[derive(Debug, Default)]
pub struct Router {
    paths: matchit::Router<PathEntry>,
}

/// The names of a path's parameters, from left to right.
pub(super) fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// The path with its parameters numbered, so that two endpoints may name the same one differently.
fn numbered(path: &str) -> String {
    let mut number = 0;
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') && segment.ends_with('}') {
            number += 1;
            format!("{{{number}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

impl Router {
    /// A router over the catalog and the proxy's own paths. The own paths win.
    pub fn new(endpoints: &[Arc<Endpoint>], imports: &[Arc<ImportSpec>]) -> Self {
        let mut entries: BTreeMap<String, Vec<(Method, Target)>> = BTreeMap::new();
        entries.insert(OPENAPI_PATH.to_owned(), vec![(Method::GET, Target::Description)]);
        for import in imports {
            entries.insert(import.path(), vec![(Method::POST, Target::Import(Arc::clone(import)))]);
        }
        for endpoint in endpoints {
            let targets = entries.entry(numbered(&endpoint.path)).or_default();
            if !targets.iter().any(|(method, _)| *method == endpoint.method) {
                targets.push((endpoint.method.clone(), Target::Endpoint(Arc::clone(endpoint))));
            }
        }
        let mut router = Self::default();
        for (path, targets) in entries {
            let allow = allow(&targets);
            if let Err(error) = router.paths.insert(path.as_str(), PathEntry { targets, allow }) {
                tracing::warn!(path, %error, "path left out");
            }
        }
        router
    }

    /// What answers this method of this raw path, or why nothing does. HEAD is answered by GET.
    pub fn resolve<'r>(&'r self, method: &Method, path: &'r str) -> Result<Resolved<'r>, Problem> {
        if path == "*" && *method == Method::OPTIONS {
            return Ok(Resolved::Options("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"));
        }
        let found = self.paths.at(path).map_err(|_| {
            Problem::new(ProblemKind::UnknownPath, "no endpoint has this path")
                .with_hint("GET /openapi.json describes all of them")
        })?;
        let entry = found.value;
        if *method == Method::OPTIONS {
            return Ok(Resolved::Options(&entry.allow));
        }
        let wanted = if *method == Method::HEAD { &Method::GET } else { method };
        match entry.targets.iter().find(|(method, _)| method == wanted) {
            Some((_, Target::Endpoint(endpoint))) => Ok(Resolved::Endpoint(endpoint, found.params)),
            Some((_, Target::Import(import))) => Ok(Resolved::Import(import)),
            Some((_, Target::Description)) => Ok(Resolved::Description),
            None => {
                let detail = format!("this path has {}, not {}", entry.allow, shown_method(method));
                let problem = Problem::new(ProblemKind::MethodNotAllowed, detail);
                Err(Problem { allow: Some(entry.allow.clone()), ..problem })
            }
        }
    }
}

/// The methods of a path as the Allow header lists them.
fn allow(targets: &[(Method, Target)]) -> Box<str> {
    let mut methods: Vec<&str> = targets.iter().map(|(method, _)| method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.join(", ").into()
}

/// A method as it may appear in a message: an invented one can be as long as a head.
fn shown_method(method: &Method) -> &str {
    const SHOWN_BYTES: usize = 20;
    let name = method.as_str();
    name.get(..SHOWN_BYTES).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::catalog::samples::endpoint;

    fn router() -> Router {
        let id = ("employee_id", 20, "bigint", true);
        let other_name = ("id", 20, "bigint", true);
        Router::new(
            &[
                endpoint("GET", "/api/employees", &[]),
                endpoint("POST", "/api/employees", &[]),
                endpoint("GET", "/api/employees/{employee_id}", &[id]),
                endpoint("PATCH", "/api/employees/{id}", &[other_name]),
                endpoint("GET", "/api/employees/{employee_id}/roster", &[id]),
                endpoint("GET", "/api/employees/newest", &[]),
            ],
            &[],
        )
    }

    #[test]
    fn the_same_parameter_may_be_named_differently_by_two_methods() {
        let router = router();
        for method in [Method::GET, Method::PATCH] {
            let Ok(Resolved::Endpoint(found, params)) = router.resolve(&method, "/api/employees/7") else {
                panic!("{method}")
            };
            assert_eq!(found.method, method);
            assert_eq!(params.iter().map(|(_, value)| value).collect::<Vec<_>>(), ["7"]);
        }
    }

    #[test]
    fn fixed_segments_win_over_parameters() {
        let router = router();
        let Ok(Resolved::Endpoint(found, _)) = router.resolve(&Method::GET, "/api/employees/newest") else {
            panic!()
        };
        assert_eq!(found.path, "/api/employees/newest");
    }

    #[test]
    fn head_is_answered_by_get_and_options_by_the_methods() {
        let router = router();
        assert!(matches!(router.resolve(&Method::HEAD, "/api/employees"), Ok(Resolved::Endpoint(..))));
        let Ok(Resolved::Options(allow)) = router.resolve(&Method::OPTIONS, "/api/employees") else {
            panic!()
        };
        assert_eq!(allow, "GET, HEAD, OPTIONS, POST");
    }

    #[test]
    fn an_unknown_method_is_told_the_known_ones_and_an_unknown_path_is_404() {
        let router = router();
        let refused = router.resolve(&Method::DELETE, "/api/employees").unwrap_err();
        assert_eq!(refused.kind, ProblemKind::MethodNotAllowed);
        assert_eq!(refused.allow.as_deref(), Some("GET, HEAD, OPTIONS, POST"));
        let unknown = router.resolve(&Method::GET, "/api/employees/").unwrap_err();
        assert_eq!(unknown.kind, ProblemKind::UnknownPath);
    }

    #[test]
    fn the_description_is_always_there() {
        assert!(matches!(
            Router::new(&[], &[]).resolve(&Method::GET, OPENAPI_PATH),
            Ok(Resolved::Description)
        ));
    }
}
