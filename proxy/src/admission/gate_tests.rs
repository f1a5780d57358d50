use super::*;
use crate::config::{Layers, Source};

fn admission(given: &[(&str, &str)]) -> Arc<Admission> {
    let mut layers = Layers::default();
    for (name, value) in given {
        layers.put(name, Source::Default, (*value).to_owned());
    }
    let settings = Settings::gather(&layers, Vec::new()).unwrap();
    Admission::new(&settings, &Metrics::new().unwrap())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn seated(place: &Place<'_>) -> Option<Seat> {
    let wait = place.wait();
    let seat = wait.seat().await?;
    Some(wait.ends_with(seat))
}

#[tokio::test]
async fn the_batch_lane_leaves_a_connection_and_counts_by_itself() {
    for (pool, batch, seats) in [("8", "2", 2), ("2", "5", 1), ("1", "1", 1)] {
        let admission = admission(&[("pool_size", pool), ("batch_pool_size", batch)]);
        assert_eq!(admission.limits(Lane::Batch).1, seats, "{pool} {batch}");
        assert_eq!(admission.limits(Lane::Interactive).1.to_string(), pool);
    }
}

#[tokio::test]
async fn one_request_more_than_there_are_places_is_refused_and_a_place_comes_back() {
    let admission = admission(&[("in_flight_limit", "2")]);
    let click = Arc::new(Borrower::sample(Lane::Interactive));
    let export = Arc::new(Borrower::sample(Lane::Batch));
    let places = [admission.enter(&click, soon()).unwrap(), admission.enter(&click, soon()).unwrap()];
    assert_eq!(admission.enter(&click, soon()).unwrap_err(), Shed::Full { limit: 2 });
    assert!(admission.enter(&export, soon()).is_ok(), "the other lane has its own");
    assert_eq!(admission.admitted(Lane::Interactive), 2);
    drop(places);
    assert_eq!(admission.admitted(Lane::Interactive), 0);
}

#[tokio::test]
async fn a_seat_and_every_count_come_back_however_a_wait_ends() {
    let admission = admission(&[("pool_size", "1"), ("pool_wait_timeout_ms", "60000")]);
    let click = Arc::new(Borrower::sample(Lane::Interactive));
    let place = admission.enter(&click, soon()).unwrap();
    let hasty = admission.enter(&click, Instant::now() + Duration::from_millis(50)).unwrap();
    let seat = seated(&place).await.unwrap();
    assert!(seated(&hasty).await.is_none(), "the wait ends in vain");
    // One that is dropped in the middle.
    let mut dropped = Box::pin(seated(&place));
    assert!(futures_util::poll!(&mut dropped).is_pending());
    assert_eq!(admission.state(Lane::Interactive), LaneState { waiting: 1, used: 1, ending: 0 });
    drop(dropped);
    assert_eq!(admission.state(Lane::Interactive), LaneState { waiting: 0, used: 1, ending: 0 });
    seat.ends();
    assert_eq!(admission.state(Lane::Interactive), LaneState { waiting: 0, used: 0, ending: 1 });
    drop(seat);
    assert_eq!((admission.state(Lane::Interactive), admission.on_loan()), (LaneState::default(), 0));
    assert!(seated(&place).await.is_some());
}

#[tokio::test]
async fn seats_are_given_in_the_order_of_coming() {
    let admission = admission(&[("pool_size", "1"), ("pool_wait_timeout_ms", "60000")]);
    let click = Arc::new(Borrower::sample(Lane::Interactive));
    let place = admission.enter(&click, soon()).unwrap();
    let first = seated(&place).await.unwrap();
    let (mut second, mut third) = (Box::pin(seated(&place)), Box::pin(seated(&place)));
    assert!(futures_util::poll!(&mut second).is_pending());
    assert!(futures_util::poll!(&mut third).is_pending());
    drop(first);
    assert!(futures_util::poll!(&mut third).is_pending(), "it came later");
    let second = second.await.unwrap();
    drop(second);
    assert!(third.await.is_some());
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_refused_with_the_time_to_come_back() {
    let admission = admission(&[("pool_size", "1")]);
    let slow = Arc::new(Borrower::sample(Lane::Interactive));
    slow.used(1.5);
    let place = admission.enter(&slow, soon()).unwrap();
    let _seat = seated(&place).await.unwrap();
    let shed = admission.enter(&slow, Instant::now() + Duration::from_millis(500)).unwrap_err();
    assert_eq!(shed.reason(), "deadline");
    assert!(shed.retry_after().is_some_and(|wait| wait >= Duration::from_millis(1500)));
    assert!(admission.enter(&slow, soon()).is_ok(), "it has the time, and so much may every wait take");
}
