//! Reader of the public instances' text format (Curtois and Qu, 2014).

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// A shift type.
pub(crate) struct ShiftType {
    pub(crate) id: String,
    pub(crate) minutes: i64,
    /// Types that may not be worked the day after.
    pub(crate) not_next: Vec<usize>,
}

/// One member of staff.
pub(crate) struct Employee {
    pub(crate) id: String,
    /// Cap of each shift type; 0 where the file names none.
    pub(crate) caps: Vec<i64>,
    pub(crate) most_minutes: i64,
    pub(crate) least_minutes: i64,
    pub(crate) longest_work: i64,
    pub(crate) shortest_work: i64,
    pub(crate) shortest_rest: i64,
    pub(crate) most_weekends: i64,
    pub(crate) days_off: Vec<usize>,
}

/// A request for or against a shift.
pub(crate) struct Request {
    pub(crate) employee: usize,
    pub(crate) day: usize,
    pub(crate) shift: usize,
    pub(crate) work: bool,
    pub(crate) weight: i64,
}

/// Heads wanted on a day and shift type.
pub(crate) struct Cover {
    pub(crate) day: usize,
    pub(crate) shift: usize,
    pub(crate) required: i64,
    pub(crate) weight_under: i64,
    pub(crate) weight_over: i64,
}

/// An instance as its file tells it.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) days: usize,
    pub(crate) shifts: Vec<ShiftType>,
    pub(crate) staff: Vec<Employee>,
    pub(crate) requests: Vec<Request>,
    pub(crate) cover: Vec<Cover>,
}

impl Instance {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(name, &text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(name: String, text: &str) -> Result<Self> {
        let sections = sections(text)?;
        let lines = |section: &str| sections.get(section).map(Vec::as_slice).unwrap_or_default();
        let horizon = lines("SECTION_HORIZON").first().context("SECTION_HORIZON is missing")?;
        let days: usize = field(horizon, 0)?;

        let mut shifts = Vec::new();
        for line in lines("SECTION_SHIFTS") {
            shifts.push(ShiftType {
                id: text_field(line, 0)?,
                minutes: field(line, 1)?,
                not_next: Vec::new(),
            });
        }
        let shift_numbers: HashMap<String, usize> =
            shifts.iter().enumerate().map(|(number, shift)| (shift.id.clone(), number)).collect();
        let shift_number =
            |id: &str| shift_numbers.get(id).copied().with_context(|| format!("unknown shift {id}"));
        for (number, line) in lines("SECTION_SHIFTS").iter().enumerate() {
            let list = line.get(2).copied().unwrap_or("");
            for id in list.split('|').filter(|id| !id.is_empty()) {
                shifts[number].not_next.push(shift_number(id)?);
            }
        }

        let mut staff = Vec::new();
        for line in lines("SECTION_STAFF") {
            staff.push(employee(line, shifts.len(), &shift_number)?);
        }
        let staff_numbers: HashMap<String, usize> =
            staff.iter().enumerate().map(|(number, employee)| (employee.id.clone(), number)).collect();
        let staff_number =
            |id: &str| staff_numbers.get(id).copied().with_context(|| format!("unknown employee {id}"));
        for line in lines("SECTION_DAYS_OFF") {
            let employee = staff_number(line[0])?;
            for day in line[1..].iter().filter(|day| !day.is_empty()) {
                staff[employee].days_off.push(day.parse().with_context(|| format!("day off {day}"))?);
            }
        }

        let mut requests = Vec::new();
        for (section, work) in [("SECTION_SHIFT_ON_REQUESTS", true), ("SECTION_SHIFT_OFF_REQUESTS", false)] {
            for line in lines(section) {
                requests.push(Request {
                    employee: staff_number(line[0])?,
                    day: field(line, 1)?,
                    shift: shift_number(&text_field(line, 2)?)?,
                    work,
                    weight: field(line, 3)?,
                });
            }
        }
        let mut cover = Vec::new();
        for line in lines("SECTION_COVER") {
            cover.push(Cover {
                day: field(line, 0)?,
                shift: shift_number(&text_field(line, 1)?)?,
                required: field(line, 2)?,
                weight_under: field(line, 3)?,
                weight_over: field(line, 4)?,
            });
        }
        Ok(Self { name, days, shifts, staff, requests, cover })
    }
}

fn employee(
    line: &[&str],
    shift_types: usize,
    shift_number: &dyn Fn(&str) -> Result<usize>,
) -> Result<Employee> {
    let mut caps = vec![0; shift_types];
    for item in text_field(line, 1)?.split('|').filter(|item| !item.is_empty()) {
        let (id, cap) = item.split_once('=').with_context(|| format!("cap {item} has no equals sign"))?;
        caps[shift_number(id)?] = cap.parse().with_context(|| format!("cap {item}"))?;
    }
    Ok(Employee {
        id: text_field(line, 0)?,
        caps,
        most_minutes: field(line, 2)?,
        least_minutes: field(line, 3)?,
        longest_work: field(line, 4)?,
        shortest_work: field(line, 5)?,
        shortest_rest: field(line, 6)?,
        most_weekends: field(line, 7)?,
        days_off: Vec::new(),
    })
}

type Sections<'a> = HashMap<&'a str, Vec<Vec<&'a str>>>;

fn sections(text: &str) -> Result<Sections<'_>> {
    let mut sections: Sections<'_> = HashMap::new();
    let mut current: Option<&str> = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("SECTION_") {
            current = Some(line);
            sections.entry(line).or_default();
        } else if let Some(section) = current {
            sections.entry(section).or_default().push(line.split(',').map(str::trim).collect());
        } else {
            bail!("\"{line}\" stands before the first section");
        }
    }
    Ok(sections)
}

fn text_field(line: &[&str], index: usize) -> Result<String> {
    let field = line
        .get(index)
        .with_context(|| format!("field {} of \"{}\" is missing", index + 1, line.join(",")))?;
    Ok((*field).to_owned())
}

fn field<T>(line: &[&str], index: usize) -> Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text_field(line, index)?.parse().with_context(|| format!("field {} of \"{}\"", index + 1, line.join(",")))
}
