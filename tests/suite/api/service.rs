//! A database with everything in it, a proxy in front, and calls that say what they expect.

use anyhow::{Context, Result, ensure};
use http::{Method, StatusCode};
use rota_tests::database::Database;
use rota_tests::http::{Call, Response};
use rota_tests::proxy::Proxy;
use rota_tests::session::Session;
use serde_json::Value;

/// A service of a test's own.
pub(crate) struct Service {
    // Dropped first: a proxy without its database would log its grief.
    pub(crate) proxy: Proxy,
    pub(crate) database: Database,
}

impl Service {
    /// Starts one without any row of data.
    pub(crate) async fn start() -> Result<Self> {
        Self::with_settings(&[]).await
    }

    /// The same with settings of the proxy, by the names of their environment variables.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Result<Self> {
        let database = Database::migrated().await?;
        let proxy = Proxy::with_settings(&database, settings).await?.until_ready().await?;
        Ok(Self { proxy, database })
    }

    /// A session with the database, to look behind the service.
    pub(crate) async fn session(&self) -> Result<Session> {
        self.database.session().await
    }

    /// `GET` that has to be answered with 200.
    pub(crate) async fn read(&self, target: &str) -> Result<Value> {
        self.expect(StatusCode::OK, &reading(target)).await
    }

    /// `POST` that has to be answered with 201.
    pub(crate) async fn create(&self, target: &str, body: &Value) -> Result<Value> {
        self.expect(StatusCode::CREATED, &Call::new(Method::POST, target).json(body)).await
    }

    /// `POST` that has to be answered with 200.
    pub(crate) async fn post(&self, target: &str, body: &Value) -> Result<Value> {
        self.expect(StatusCode::OK, &Call::new(Method::POST, target).json(body)).await
    }

    /// `PATCH` that has to be answered with 200.
    pub(crate) async fn change(&self, target: &str, body: &Value) -> Result<Value> {
        self.expect(StatusCode::OK, &Call::new(Method::PATCH, target).json(body)).await
    }

    /// `DELETE` that has to be answered with 200.
    pub(crate) async fn delete(&self, target: &str) -> Result<Value> {
        self.expect(StatusCode::OK, &Call::new(Method::DELETE, target)).await
    }

    /// Imports a CSV file; the answer is its report.
    pub(crate) async fn import(&self, name: &str, csv: &[u8]) -> Result<Value> {
        self.expect(StatusCode::OK, &import_call(name, csv)).await
    }

    /// Judges a CSV file without importing it.
    pub(crate) async fn dry_import(&self, name: &str, csv: &[u8]) -> Result<Value> {
        let target = format!("/api/imports/{name}?dry_run=true");
        self.expect(StatusCode::OK, &Call::new(Method::POST, &target).body("text/csv", csv.to_vec())).await
    }

    /// The problem that a call is answered with. Fails when it succeeds.
    pub(crate) async fn problem(&self, call: &Call) -> Result<Problem> {
        Problem::read(&self.proxy.send(call).await?).with_context(|| format!("{call:?}"))
    }

    /// The problem of a `GET`.
    pub(crate) async fn read_problem(&self, target: &str) -> Result<Problem> {
        self.problem(&reading(target)).await
    }

    /// The problem of a `POST` of JSON.
    pub(crate) async fn post_problem(&self, target: &str, body: &Value) -> Result<Problem> {
        self.problem(&Call::new(Method::POST, target).json(body)).await
    }

    /// The problem of a `PATCH` of JSON.
    pub(crate) async fn change_problem(&self, target: &str, body: &Value) -> Result<Problem> {
        self.problem(&Call::new(Method::PATCH, target).json(body)).await
    }

    async fn expect(&self, status: StatusCode, call: &Call) -> Result<Value> {
        let response = self.proxy.send(call).await?;
        ensure!(response.status == status, "{} from {call:?}: {}", response.status, response.text());
        response.json()
    }
}

/// A `GET` that sees what was committed just before, by a session too: tests write by SQL and read at once.
pub(crate) fn reading(target: &str) -> Call {
    Call::new(Method::GET, target).header("Rota-Consistency", "checked")
}

/// The request that imports a CSV file.
pub(crate) fn import_call(name: &str, csv: &[u8]) -> Call {
    Call::new(Method::POST, &format!("/api/imports/{name}")).body("text/csv", csv.to_vec())
}

/// What a refused call is told.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
}

impl Problem {
    fn read(response: &Response) -> Result<Self> {
        ensure!(response.status.as_u16() >= 400, "was not refused: {}", response.text());
        ensure!(
            response.header("Content-Type") == Some("application/problem+json"),
            "no problem: {:?} {}",
            response.headers,
            response.text()
        );
        let body = response.json()?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        ensure!(body["status"] == response.status.as_u16(), "another status inside: {body}");
        ensure!(text("type").is_some() && text("title").is_some(), "no type or title: {body}");
        Ok(Self {
            status: response.status.as_u16(),
            code: text("code"),
            field: text("field"),
            detail: text("detail").context("no detail")?,
            hint: text("hint"),
        })
    }

    /// Everything it says, for looking for words.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.detail, self.hint.as_deref().unwrap_or_default())
    }
}

/// A member of an answer as a whole number.
pub(crate) fn number(value: &Value) -> Result<i64> {
    value.as_i64().with_context(|| format!("no whole number: {value}"))
}

/// The list of an answer.
pub(crate) fn items(answer: &Value) -> Result<&Vec<Value>> {
    answer["items"].as_array().with_context(|| format!("no items: {answer}"))
}
