//! What an import accepts, as the database declares it.

use tokio_postgres::{Client, Row};

/// One import of `rota.import_catalog()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSpec {
    /// Name in the path and on the command line, for example `employees`.
    pub name: String,
    /// Schema of the function that imports.
    pub function_schema: String,
    /// Name of the function that imports; it takes no argument and returns json.
    pub function_name: String,
    /// Every column that a file may have.
    pub columns: Vec<String>,
    /// The columns that a file must have.
    pub required_columns: Vec<String>,
    /// One sentence for people.
    pub summary: Option<String>,
    /// Largest body that HTTP accepts for this import; the setting of the proxy if not given.
    pub body_limit_bytes: Option<i64>,
}

const CATALOG_QUERY: &str = "
    SELECT
        name,
        function_schema,
        function_name,
        columns,
        required_columns,
        summary,
        body_limit_bytes
    FROM rota.import_catalog()
    ORDER BY name";

/// Every import that the database declares, by name.
///
/// # Errors
///
/// The server's, for instance that the extension is not installed.
pub async fn read_catalog(client: &Client) -> Result<Vec<ImportSpec>, tokio_postgres::Error> {
    client.query(CATALOG_QUERY, &[]).await?.iter().map(ImportSpec::from_row).collect()
}

impl ImportSpec {
    /// The path of the import over HTTP.
    pub fn path(&self) -> String {
        format!("/api/imports/{}", self.name)
    }

    fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            name: row.try_get("name")?,
            function_schema: row.try_get("function_schema")?,
            function_name: row.try_get("function_name")?,
            columns: row.try_get("columns")?,
            required_columns: row.try_get("required_columns")?,
            summary: row.try_get("summary")?,
            body_limit_bytes: row.try_get("body_limit_bytes")?,
        })
    }
}
