//! Looking at runs again and again, and telling those who want to know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;

use super::observe::Observed;
use super::route::Subject;

/// How often runs are looked at. A look is a few file times, and a run writes its status every two
/// seconds.
const INTERVAL: Duration = Duration::from_secs(1);

/// How something is looked at; `None` where it is no more.
pub(crate) type Look = dyn Fn(&Subject) -> Option<Observed> + Send + Sync;

/// Who wants to know of what.
pub(crate) struct Watch {
    look: Arc<Look>,
    /// `None` after the end.
    subjects: Mutex<Option<HashMap<Subject, watch::Sender<Observed>>>>,
}

impl Watch {
    /// With nobody who wants to know.
    pub(crate) fn new(look: Arc<Look>) -> Self {
        Self {
            look,
            subjects: Mutex::new(Some(HashMap::new())),
        }
    }

    /// What there is to see of `subject` now; `None` where it is no more.
    pub(crate) async fn look(&self, subject: Subject) -> Option<Observed> {
        let look = Arc::clone(&self.look);
        tokio::task::spawn_blocking(move || look(&subject))
            .await
            .ok()?
    }

    /// What there is to see of `subject`, now and whenever it changes, until it is no more.
    pub(crate) async fn changes(
        &self,
        subject: Subject,
    ) -> Option<impl Stream<Item = Observed> + use<>> {
        let now = self.look(subject.clone()).await?;
        let receiver = match self.subjects().as_mut() {
            Some(subjects) => {
                let sender = subjects
                    .entry(subject)
                    .or_insert_with(|| watch::Sender::new(now.clone()));
                tell(sender, now);
                sender.subscribe()
            }
            None => return None,
        };
        Some(unfold(
            (receiver, true),
            |(mut receiver, first)| async move {
                if !first {
                    receiver.changed().await.ok()?;
                }
                let observed = receiver.borrow_and_update().clone();
                Some((observed, (receiver, false)))
            },
        ))
    }

    /// Looks at everything that somebody wants to know of, for ever.
    pub(crate) async fn keep_looking(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.look_at_all().await;
        }
    }

    async fn look_at_all(&self) {
        let wanted: Vec<Subject> = match self.subjects().as_mut() {
            Some(subjects) => {
                subjects.retain(|_, sender| !sender.is_closed());
                subjects.keys().cloned().collect()
            }
            None => return,
        };
        for subject in wanted {
            let observed = self.look(subject.clone()).await;
            if let Some(subjects) = self.subjects().as_mut() {
                match observed {
                    Some(observed) => {
                        if let Some(sender) = subjects.get(&subject) {
                            tell(sender, observed);
                        }
                    }
                    // Its streams end.
                    None => drop(subjects.remove(&subject)),
                }
            }
        }
    }

    /// Ends all streams; there will be no others.
    pub(crate) fn close(&self) {
        self.subjects().take();
    }

    fn subjects(&self) -> MutexGuard<'_, Option<HashMap<Subject, watch::Sender<Observed>>>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(sender: &watch::Sender<Observed>, observed: Observed) {
    sender.send_if_modified(|last| {
        let new = *last != observed;
        *last = observed;
        new
    });
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::{FutureExt, StreamExt};

    use super::*;

    #[test]
    fn changes_are_told_once_and_streams_end() {
        let state = Arc::new(Mutex::new(Some(1)));
        let seen = Arc::clone(&state);
        let watch = Watch::new(Arc::new(move |_: &Subject| {
            seen.lock().unwrap().map(|version: u32| Observed {
                version: version.to_string(),
                status: String::new(),
            })
        }));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let mut changes = pin!(watch.changes(Subject::List).await.unwrap());
            let gone = watch.changes(Subject::List).await.unwrap();
            drop(gone);
            assert_eq!(changes.next().await.unwrap().version, "1");
            watch.look_at_all().await;
            assert!(changes.next().now_or_never().is_none());
            *state.lock().unwrap() = Some(2);
            watch.look_at_all().await;
            assert_eq!(changes.next().await.unwrap().version, "2");
            // One who comes later begins with what is there.
            let mut late = pin!(watch.changes(Subject::List).await.unwrap());
            assert_eq!(late.next().await.unwrap().version, "2");
            assert!(changes.next().now_or_never().is_none());
            *state.lock().unwrap() = None;
            watch.look_at_all().await;
            assert_eq!(changes.next().await, None);
            assert!(watch.changes(Subject::List).await.is_none());

            *state.lock().unwrap() = Some(3);
            let mut last = pin!(watch.changes(Subject::List).await.unwrap());
            assert_eq!(last.next().await.unwrap().version, "3");
            watch.close();
            assert_eq!(last.next().await, None);
            assert!(watch.changes(Subject::List).await.is_none());
        });
    }

    #[test]
    fn nobody_is_told_of_what_nobody_wants_to_know() {
        let looks = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&looks);
        let watch = Watch::new(Arc::new(move |_: &Subject| {
            *counted.lock().unwrap() += 1;
            Some(Observed {
                version: String::new(),
                status: String::new(),
            })
        }));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            watch.look_at_all().await;
            assert_eq!(*looks.lock().unwrap(), 0);
            let changes = watch.changes(Subject::List).await.unwrap();
            watch.look_at_all().await;
            assert_eq!(*looks.lock().unwrap(), 2);
            drop(changes);
            watch.look_at_all().await;
            assert_eq!(*looks.lock().unwrap(), 2);
        });
    }
}
