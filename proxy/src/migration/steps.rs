//! What a migration tells while it runs.

use std::fmt;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

/// A step is told as slow after this long: when a person begins to wonder.
const SLOW_AFTER: Duration = Duration::from_secs(2);

/// Something that a person who watches wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Another session migrates; this one waits for it.
    Waiting {
        /// Who it is.
        holder: String,
    },
    /// A step takes long.
    Slow {
        /// The step.
        step: String,
    },
    /// A step is done.
    Applied {
        /// The step.
        step: String,
        /// How long it took.
        took: Duration,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { holder } => write!(formatter, "waiting for another migration: {holder}"),
            Self::Slow { step } => write!(formatter, "{step} ... (takes its time)"),
            Self::Applied { step, took } => write!(formatter, "{step} ({} ms)", took.as_millis()),
        }
    }
}

/// Tells the steps of one run and counts those that are done.
pub(super) struct Steps<'a> {
    listener: &'a mut (dyn FnMut(Event) + Send),
    applied: usize,
}

impl<'a> Steps<'a> {
    /// Nothing done yet; `listener` hears every event.
    pub(super) fn new(listener: &'a mut (dyn FnMut(Event) + Send)) -> Self {
        Self { listener, applied: 0 }
    }

    /// Tells an event that is no end of a step.
    pub(super) fn tell(&mut self, event: Event) {
        (self.listener)(event);
    }

    /// Does `work` as one step. A failed one is not told: its error is.
    pub(super) async fn take<T, E>(
        &mut self,
        step: String,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let begun = Instant::now();
        let mut work = pin!(work);
        let outcome = match timeout(SLOW_AFTER, &mut work).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                self.tell(Event::Slow { step: step.clone() });
                work.await?
            }
        };
        self.applied += 1;
        self.tell(Event::Applied { step, took: begun.elapsed() });
        Ok(outcome)
    }

    /// Number of steps that are done.
    pub(super) fn applied(&self) -> usize {
        self.applied
    }
}
