use std::time::{Duration, Instant};

use super::*;
use crate::cache::claims::Claims;
use crate::cache::key::{Origin, Viewpoint};
use crate::cache::snapshot::Snapshot;
use crate::endpoint::Arguments;
use crate::endpoint::samples::endpoint;

fn key(path: &str) -> Key {
    let origin = Origin { system_identifier: 1, timeline: 1, epoch: 1 };
    let viewpoint = Viewpoint { database: "rota".to_owned(), role: "web".to_owned(), generation: 1 };
    let arguments = Arguments { supplied: 0, values: Vec::new(), claims: Claims::default() };
    Key::of(origin, &viewpoint, &endpoint("GET", path, &[]), &arguments)
}

fn entry() -> Arc<Entry> {
    Arc::new(Entry {
        answer: None,
        stamp: Snapshot { xmin: 3, xmax: 3, in_progress: Box::default(), taken_in_recovery: false },
        tags: [].into(),
        filled: Instant::now(),
        lifetime: Duration::from_secs(1),
        staleness_ms: 0,
    })
}

fn leader<'f>(flights: &'f Flights, key: &Key) -> Leader<'f> {
    match flights.join(key) {
        Role::Leader(leader) => leader,
        Role::Follower(_) => panic!("somebody flies already"),
    }
}

fn follower(flights: &Flights, key: &Key) -> Follower {
    match flights.join(key) {
        Role::Leader(_) => panic!("nobody flies"),
        Role::Follower(follower) => follower,
    }
}

#[tokio::test]
async fn followers_get_what_the_leader_brings() {
    let (flights, key) = (Flights::default(), key("/api/a"));
    let before = flights.arrive();
    let mut leading = leader(&flights, &key);
    leading.begin();
    let during = flights.arrive();
    let (one, two) = (follower(&flights, &key), follower(&flights, &key));
    let brought = entry();
    leading.land(Arc::clone(&brought));
    for follower in [one, two] {
        let landing = follower.landing().await.unwrap();
        assert!(Arc::ptr_eq(&landing.entry, &brought));
        assert!(landing.began_after(before) && !landing.began_after(during));
    }
    drop(leader(&flights, &key));
}

#[tokio::test]
async fn a_leader_that_is_dropped_hands_over() {
    let (flights, key) = (Flights::default(), key("/api/a"));
    let first = leader(&flights, &key);
    let waiting = follower(&flights, &key);
    drop(first);
    assert!(waiting.landing().await.is_none());
    let mut second = leader(&flights, &key);
    let waiting = follower(&flights, &key);
    let arrived = flights.arrive();
    second.begin();
    second.land(entry());
    assert!(waiting.landing().await.unwrap().began_after(arrived));
}

#[tokio::test]
async fn keys_do_not_wait_for_each_other() {
    let flights = Flights::default();
    let _one = leader(&flights, &key("/api/a"));
    let _other = leader(&flights, &key("/api/b"));
}

#[tokio::test]
async fn an_answer_of_the_shared_level_began_at_no_known_time() {
    let (flights, key) = (Flights::default(), key("/api/a"));
    let arrived = flights.arrive();
    let leading = leader(&flights, &key);
    let waiting = follower(&flights, &key);
    leading.land(entry());
    assert!(!waiting.landing().await.unwrap().began_after(arrived));
}
