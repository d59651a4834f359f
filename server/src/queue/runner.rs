//! The loop that works on one kind: claims, runs, renews, reaps, and stops without losing anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::settle::settle;
use super::{Lease, QueueError, claim, heartbeat, next_due, reap};
use crate::store::{BoxFuture, Store};

/// Commits come in flocks: the loop looks once for all that come within this time.
const COALESCE: Duration = Duration::from_millis(5);
/// The longest pause after database errors.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Why a handler fails; its text is stored as the reason.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What to do with the work of one kind.
pub trait Handler: Send + Sync + 'static {
    /// The kind, as it was enqueued.
    fn kind(&self) -> &'static str;

    /// Does the work. It calls [`super::finish`] itself, in the transaction that stores the result, and looks at
    /// [`Task::stopped`] now and then.
    ///
    /// # Errors
    /// Any error makes the work be tried again, until its attempts are over.
    fn run(&self, task: Task) -> BoxFuture<'_, Result<Ended, Failure>>;

    /// Hears that work ended without a result; stores that in `tx`.
    ///
    /// # Errors
    /// Then the end is not stored either, and comes again.
    fn abandoned<'t>(
        &'t self,
        tx: &'t DatabaseTransaction,
        key: &'t str,
        why: &'t Abandoned,
    ) -> BoxFuture<'t, Result<(), QueueError>>;
}

/// How a handler that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It has called [`super::finish`] (or [`super::retry`]) and committed.
    Finished,
    /// It stopped before it was done and stored nothing: the work goes back.
    GiveBack,
}

/// Why work ended without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Abandoned {
    /// The last attempt failed for this reason.
    Failed(String),
    /// It was cancelled.
    Cancelled,
}

/// Why a handler should stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody cancelled it: return any error.
    Cancelled,
    /// Another worker has it, or may: nothing can be stored.
    Lost,
    /// The program ends: return [`Ended::GiveBack`], or finish if that is near.
    ShuttingDown,
}

/// Work in hand.
#[derive(Debug, Clone)]
pub struct Task {
    /// The claim, for [`super::finish`].
    pub lease: Lease,
    stop: watch::Receiver<Option<Stop>>,
}

impl Task {
    /// Why to stop, when there is a reason.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// Waits for a reason to stop.
    pub async fn stop(&mut self) -> Stop {
        match self.stop.wait_for(Option::is_some).await {
            Ok(reason) => reason.unwrap_or(Stop::ShuttingDown),
            // The runner is gone, and with it the heartbeat.
            Err(_) => Stop::Lost,
        }
    }
}

/// How a runner works.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// How many at the same time.
    pub slots: usize,
    /// How long a claim lasts without a heartbeat.
    pub lease: Duration,
    /// Time between heartbeats; a few must fit into a lease.
    pub heartbeat: Duration,
    /// Time between looks at the queue when nothing wakes.
    pub poll: Duration,
    /// Time between passes of the reaper.
    pub reap: Duration,
    /// Pause before the second attempt; four times as long before each later one.
    pub retry: Duration,
    /// How long handlers may take to stop when the program ends.
    pub grace: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            slots: 1,
            lease: Duration::from_mins(1),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_secs(2),
            reap: Duration::from_secs(15),
            retry: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// Works on one kind until it is stopped.
pub struct Runner<H> {
    store: Store,
    handler: Arc<H>,
    options: RunnerOptions,
    held: Held,
    freed: Arc<Notify>,
}

type Held = Arc<Mutex<HashMap<i64, Holding>>>;

struct Holding {
    lease: Lease,
    stop: watch::Sender<Option<Stop>>,
    renewed: Instant,
}

impl<H: Handler> Runner<H> {
    /// A runner of `handler`'s kind.
    pub fn new(store: Store, handler: H, options: RunnerOptions) -> Self {
        Self { store, handler: Arc::new(handler), options, held: Held::default(), freed: Arc::default() }
    }

    /// Works until `stop`; then asks the handlers to stop, waits for them for the time of grace, and gives back what
    /// is not done. No database error ends it.
    pub async fn run(self, stop: CancellationToken) {
        let mut work = JoinSet::new();
        let mut keepers = JoinSet::new();
        keepers.spawn(keep_alive(self.store.clone(), Arc::clone(&self.held), self.options.clone()));
        keepers.spawn(keep_clean(self.store.clone(), Arc::clone(&self.handler), self.options.reap));
        let mut failures = 0;
        loop {
            // Made before the look, so that a commit between the look and the wait is not missed.
            let hint = self.store.committed();
            let pause = match self.look(&mut work).await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error) => {
                    let pause = (Duration::from_millis(250) * 2_u32.pow(failures)).min(MAX_PAUSE);
                    failures = (failures + 1).min(8);
                    tracing::warn!(kind = self.handler.kind(), %error, "cannot look at the queue; trying again");
                    pause
                }
            };
            tokio::select! {
                () = hint => sleep(COALESCE).await,
                () = self.freed.notified() => {}
                () = sleep(pause) => {}
                () = stop.cancelled() => break,
            }
            while work.try_join_next().is_some() {}
        }
        self.wind_up(&mut work).await;
        keepers.shutdown().await;
    }

    /// Fills the free slots; says when to look again.
    async fn look(&self, work: &mut JoinSet<()>) -> Result<Duration, QueueError> {
        let free = self.options.slots.saturating_sub(lock(&self.held).len());
        if free == 0 {
            return Ok(self.options.poll);
        }
        match next_due(&self.store, self.handler.kind()).await? {
            None => return Ok(self.options.poll),
            Some(wait) if !wait.is_zero() => return Ok(wait.min(self.options.poll)),
            Some(_) => {}
        }
        let leases = claim(&self.store, self.handler.kind(), free, self.options.lease).await?;
        // Others may have been faster: then the next look is not at once.
        let pause = if leases.is_empty() {
            Duration::from_millis(100).min(self.options.poll)
        } else {
            Duration::ZERO
        };
        for lease in leases {
            self.start(lease, work);
        }
        Ok(pause)
    }

    fn start(&self, lease: Lease, work: &mut JoinSet<()>) {
        let (sender, stop) = watch::channel(lease.cancel_requested.then_some(Stop::Cancelled));
        let holding = Holding { lease: lease.clone(), stop: sender, renewed: Instant::now() };
        lock(&self.held).insert(lease.id, holding);
        let (store, handler, held) = (self.store.clone(), Arc::clone(&self.handler), Arc::clone(&self.held));
        let (freed, pause) = (Arc::clone(&self.freed), self.options.retry);
        work.spawn(async move {
            let task = Task { lease: lease.clone(), stop: stop.clone() };
            // In a task of its own, so that a panic ends the attempt and nothing else.
            let attempt = {
                let handler = Arc::clone(&handler);
                let mut own = JoinSet::new();
                own.spawn(async move { handler.run(task).await });
                own.join_next().await
            };
            let ended = match attempt {
                Some(Ok(ended)) => ended,
                Some(Err(panic)) => Err(format!("the program failed: {panic}").into()),
                None => Ok(Ended::GiveBack),
            };
            let reason = *stop.borrow();
            settle(&store, &*handler, &lease, reason, ended, pause).await;
            lock(&held).remove(&lease.id);
            freed.notify_one();
        });
    }

    async fn wind_up(&self, work: &mut JoinSet<()>) {
        for holding in lock(&self.held).values() {
            tell(&holding.stop, Stop::ShuttingDown);
        }
        let all = async { while work.join_next().await.is_some() {} };
        if timeout(self.options.grace, all).await.is_ok() {
            return;
        }
        work.shutdown().await;
        let rest: Vec<Lease> = lock(&self.held).drain().map(|(_, holding)| holding.lease).collect();
        for lease in rest {
            let ended = Ok(Ended::GiveBack);
            settle(&self.store, &*self.handler, &lease, Some(Stop::ShuttingDown), ended, self.options.retry)
                .await;
        }
    }
}

/// The heartbeats, on a timer of their own: no slow claim or handler delays them.
async fn keep_alive(store: Store, held: Held, options: RunnerOptions) {
    let mut ticks = interval(options.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asked = Instant::now();
        let pairs: Vec<(i64, i64)> =
            lock(&held).values().map(|holding| (holding.lease.id, holding.lease.token)).collect();
        let beat = heartbeat(&store, &pairs, options.lease).await;
        let mut held = lock(&held);
        match beat {
            Ok(beat) => {
                for (id, _) in &pairs {
                    let Some(holding) = held.get_mut(id) else { continue };
                    if beat.lost.contains(id) {
                        tell(&holding.stop, Stop::Lost);
                    } else {
                        holding.renewed = asked;
                        if beat.cancelled.contains(id) {
                            tell(&holding.stop, Stop::Cancelled);
                        }
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot renew the leases of the work in hand; trying again");
                for holding in held.values().filter(|holding| holding.renewed.elapsed() > options.lease) {
                    // Another worker may have begun the same: do not do it twice.
                    tell(&holding.stop, Stop::Lost);
                }
            }
        }
    }
}

async fn keep_clean<H: Handler>(store: Store, handler: Arc<H>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = reap(&store, &*handler).await {
            tracing::warn!(kind = handler.kind(), %error, "cannot take back the work of dead workers; trying again");
        }
    }
}

/// A lost lease stays lost, whatever else is said.
fn tell(stop: &watch::Sender<Option<Stop>>, reason: Stop) {
    stop.send_if_modified(|now| {
        let changes = *now != Some(reason) && *now != Some(Stop::Lost);
        if changes {
            *now = Some(reason);
        }
        changes
    });
}

fn lock(held: &Held) -> MutexGuard<'_, HashMap<i64, Holding>> {
    // Nothing that holds it can leave it half changed.
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
