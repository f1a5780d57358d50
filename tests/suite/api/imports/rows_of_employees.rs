//! Every fault that a row of employees can have.

use anyhow::Result;
use serde_json::json;

use super::super::service::Service;
use super::report::{bad, good, import_and_compare};

const HEADER: &str = "employee_no,name,email,department,role,qualifications,max_minutes,min_minutes,\
                      weekly_minutes,time_zone,hired_on,active";

#[tokio::test]
async fn bad_employees_are_refused_one_by_one_and_good_ones_of_the_same_file_are_in() -> Result<()> {
    let service = Service::start().await?;
    let (north, south) = (service.department("North", None).await?, service.department("South", None).await?);
    let twin = service.department("Twin", Some(north)).await?;
    service.department("Twin", Some(south)).await?;
    let present = service.employee("old", north).await?;
    let long = "x".repeat(201);
    let rows = vec![
        good("1,Ada,ada@example.org,North,nurse,icu;night,9000,100,1800,Europe/Berlin,2020-02-29,true"),
        bad(",Ben,ben@example.org,,,,,,,,,", "employee_no", "23502", "employee_no is missing"),
        bad("3,  ,cem@example.org,,,,,,,,,", "name", "23502", "name is missing"),
        bad("4,Dua,,,,,,,,,,", "email", "23502", "email is missing"),
        bad("5,Eva,nobody,,,,,,,,,", "email", "22023", "\"nobody\""),
        bad("6,Fay,f@example.org,,,,,,many,,,", "weekly_minutes", "22P02", "\"many\""),
        bad("7,Gus,g@example.org,,,,,,10081,,,", "weekly_minutes", "22003", "10081"),
        bad("8,Hal,h@example.org,,,,100,101,,,,", "min_minutes", "23514", "101"),
        bad("9,Ida,i@example.org,,,,-1,,,,,", "max_minutes", "22003", "below 0"),
        bad("10,Jan,j@example.org,,,,,,,,2026-02-30,", "hired_on", "22007", "2026-02-30"),
        bad("11,Kim,k@example.org,,,,,,,,30.1.2026,", "hired_on", "22007", "30.1.2026"),
        bad("12,Lea,l@example.org,,,,,,,,,perhaps", "active", "22P02", "\"perhaps\""),
        bad("13,Max,m@example.org,,,,,,,Europe/Belin,,", "time_zone", "22023", "Europe/Belin"),
        bad("14,Noa,n@example.org,Twin,,,,,,,,", "department", "21000", "2 times")
            .because_of(twin.to_string()),
        bad("1,Ada again,x@example.org,,,,,,,,,", "employee_no", "23505", "line 2").because_of("line 2"),
        bad("16,Ora,ADA@example.org,,,,,,,,,", "email", "23505", "line 2").because_of("line 2"),
        bad("17,Pia,OLD@example.org,,,,,,,,,", "email", "23505", "\"old\"").because_of(present.to_string()),
        bad(format!("18,{long},q@example.org,,,,,,,,,"), "name", "22001", "200"),
        bad("19,Ron,r@example.org", "", "22P04", "fields"),
        bad("20,Sam,s@example.org,,,,,,,,,,,", "", "22P04", "fields"),
        bad(b"21,T\xE4o,t@example.org,,,,,,,,,".to_vec(), "name", "22021", "UTF-8"),
        bad(b"22,U\0na,u@example.org,,,,,,,,,".to_vec(), "name", "22021", "zero byte"),
        good("23,\"Vic\nthe \"\"second\"\", Jr.\",v@example.org,\"Ward,\r\nEast\",,,,,,,,"),
        bad("24,,nobody,,,,,,,,,", "name", "23502", "missing").and("email", "22023", "\"nobody\""),
        good("old,Renamed,old@example.org,North,,,,,,,,no"),
        good(" 26 , Änne Łuk ,w@example.org, South , , ; icu ;icu; ,,,,,,"),
    ];
    import_and_compare(&service, "employees", HEADER, rows).await?;

    let present = service
        .read("/api/employees?sort=employee_no&fields=employee_no,name,department,role,qualifications")
        .await?;
    let expected = json!([
        {
            "employee_no": "1", "name": "Ada", "department": "North", "role": "nurse",
            "qualifications": ["icu", "night"],
        },
        {
            "employee_no": "23", "name": "Vic\nthe \"second\", Jr.", "department": "Ward,\r\nEast",
            "role": null, "qualifications": [],
        },
        {
            "employee_no": "26", "name": "Änne Łuk", "department": "South", "role": null,
            "qualifications": ["icu"],
        },
    ]);
    assert_eq!(present["items"], expected);
    let left = service.read("/api/employees?active=false&fields=employee_no,name").await?;
    assert_eq!(left["items"], json!([{"employee_no": "old", "name": "Renamed"}]));
    Ok(())
}

#[tokio::test]
async fn a_column_that_a_file_lacks_keeps_what_is_there_and_an_empty_value_clears_it() -> Result<()> {
    let service = Service::start().await?;
    let first = "employee_no,name,email,department,role,qualifications,max_minutes,hired_on\n\
                 1,Ada,ada@example.org,North,nurse,icu,9000,2020-01-01\n";
    service.import("employees", first.as_bytes()).await?;
    let fields = "name,department,role,qualifications,max_minutes,hired_on";
    let target = format!("/api/employees?fields={fields}");
    let before = service.read(&target).await?["items"][0].clone();

    let lean = service.import("employees", b"employee_no,name,email\n1,Ada B.,ada@example.org\n").await?;
    assert_eq!((&lean["inserted"], &lean["updated"]), (&json!(0), &json!(1)));
    let mut expected = before.clone();
    expected["name"] = json!("Ada B.");
    assert_eq!(service.read(&target).await?["items"][0], expected);

    let cleared = "employee_no,name,email,department,role,qualifications,max_minutes,hired_on\n\
                   1,Ada,ada@example.org,,,,,\n";
    service.import("employees", cleared.as_bytes()).await?;
    let empty = json!({
        "name": "Ada", "department": null, "role": null, "qualifications": [], "max_minutes": null,
        "hired_on": null,
    });
    assert_eq!(service.read(&target).await?["items"][0], empty);
    Ok(())
}
