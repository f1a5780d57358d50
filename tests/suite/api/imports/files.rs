//! Files as a whole: which are read, which are refused, and that a refused one changes nothing.

use anyhow::Result;
use http::Method;
use rota_tests::http::Call;
use serde_json::json;

use super::super::service::{Service, import_call};

fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    units.flat_map(unit).collect()
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_with_what_would_be_right() -> Result<()> {
    let service = Service::start().await?;
    let text = "employee_no,name,email\n1,Ada,a@example.org\n";
    let long = format!("employee_no,name,email\n1,\"{}", "x".repeat(2 << 20));
    let files: Vec<(Vec<u8>, &str, &[&str])> = vec![
        (Vec::new(), "22P04", &["empty", "first line", "employee_no, name, email"]),
        (utf16(text, u16::to_le_bytes, true), "22021", &["UTF-16", "UTF-8"]),
        (utf16(text, u16::to_be_bytes, true), "22021", &["UTF-16", "UTF-8"]),
        (utf16(text, u16::to_le_bytes, false), "22021", &["UTF-16", "UTF-8"]),
        (utf16(text, u16::to_be_bytes, false), "22021", &["UTF-16", "UTF-8"]),
        (b"PK\x03\x04 and so on".to_vec(), "22P04", &["workbook", "CSV"]),
        (b"\x1F\x8B\x08\0".to_vec(), "22P04", &["gzip", "CSV"]),
        (b"employee_no,n\xE4me,email\n".to_vec(), "22021", &["column 2", "UTF-8"]),
        (b"employee_no,name,email,wage\n1,A,a@b,5\n".to_vec(), "22P04", &["\"wage\"", "weekly_minutes"]),
        (b"employee_no,name\n1,A\n".to_vec(), "22P04", &["lacks", "email"]),
        (b"employee_no,name,email,Name\n1,A,a@b,B\n".to_vec(), "22P04", &["\"name\"", "twice"]),
        (b"employee_no,name,,email\n1,A,,a@b\n".to_vec(), "22P04", &["column 3", "no name"]),
        (b"employee_no;name;email\n1;A;a@b\n".to_vec(), "22P04", &["';'", "','"]),
        (b"employee_no,name,email\n1,A,a@b\n2,\"B,b@b\n3,C,c@b\n".to_vec(), "22P04", &["line 3", "quote"]),
        (long.into_bytes(), "22P04", &["line 2", "1048576"]),
    ];
    for (file, code, words) in files {
        let shown = String::from_utf8_lossy(&file[..file.len().min(60)]).into_owned();
        let problem = service.problem(&import_call("employees", &file)).await?;
        assert_eq!((problem.status, problem.code.as_deref()), (400, Some(code)), "{shown}: {problem:?}");
        for word in words {
            assert!(problem.text().contains(word), "{word} is not in {problem:?}");
        }
    }
    assert_eq!(service.read("/api/employees").await?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_file_is_read_whatever_its_line_ends_quotes_mark_and_order_of_columns() -> Result<()> {
    let service = Service::start().await?;
    let files: &[(&[u8], u64)] = &[
        (b"employee_no,name,email\n", 0),
        (b"employee_no,name,email", 0),
        (b"employee_no,name,email\n1,A,a@b\n", 1),
        (b"employee_no,name,email\n1,A,a@b", 1),
        (b"employee_no,name,email\r\n1,A,a@b\r\n2,B,b@b\r\n", 2),
        (b"employee_no,name,email\r1,A,a@b\r2,B,b@b\r", 2),
        (b"\xEF\xBB\xBFemployee_no,name,email\n1,A,a@b\n", 1),
        (b"\xEF\xBB\xBF\"employee_no\",name,email\n1,A,a@b\n", 1),
        (b"\n\nemployee_no,name,email\n\n1,A,a@b\n\n\n2,B,b@b\n\n", 2),
        (b"EMAIL, Name ,employee_no\na@b,A,1\nb@b,B,2\n", 2),
        (b"employee_no,name,email\n\"1\",\"A, \"\"B\"\"\r\nC\",\"a@b\"\n", 1),
    ];
    for (file, rows) in files {
        let report = service.dry_import("employees", file).await?;
        let shown = String::from_utf8_lossy(file);
        assert_eq!((&report["rows"], &report["refused"]), (&json!(rows), &json!(0)), "{shown}: {report}");
        assert_eq!(report["inserted"], json!(rows), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn lines_are_counted_as_an_editor_counts_them() -> Result<()> {
    let service = Service::start().await?;
    let file =
        "employee_no,name,email\r\n\r\n1,\"A\r\nB\r\n\r\nC\",a@b\r\n\r\n2,,b@b\r\n3,\"\n\",c@b\n4,,d@b";
    let report = service.import("employees", file.as_bytes()).await?;
    let lines: Vec<_> = report["refusals"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|refusal| refusal["line"].as_u64())
        .collect();
    assert_eq!(lines, [8, 9, 11]);
    Ok(())
}

#[tokio::test]
async fn an_import_is_asked_for_in_one_way_only() -> Result<()> {
    let service = Service::start().await?;
    let csv = "employee_no,name,email\n1,A,a@b\n";
    let unknown = service.problem(&import_call("cats", csv.as_bytes())).await?;
    assert_eq!(unknown.status, 404);
    let post = |target: &str| Call::new(Method::POST, target);
    let json = service.problem(&post("/api/imports/employees").body("application/json", csv)).await?;
    assert_eq!(json.status, 415);
    assert!(json.text().contains("text/csv"), "{json:?}");
    for query in ["dry_run=1", "dry_run", "dryrun=true", "dry_run=true&dry_run=true"] {
        let problem =
            service.problem(&post(&format!("/api/imports/employees?{query}")).body("text/csv", csv)).await?;
        assert_eq!(problem.status, 400, "{query}");
        assert!(problem.field.is_some_and(|field| query.starts_with(&field)), "{query}");
    }
    assert_eq!(service.read_problem("/api/imports/employees").await?.status, 405);
    assert_eq!(service.read("/api/employees").await?["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_the_limit_and_changes_nothing() -> Result<()> {
    let service = Service::with_settings(&[("ROTA_IMPORT_LIMIT_BYTES", "2000")]).await?;
    let mut csv = "employee_no,name,email\n".to_owned();
    for number in 0..100 {
        csv.push_str(&format!("{number},Person {number},{number}@example.org\n"));
    }
    let problem = service.problem(&import_call("employees", csv.as_bytes())).await?;
    assert_eq!(problem.status, 413);
    assert!(problem.text().contains("2000"), "{problem:?}");
    assert_eq!(service.read("/api/employees").await?["items"], json!([]));
    Ok(())
}
