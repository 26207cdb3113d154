//! What was drawn is kept until the run has changed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;

use super::route::Route;

/// How many bytes are kept at most, besides the last answer.
const CAPACITY: usize = 64 << 20;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such thing.
    Missing,
    /// It cannot be made, for this reason.
    Failed(String),
}

/// Answers by what was asked for and the version of the run.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    kept: Mutex<VecDeque<Answer>>,
    /// Held while something is drawn: one at a time, so that a run beside it keeps its processors,
    /// and so that clients that come together are served by one drawing.
    drawing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Answer {
    route: Route,
    version: String,
    content: Bytes,
}

impl Cache {
    /// The answer to `route` at `version`; made by `draw`, away from the threads that serve, unless
    /// it is there.
    pub(crate) async fn get(
        self: &Arc<Self>,
        route: &Route,
        version: &str,
        draw: impl FnOnce() -> Result<Vec<u8>, Refusal> + Send + 'static,
    ) -> Result<Bytes, Refusal> {
        if let Some(content) = self.find(route, version) {
            return Ok(content);
        }
        let cache = Arc::clone(self);
        let (route, version) = (route.clone(), version.to_owned());
        // A task of its own: what was begun is finished and kept even if the client goes away.
        let task = tokio::spawn(async move {
            let _turn = cache.drawing.lock().await;
            if let Some(content) = cache.find(&route, &version) {
                return Ok(content);
            }
            let drawn = tokio::task::spawn_blocking(draw).await.map_err(broken)?;
            let content = Bytes::from(drawn?);
            cache.keep(Answer {
                route,
                version,
                content: content.clone(),
            });
            Ok(content)
        });
        task.await.map_err(broken)?
    }

    fn find(&self, route: &Route, version: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|answer| answer.route == *route && answer.version == version)
            .map(|answer| answer.content.clone())
    }

    /// Keeps an answer in the place of an older one to the same question, and lets the oldest go.
    fn keep(&self, answer: Answer) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.route != answer.route);
        let mut bytes: usize = kept.iter().map(|other| other.content.len()).sum();
        while bytes + answer.content.len() > CAPACITY
            && let Some(oldest) = kept.pop_front()
        {
            bytes -= oldest.content.len();
        }
        kept.push_back(answer);
    }
}

fn broken(error: tokio::task::JoinError) -> Refusal {
    Refusal::Failed(format!("drawing broke off: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    use super::*;
    use crate::serve::root::RunPath;
    use crate::serve::route::Subject;

    fn route(name: &str) -> Route {
        let run = RunPath::new(vec![name.to_owned()]).unwrap();
        Route::Page(Subject::Runs(vec![run]))
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn many_clients_cost_one_drawing() {
        static DRAWN: AtomicUsize = AtomicUsize::new(0);
        let draw = || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            DRAWN.fetch_add(1, Ordering::SeqCst);
            Ok(b"page".to_vec())
        };
        let cache = Arc::new(Cache::default());
        let page = route("a");
        block_on(async {
            let clients = (0..10).map(|_| cache.get(&page, "1", draw));
            for answer in futures_util::future::join_all(clients).await {
                assert_eq!(answer.unwrap(), "page");
            }
            assert_eq!(DRAWN.load(Ordering::SeqCst), 1);
            cache.get(&page, "2", draw).await.unwrap();
            assert_eq!(DRAWN.load(Ordering::SeqCst), 2);
        });
        assert!(cache.find(&page, "1").is_none());
    }

    #[test]
    fn a_client_that_goes_away_does_not_stop_the_drawing() {
        let cache = Arc::new(Cache::default());
        let page = route("a");
        block_on(async {
            // Asked once, so that the work begins, and then dropped.
            let impatient = cache.get(&page, "1", || {
                std::thread::sleep(std::time::Duration::from_millis(50));
                Ok(b"page".to_vec())
            });
            assert_eq!(impatient.now_or_never(), None);
            let answer = cache.get(&page, "1", || Err(Refusal::Missing)).await;
            assert_eq!(answer.unwrap(), "page");
        });
    }

    #[test]
    fn refusals_and_panics_are_answers_and_are_not_kept() {
        let cache = Arc::new(Cache::default());
        let page = route("a");
        block_on(async {
            let missing = cache.get(&page, "1", || Err(Refusal::Missing)).await;
            assert_eq!(missing, Err(Refusal::Missing));
            let broken = cache.get(&page, "1", || panic!("on purpose")).await;
            assert!(matches!(broken, Err(Refusal::Failed(_))));
            let answer = cache.get(&page, "1", || Ok(vec![1])).await;
            assert_eq!(answer.unwrap(), vec![1]);
        });
    }

    #[test]
    fn the_oldest_goes_first() {
        let cache = Cache::default();
        for (name, bytes) in [
            ("a", CAPACITY / 2),
            ("b", CAPACITY / 2),
            ("c", 1),
            ("d", 2 * CAPACITY),
        ] {
            cache.keep(Answer {
                route: route(name),
                version: String::new(),
                content: vec![0; bytes].into(),
            });
            assert!(cache.find(&route(name), "").is_some(), "{name}");
            assert_eq!(
                cache.find(&route("a"), "").is_some(),
                ["a", "b"].contains(&name)
            );
        }
        assert!(cache.find(&route("c"), "").is_none());
    }
}
