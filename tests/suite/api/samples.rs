//! Single rows, made through the service, with sensible values for what a test does not care about.

use anyhow::Result;
use serde_json::{Value, json};

use super::service::{Service, items, number};

impl Service {
    /// A department in the zone Europe/Berlin; the answer is its id.
    pub(super) async fn department(&self, name: &str, parent_id: Option<i64>) -> Result<i64> {
        let body = json!({"name": name, "parent_id": parent_id, "time_zone": "Europe/Berlin"});
        number(&self.create("/api/departments", &body).await?["department_id"])
    }

    /// An employee of a department with a number and the values derived from it.
    pub(super) async fn employee(&self, employee_no: &str, department_id: i64) -> Result<i64> {
        let body = json!({
            "employee_no": employee_no,
            "name": format!("Person {employee_no}"),
            "email": format!("{}@example.org", employee_no.to_lowercase()),
            "department_id": department_id,
        });
        number(&self.create("/api/employees", &body).await?["employee_id"])
    }

    /// A shift for one head, of a type that is made of its hours.
    pub(super) async fn shift(&self, department_id: i64, date: &str, start: &str, end: &str) -> Result<i64> {
        let body = json!({
            "department_id": department_id,
            "date": date,
            "shift_type": format!("{start}-{end}"),
            "start_time": start,
            "end_time": end,
        });
        number(&self.create("/api/shifts", &body).await?["shift_id"])
    }

    /// Books a person on a shift; the answer is the assignment.
    pub(super) async fn book(&self, employee_id: i64, shift_id: i64) -> Result<Value> {
        let body = json!({"assignments": [booking(employee_id, shift_id)]});
        Ok(items(&self.create("/api/assignments", &body).await?)?[0].clone())
    }
}

/// One item of a request to book.
pub(super) fn booking(employee_id: i64, shift_id: i64) -> Value {
    json!({"employee_id": employee_id, "shift_id": shift_id})
}
