use super::*;
use proptest::prelude::*;

const SIZE: usize = 4;

fn borrower(lane: Lane) -> Arc<Borrower> {
    Arc::new(Borrower::sample(lane))
}

fn after(begun: Instant, ms: u64) -> Instant {
    begun + Duration::from_millis(ms)
}

#[test]
fn nobody_waits_while_a_connection_is_free() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    let click = borrower(Lane::Interactive);
    for _ in 0..SIZE {
        assert_eq!(ledger.expected_wait(Lane::Interactive, SIZE, SIZE, begun), Duration::ZERO);
        ledger.takes(&click, Duration::ZERO, begun);
    }
    assert!(ledger.expected_wait(Lane::Interactive, SIZE, SIZE, begun) > Duration::ZERO);
}

#[test]
fn the_wait_is_the_queue_over_the_rate_at_which_loans_end() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    let click = borrower(Lane::Interactive);
    click.used(0.1);
    for _ in 0..SIZE {
        ledger.takes(&click, Duration::ZERO, begun);
    }
    // Four loans of 100 ms each end at 40 a second: 25 ms for the first in the queue, 75 for the third.
    let wait =
        |ledger: &Ledger| ledger.expected_wait(Lane::Interactive, SIZE, SIZE, begun).as_secs_f64() * 1000.0;
    assert!((wait(&ledger) - 25.0).abs() < 0.01);
    ledger.waits(Lane::Interactive);
    ledger.waits(Lane::Interactive);
    assert!((wait(&ledger) - 75.0).abs() < 0.01);
}

#[test]
fn connections_on_their_way_to_those_who_wait_do_not_make_the_last_slow_loan_count_for_all() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    ledger.takes(&borrower(Lane::Interactive), Duration::ZERO, begun);
    // Three connections came back, and those who wait for them have not woken yet.
    for _ in 0..20 {
        ledger.waits(Lane::Interactive);
    }
    let wait = ledger.expected_wait(Lane::Interactive, SIZE, SIZE, after(begun, 200));
    assert!(wait < Duration::from_millis(20), "{wait:?}");
    assert!(wait > Duration::ZERO);
}

#[test]
fn what_has_lasted_long_is_expected_to_last_on_and_does_not_hide_the_quick_ones() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    let (report, click) = (borrower(Lane::Interactive), borrower(Lane::Interactive));
    click.used(0.001);
    for _ in 0..SIZE {
        ledger.takes(&report, Duration::ZERO, begun);
    }
    let stuck = ledger.expected_wait(Lane::Interactive, SIZE, SIZE, after(begun, 8000));
    assert_eq!(stuck, Duration::from_secs(2), "four that have lasted eight seconds");
    ledger.gives_back(1, after(begun, 8000));
    ledger.takes(&click, Duration::ZERO, after(begun, 8000));
    let moving = ledger.expected_wait(Lane::Interactive, SIZE, SIZE, after(begun, 8000));
    assert!(moving < Duration::from_millis(2), "{moving:?}");
}

#[test]
fn a_full_lane_waits_for_its_own_loans_alone() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    let (export, click) = (borrower(Lane::Batch), borrower(Lane::Interactive));
    export.used(10.0);
    click.used(0.001);
    ledger.takes(&export, Duration::ZERO, begun);
    ledger.takes(&click, Duration::ZERO, begun);
    assert_eq!(ledger.expected_wait(Lane::Interactive, SIZE, SIZE, begun), Duration::ZERO);
    assert_eq!(ledger.expected_wait(Lane::Batch, 1, SIZE, begun), Duration::from_secs(10));
}

#[test]
fn loans_are_told_by_borrower_the_longest_first() {
    let begun = Instant::now();
    let mut ledger = Ledger::new(begun);
    let (report, click) = (borrower(Lane::Batch), borrower(Lane::Interactive));
    ledger.takes(&click, Duration::ZERO, after(begun, 5));
    ledger.takes(&report, Duration::ZERO, begun);
    ledger.takes(&click, Duration::ZERO, after(begun, 9));
    let held = ledger.held(after(begun, 10));
    let told: Vec<_> = held.iter().map(|held| (held.connections, held.longest.as_millis())).collect();
    assert_eq!(told, [(1, 10), (2, 5)]);
}

proptest! {
    /// Whatever happens in whatever order: the book says what a plain count says, and never less than nothing.
    #[test]
    fn the_book_agrees_with_a_plain_count(steps in prop::collection::vec((0..5_u8, any::<bool>(), 0..20_usize), 0..200)) {
        let begun = Instant::now();
        let mut ledger = Ledger::new(begun);
        let borrowers = Lane::ALL.map(borrower);
        let mut loans: Vec<(u64, Lane, bool)> = Vec::new();
        let mut waiting = [0_usize; 2];
        for (number, (step, is_batch, pick)) in steps.into_iter().enumerate() {
            let lane = if is_batch { Lane::Batch } else { Lane::Interactive };
            let now = after(begun, number as u64 * 100);
            match step {
                0 => {
                    ledger.waits(lane);
                    waiting[lane as usize] += 1;
                }
                1 if waiting[lane as usize] > 0 => {
                    ledger.waits_no_more(lane);
                    waiting[lane as usize] -= 1;
                }
                2 => loans.push((ledger.takes(&borrowers[lane as usize], Duration::ZERO, now), lane, false)),
                3 if !loans.is_empty() => {
                    let (id, ..) = loans.swap_remove(pick % loans.len());
                    ledger.gives_back(id, now);
                    // Twice is once.
                    ledger.gives_back(id, now);
                }
                4 if !loans.is_empty() => {
                    let index = pick % loans.len();
                    loans[index].2 = true;
                    ledger.ends(loans[index].0);
                }
                _ => {}
            }
            for lane in Lane::ALL {
                let count = |ending: bool| {
                    loans.iter().filter(|(_, of, is_ending)| *of == lane && *is_ending == ending).count()
                };
                let counted =
                    LaneState { waiting: waiting[lane as usize], used: count(false), ending: count(true) };
                prop_assert_eq!(ledger.state(lane), counted);
                prop_assert!(ledger.expected_wait(lane, SIZE, SIZE, now) < Duration::from_secs(3600));
            }
        }
    }
}
