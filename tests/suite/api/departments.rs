//! Departments: the list, the tree with its counts, and who moved where.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::random_roster;
use super::service::{Service, items, number};

#[tokio::test]
async fn a_department_takes_its_zone_from_its_parent_and_has_a_name_of_its_own_there() -> Result<()> {
    let service = Service::start().await?;
    let clinic = service.department("Clinic", None).await?;
    let ward = service.create("/api/departments", &json!({"name": "Ward", "parent_id": clinic})).await?;
    assert_eq!(ward["time_zone"], "Europe/Berlin");
    let top = service.create("/api/departments", &json!({"name": "Ward"})).await?;
    assert_eq!(top["time_zone"], "UTC", "the same name elsewhere in the tree is another department");
    let clash =
        service.post_problem("/api/departments", &json!({"name": "Ward", "parent_id": clinic})).await?;
    assert_eq!((clash.status, clash.field.as_deref()), (409, Some("name")));
    assert!(clash.text().contains("Clinic"), "{}", clash.text());

    let children = service.read(&format!("/api/departments?parent_id={clinic}&fields=name,parent")).await?;
    assert_eq!(children["items"], json!([{"name": "Ward", "parent": "Clinic"}]));
    Ok(())
}

#[tokio::test]
async fn the_hierarchy_counts_own_and_subtree_people_as_a_naive_recount_does() -> Result<()> {
    let service = Service::start().await?;
    random_roster::fill(&service, 11).await?;
    let departments = service.read("/api/departments?active=true&page_size=1000").await?;
    let departments = items(&departments)?;
    let people = service.read("/api/employees?active=true&page_size=1000").await?;
    let people = items(&people)?;
    let parents: HashMap<i64, Option<i64>> = departments
        .iter()
        .map(|department| Ok((number(&department["department_id"])?, department["parent_id"].as_i64())))
        .collect::<Result<_>>()?;
    let is_within = |department_id: i64, root_id: i64| {
        let mut place = Some(department_id);
        while let Some(id) = place {
            if id == root_id {
                return true;
            }
            place = parents.get(&id).copied().flatten();
        }
        false
    };

    let tree = service.read("/api/departments/hierarchy").await?;
    assert_eq!(items(&tree)?.len(), departments.len());
    let mut deepest = 0;
    for node in items(&tree)? {
        let id = number(&node["department_id"])?;
        let homes = || people.iter().filter_map(|person| person["department_id"].as_i64());
        let own = homes().filter(|home| *home == id).count();
        let subtree = homes().filter(|home| is_within(*home, id)).count();
        let below = parents.keys().filter(|other| **other != id && is_within(**other, id)).count();
        assert_eq!(
            (&node["employees"], &node["subtree_employees"], &node["subtree_departments"]),
            (&json!(own), &json!(subtree), &json!(below)),
            "{node}"
        );
        deepest = deepest.max(number(&node["depth"])?);
    }
    assert!(deepest >= 2, "the sample is no tree");
    Ok(())
}

#[tokio::test]
async fn the_hierarchy_is_listed_depth_first_from_any_root() -> Result<()> {
    let service = Service::start().await?;
    let clinic = service.department("Clinic", None).await?;
    let surgery = service.department("Surgery", Some(clinic)).await?;
    service.department("Ward 2", Some(surgery)).await?;
    service.department("Ward 1", Some(surgery)).await?;
    service.department("Ambulance", Some(clinic)).await?;
    service.department("Archive", None).await?;
    let names = |tree: &Value| -> Result<Vec<String>> {
        let name = |node: &Value| node["name"].as_str().map(str::to_owned).context("no name");
        items(tree)?.iter().map(name).collect()
    };
    let tree = service.read("/api/departments/hierarchy").await?;
    assert_eq!(names(&tree)?, ["Archive", "Clinic", "Ambulance", "Surgery", "Ward 1", "Ward 2"]);
    let branch = service.read(&format!("/api/departments/hierarchy?root_id={surgery}")).await?;
    assert_eq!(names(&branch)?, ["Surgery", "Ward 1", "Ward 2"]);
    assert_eq!(branch["items"][0]["depth"], 0);
    assert_eq!(service.read_problem("/api/departments/hierarchy?root_id=987654").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn every_move_between_departments_is_in_the_history_of_both() -> Result<()> {
    let service = Service::start().await?;
    let (first, second) =
        (service.department("Ward 1", None).await?, service.department("Ward 2", None).await?);
    let employee_id = service.employee("1", first).await?;
    let stays = service.employee("2", first).await?;
    let target = format!("/api/employees/{employee_id}");
    service.change(&target, &json!({"department_id": second})).await?;
    service.change(&target, &json!({"department_id": second, "name": "Moved"})).await?;
    service.change(&target, &json!({"clear": ["department_id"]})).await?;

    let moves = |history: &Value| -> Result<Vec<(Option<i64>, Option<i64>)>> {
        let ends =
            |change: &Value| (change["from_department_id"].as_i64(), change["to_department_id"].as_i64());
        Ok(items(history)?.iter().map(ends).collect())
    };
    let history = service.read(&format!("{target}/department-history")).await?;
    let expected = [(Some(second), None), (Some(first), Some(second)), (None, Some(first))];
    assert_eq!(moves(&history)?, expected, "newest first, and a move to where one is, is none");

    let of_second = service.read(&format!("/api/department-history?department_id={second}")).await?;
    assert_eq!(moves(&of_second)?, expected[..2]);
    let of_first = service.read(&format!("/api/department-history?department_id={first}")).await?;
    assert_eq!(items(&of_first)?.len(), 3, "two arrivals and one departure");
    let of_other = service.read(&format!("/api/department-history?employee_id={stays}")).await?;
    assert_eq!(moves(&of_other)?, [(None, Some(first))]);
    assert_eq!(service.read_problem("/api/employees/987654/department-history").await?.status, 404);
    Ok(())
}
