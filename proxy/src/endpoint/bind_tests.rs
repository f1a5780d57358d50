use super::*;
use crate::endpoint::catalog::samples::endpoint;

const BIGINT: u32 = 20;
const INTEGER: u32 = 23;
const TEXT: u32 = 25;
const DATE: u32 = 1082;
const TEXT_ARRAY: u32 = 1009;
const JSONB: u32 = 3802;

fn roster() -> std::sync::Arc<Endpoint> {
    endpoint(
        "GET",
        "/api/employees/{employee_id}/roster",
        &[
            ("from_date", DATE, "date", true),
            ("employee_id", BIGINT, "bigint", true),
            ("people", TEXT_ARRAY, "text[]", false),
            ("note", TEXT, "text", false),
            ("page_size", INTEGER, "integer", false),
            ("change", JSONB, "jsonb", false),
        ],
    )
}

fn faults(path: &str, query: &str, body: &str) -> Vec<(String, String)> {
    let endpoint = roster();
    let problem = bind(&endpoint, std::iter::once(path), query, body.as_bytes()).unwrap_err();
    problem.errors.into_iter().map(|fault| (fault.field, fault.message)).collect()
}

#[test]
fn path_and_query_bind_in_the_functions_order() {
    let endpoint = roster();
    let bound = bind(&endpoint, std::iter::once("7"), "note=a+b&from_date=2026-03-29", b"").unwrap();
    assert_eq!(bound.supplied, 0b1011);
    let date = chrono::NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    assert_eq!(
        bound.values,
        [(0, Value::Date(date)), (1, Value::BigInteger(7)), (3, Value::Text("a b".into()))]
    );
}

#[test]
fn an_array_is_given_by_repetition() {
    let endpoint = roster();
    let query = "people=a&from_date=2026-03-29&people=b%26c";
    let bound = bind(&endpoint, std::iter::once("7"), query, b"").unwrap();
    let people = bound.values.iter().find(|(position, _)| *position == 2).map(|(_, value)| value);
    assert_eq!(people, Some(&Value::Array(vec![Value::Text("a".into()), Value::Text("b&c".into())])));
}

#[test]
fn every_fault_is_told_at_once() {
    let told = faults("x", "page_size=many&colour=red&note=1&note=2&people=%zz", "");
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["employee_id", "page_size", "colour", "note", "people", "from_date"]);
    assert_eq!(told[0].1, "\"x\" is not a whole number from -9223372036854775808 to 9223372036854775807");
    assert_eq!(
        told[2].1,
        "is not an argument of this endpoint; known are from_date, people, note, page_size, change"
    );
    assert_eq!(told[3].1, "is given more than once");
    assert_eq!(told[5].1, "is required: a date, such as 2026-03-29");
}

#[test]
fn a_faulty_argument_is_not_missing_besides() {
    let told = faults("7", "from_date=29.3.2026", "");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, "\"29.3.2026\" is not a date, such as 2026-03-29");
}

#[test]
fn a_body_binds_typed_json_and_keeps_raw_json() {
    let endpoint = roster();
    let body =
        br#"{"from_date":"2026-03-29","page_size":5,"change":{"a": [1, 2]},"note":null,"people":["a",null]}"#;
    let bound = bind(&endpoint, std::iter::once("7"), "", body).unwrap();
    let value =
        |wanted: usize| bound.values.iter().find(|(position, _)| *position == wanted).map(|(_, value)| value);
    assert_eq!(value(4), Some(&Value::Integer(5)));
    assert_eq!(value(5), Some(&Value::Json(r#"{"a": [1, 2]}"#.into())));
    assert_eq!(value(3), Some(&Value::Null));
    assert_eq!(value(2), Some(&Value::Array(vec![Value::Text("a".into()), Value::Null])));
}

#[test]
fn a_body_is_as_strict_as_its_types() {
    let told = faults(
        "7",
        "",
        r#"{"from_date":20260329,"page_size":"5","note":7,"x":1,"people":"a","from_date":1}"#,
    );
    let expected = [
        ("from_date", "must be a date, such as 2026-03-29, not a number"),
        ("page_size", "must be a whole number from -2147483648 to 2147483647, not a string"),
        ("note", "must be a string, not a number"),
        ("x", "is not an argument of this endpoint; known are from_date, people, note, page_size, change"),
        ("people", "must be a JSON array of a string"),
        ("from_date", "is given more than once"),
    ];
    assert_eq!(told, expected.map(|(field, message)| (field.to_owned(), message.to_owned())));
}

#[test]
fn an_argument_of_path_or_query_cannot_be_given_again() {
    let told = faults("7", "employee_id=8&note=a&from_date=2026-03-29", r#"{"note":"b","employee_id":9}"#);
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["employee_id", "note", "employee_id"]);
}

#[test]
fn a_required_argument_is_not_null() {
    let told = faults("7", "", r#"{"from_date":null}"#);
    assert_eq!(told[0].1, "is required and must not be null: date");
}

#[test]
fn a_body_that_is_no_json_object_says_where() {
    let endpoint = roster();
    for (body, detail) in [
        (&b"[1]"[..], "the body must be a JSON object, such as {\"name\": \"value\"}"),
        (b"{\"a\":", "the body is not JSON (line 1, column 5)"),
        (b"{\"a\":1} x", "the body is not JSON (line 1, column 9)"),
        (b"{\"a\": \xff}", "the body is not UTF-8 (at byte 6)"),
    ] {
        let problem = bind(&endpoint, std::iter::once("7"), "", body).unwrap_err();
        assert_eq!((problem.kind, &*problem.detail), (ProblemKind::MalformedRequest, detail));
    }
}

#[test]
fn a_flood_of_faults_is_cut() {
    let query: String = (0..500).map(|number| format!("x{number}=1&")).collect();
    assert_eq!(faults("7", &query, "").len(), FAULTS_TOLD);
}

proptest::proptest! {
    #[test]
    fn whatever_a_caller_sends_is_bound_or_refused(path in ".{0,12}", query in "[a-z_=&%+0-9é]{0,60}", body in ".{0,40}") {
        let endpoint = roster();
        match bind(&endpoint, std::iter::once(path.as_str()), &query, body.as_bytes()) {
            Ok(bound) => proptest::prop_assert_eq!(bound.supplied.count_ones() as usize, bound.values.len()),
            Err(problem) => proptest::prop_assert_eq!(problem.kind.status(), 400),
        }
    }

    #[test]
    fn any_text_survives_its_percent_encoding(text in proptest::prelude::any::<String>()) {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        proptest::prop_assert_eq!(decode(&encoded, true), Ok(text.as_str().into()));
    }

    #[test]
    fn numbers_and_dates_are_read_back(number in proptest::prelude::any::<i64>(), days in 0u64..3_000_000) {
        let kind = crate::endpoint::ArgumentType::new(BIGINT, "bigint");
        proptest::prop_assert_eq!(kind.read_text(number.to_string().into()), Ok(Value::BigInteger(number)));
        let date = chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap() + chrono::Days::new(days);
        let kind = crate::endpoint::ArgumentType::new(DATE, "date");
        proptest::prop_assert_eq!(kind.read_text(date.to_string().into()), Ok(Value::Date(date)));
    }
}
