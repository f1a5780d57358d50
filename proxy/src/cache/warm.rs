//! Warming: endpoints that declare it are asked before anybody asks them.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::time::{Instant, sleep};

use super::key::{Origin, Viewpoint};
use super::wish::Wish;
use crate::endpoint::{Arguments, Catalog};
use crate::observe::RequestEvent;
use crate::pipeline::Proxy;

/// Pause between two looks whether the catalog or the server's life is another one.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Looks in a row at which an answer may be overtaken before it is kept, by a change or by a transaction that is
/// still running.
const ATTEMPTS: u32 = 120;

/// Warms at the start, and again whenever everything that was cached has become worthless, for as long as the
/// proxy runs.
pub async fn run(proxy: Arc<Proxy>) {
    let mut warmed: Option<(Origin, Viewpoint)> = None;
    let mut attempts = 0;
    loop {
        sleep(LOOK_EVERY).await;
        let (Some(life), Ok(catalog)) = (proxy.cache.lives.current(), proxy.catalog.current()) else {
            continue;
        };
        let now = (life.origin, catalog.viewpoint.clone());
        if warmed.as_ref() == Some(&now) {
            continue;
        }
        attempts += 1;
        if warm(&proxy, &catalog).await || attempts >= ATTEMPTS {
            warmed = Some(now);
            attempts = 0;
        }
    }
}

/// Asks each declared endpoint that needs no arguments, one after the other: warming must not crowd out
/// callers. Tells whether all answers are kept.
async fn warm(proxy: &Proxy, catalog: &Arc<Catalog>) -> bool {
    let mut is_warm = true;
    let declared = catalog.endpoints.iter().filter(|endpoint| {
        endpoint.cache.as_ref().is_ok_and(|rules| rules.warm)
            && endpoint.claims.is_empty()
            && endpoint.arguments.iter().all(|argument| !argument.required)
    });
    for endpoint in declared {
        let arguments = Arguments::default();
        let mut event = RequestEvent::start(Method::GET, None);
        event.endpoint = Some(Arc::clone(endpoint));
        let asked = event.started();
        let Ok(question) = proxy.cache.question(endpoint, &arguments, catalog, Wish::default(), asked) else {
            // Its catalog is out of date, most likely.
            proxy.catalog.doubt();
            is_warm = false;
            continue;
        };
        if proxy.cache.find(&question).await.is_ok() {
            continue;
        }
        let deadline = Instant::from_std(asked) + proxy.settings.request_deadline_ms;
        match proxy.fetch_unasked(endpoint, &arguments, catalog.generation, deadline, &mut event).await {
            Some(answered) => {
                let (_, stored) = proxy.cache.store(&question, answered);
                is_warm &= stored;
                tracing::debug!(path = endpoint.path, stored, "warmed");
            }
            None => tracing::debug!(path = endpoint.path, "could not be warmed"),
        }
    }
    is_warm
}
