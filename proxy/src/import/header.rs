//! The first record of a file: which column stands where.

use super::fault::FileFault;
use super::record::Record;
use super::spec::ImportSpec;

/// Delimiters that are looked for when a header does not come apart.
const LIKELY_DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The columns of a file, in its own order, all known to the import.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    columns: Vec<String>,
}

impl Header {
    /// Checks a header against `spec`. Spaces around a name and its case do not matter.
    pub(super) fn parse(record: &Record<'_>, spec: &ImportSpec, delimiter: u8) -> Result<Self, FileFault> {
        let mut columns: Vec<String> = Vec::with_capacity(record.field_count);
        for (index, field) in record.fields().enumerate() {
            let name = std::str::from_utf8(field)
                .map_err(|_| FileFault::HeaderEncoding { position: index + 1 })?
                .trim()
                .to_lowercase();
            if name.is_empty() {
                return Err(FileFault::NamelessColumn { position: index + 1 });
            }
            if columns.contains(&name) {
                return Err(FileFault::DuplicateColumn { column: name });
            }
            columns.push(name);
        }
        if let [header] = columns.as_slice() {
            check_delimiter(header, delimiter)?;
        }
        if let Some(column) = columns.iter().find(|column| !spec.columns.contains(column)) {
            return Err(FileFault::UnknownColumn {
                column: column.clone(),
                import: spec.name.clone(),
                known: spec.columns.join(", "),
            });
        }
        let missing: Vec<_> =
            spec.required_columns.iter().filter(|name| !columns.contains(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(FileFault::MissingColumns {
                columns: missing.join(", "),
                required: spec.required_columns.join(", "),
            });
        }
        Ok(Self { columns })
    }

    /// The names in the order of the file.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }
}

/// Refuses a header of one name that holds another delimiter.
fn check_delimiter(header: &str, delimiter: u8) -> Result<(), FileFault> {
    let expected = char::from(delimiter);
    match LIKELY_DELIMITERS.into_iter().find(|&other| other != expected && header.contains(other)) {
        Some(found) => Err(FileFault::Delimiter { header: header.to_owned(), found, expected }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::RecordReader;
    use super::*;

    fn spec() -> ImportSpec {
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        ImportSpec {
            name: "employees".into(),
            function_schema: "api".into(),
            function_name: "import_employees".into(),
            columns: names(&["employee_no", "name", "email", "role"]),
            required_columns: names(&["employee_no", "name"]),
            summary: None,
            body_limit_bytes: None,
        }
    }

    async fn parse(text: &[u8]) -> Result<Vec<String>, FileFault> {
        let mut reader = RecordReader::new(text, b',');
        let record = reader.next().await?.unwrap();
        Ok(Header::parse(&record, &spec(), b',')?.columns)
    }

    #[tokio::test]
    async fn names_are_taken_in_the_order_of_the_file_whatever_their_case() {
        assert_eq!(parse(b"Name, role ,EMPLOYEE_NO\n").await.unwrap(), ["name", "role", "employee_no"]);
    }

    #[tokio::test]
    async fn every_fault_of_a_header_is_told_apart() {
        let fault = parse(b"employee_no,name,wage\n").await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "column \"wage\" is not known to the import of employees; \
             known are: employee_no, name, email, role"
        );
        let fault = parse(b"email,role\n").await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the header lacks the required employee_no, name; required are: employee_no, name"
        );
        let fault = parse(b"name,employee_no,Name\n").await.unwrap_err();
        assert_eq!(fault, FileFault::DuplicateColumn { column: "name".into() });
        let fault = parse(b"employee_no,name,\n").await.unwrap_err();
        assert_eq!(fault, FileFault::NamelessColumn { position: 3 });
        let fault = parse(b"employee_no,n\xE4me\n").await.unwrap_err();
        assert_eq!(fault, FileFault::HeaderEncoding { position: 2 });
        assert_eq!(fault.sqlstate().code(), "22021");
    }

    #[tokio::test]
    async fn another_delimiter_is_recognised() {
        let fault = parse(b"employee_no;name\n").await.unwrap_err();
        let header = "employee_no;name".to_owned();
        assert_eq!(fault, FileFault::Delimiter { header, found: ';', expected: ',' });
        assert_eq!(fault.sqlstate().code(), "22P04");
    }
}
