//! Works on scan tasks: finds who has the image, analyses what is not known of it, stores the results.

use std::collections::BTreeSet;
use std::time::Duration;

use lazaret_entities::host::{HostKind, HostState};
use lazaret_entities::queue::QueueState;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Category, host, image, image_ref, scan_task};
use lazaret_scanner::Limits;
use lazaret_scanner::archive::{ArchiveImage, Platforms};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;

use super::analyse::{AnalyseError, ImageSource, inspect, read};
use super::engines::{Engines, Prepared};
use super::layers::Packed;
use super::persist::{self, Merged, PersistError, merge_layers};
use super::reading::{BytesRead, Reading};
use super::{categories, counts, layers};
use crate::advisories::{self, AdvisoryError, Feed, ProgressSink};
use crate::queue::{self, Abandoned, Ended, Failure, Handler, Lease, QueueError, Retried, Stop, Task};
use crate::store::{BoxFuture, Store, StoreError};

/// The queue's kind of scan tasks; the key is the task's id.
pub const KIND: &str = "scan";
/// How often a task is tried: an image that kills its worker must not loop for ever.
pub const MAX_ATTEMPTS: i32 = 3;
/// Wait before the second try; the third waits twice as long.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// How often a running task's progress is stored.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

/// What a worker needs.
#[derive(Clone)]
pub struct ScanContext {
    /// Tasks, analyses, results.
    pub store: Store,
    /// Bounds on what is read.
    pub limits: Limits,
    /// What looks into files.
    pub engines: Engines,
    /// Where advisories are fetched from when an ecosystem has none yet.
    pub feed: Feed,
    /// Told of fetching advisories.
    pub fetching: ProgressSink,
}

/// Why a try at a task ended without results.
#[derive(Debug, thiserror::Error)]
enum TaskError {
    #[error("no host that answers has the image any more; start the host's engine, or put the archive back")]
    NobodyHasIt,
    #[error(transparent)]
    Analyse(#[from] AnalyseError),
    #[error(transparent)]
    Persist(#[from] PersistError),
    #[error(transparent)]
    Advisories(#[from] AdvisoryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the store failed during the scan: {0}")]
    Database(#[from] DbErr),
}

impl TaskError {
    fn is_transient(&self) -> bool {
        match self {
            Self::NobodyHasIt | Self::Persist(PersistError::MissingLayer(_)) => false,
            Self::Analyse(error) => error.is_transient(),
            Self::Persist(_) | Self::Advisories(_) | Self::Store(_) | Self::Queue(_) | Self::Database(_) => {
                true
            }
        }
    }
}

/// The queue's handler of scan tasks.
#[derive(Clone)]
pub struct ScanWorker {
    context: ScanContext,
}

impl Handler for ScanWorker {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, task: Task) -> BoxFuture<'_, Result<Ended, Failure>> {
        let worker = self.clone();
        Box::pin(async move { worker.work(task).await.map_err(Failure::from) })
    }

    fn abandoned<'t>(
        &'t self,
        tx: &'t DatabaseTransaction,
        key: &'t str,
        why: &'t Abandoned,
    ) -> BoxFuture<'t, Result<(), QueueError>> {
        Box::pin(async move {
            let Some(task) = open_task(tx, key).await? else { return Ok(()) };
            let now = self.context.store.clock().now();
            let stored = match why {
                Abandoned::Cancelled => persist::cancel(tx, &task, now).await,
                Abandoned::Failed(reason) => persist::fail(tx, &task, reason, now).await,
            };
            stored.map_err(|error| match error {
                PersistError::Database(error) => error.into(),
                error => DbErr::Custom(error.to_string()).into(),
            })
        })
    }
}

impl ScanWorker {
    /// A worker with what it needs.
    pub fn new(context: ScanContext) -> Self {
        Self { context }
    }

    async fn work(self, mut running: Task) -> Result<Ended, TaskError> {
        let store = &self.context.store;
        let lease = running.lease.clone();
        let tx = store.begin_write().await?;
        let Some(task) = open_task(&tx, &lease.key).await? else {
            // Cancelled, or finished by the worker whose lease this one took over.
            queue::finish(&tx, &lease).await?;
            tx.commit().await?;
            return Ok(Ended::Finished);
        };
        let task = persist::begin(&tx, &task, store.clock().now()).await?;
        tx.commit().await?;

        let cancelled = CancellationToken::new();
        let found = {
            let mut work = Box::pin(self.clone().analyse(task.clone(), lease.clone(), cancelled.clone()));
            tokio::select! {
                found = &mut work => found,
                _ = running.stop() => {
                    // The thread that reads is told, and its end waited for: no read outlives its task.
                    cancelled.cancel();
                    work.await
                }
            }
        };
        match (running.stopped(), found) {
            (_, Ok(found)) => {
                let tx = store.begin_write().await?;
                queue::finish(&tx, &lease).await?;
                persist::complete(&tx, &task, &found.merged, &found.packed, store.clock().now()).await?;
                tx.commit().await?;
                Ok(Ended::Finished)
            }
            (Some(Stop::ShuttingDown), Err(_)) => {
                let tx = store.begin_write().await?;
                queue::give_back(&tx, &lease).await?;
                persist::wait_again(&tx, &task, "").await?;
                tx.commit().await?;
                Ok(Ended::Finished)
            }
            (Some(Stop::Cancelled | Stop::Lost), Err(error)) => Err(error),
            (None, Err(error)) => self.failed(&task, &lease, &error).await,
        }
    }

    /// Stores that a try failed: for good, or to be tried again.
    async fn failed(
        &self,
        task: &scan_task::Model,
        lease: &Lease,
        error: &TaskError,
    ) -> Result<Ended, TaskError> {
        let store = &self.context.store;
        let now = store.clock().now();
        let reason = error.to_string();
        let tx = store.begin_write().await?;
        if error.is_transient() {
            let pause = RETRY_AFTER * u32::try_from(lease.attempt).unwrap_or(1).clamp(1, 10);
            match queue::retry(&tx, lease, &reason, now.plus(pause)).await? {
                Retried::Queued => persist::wait_again(&tx, task, &reason).await?,
                Retried::Cancelled => persist::cancel(&tx, task, now).await?,
                Retried::GaveUp => persist::fail(&tx, task, &reason, now).await?,
            }
        } else {
            queue::finish(&tx, lease).await?;
            persist::fail(&tx, task, &reason, now).await?;
        }
        tx.commit().await?;
        tracing::warn!(task = task.id, image = task.image_id, attempt = lease.attempt, %error, "scan failed");
        Ok(Ended::Finished)
    }

    /// The half that reads: from the first host that has the image and gives it.
    async fn analyse(
        self,
        task: scan_task::Model,
        lease: Lease,
        cancelled: CancellationToken,
    ) -> Result<Found, TaskError> {
        let sources = sources(&self.context.store, task.image_id).await?;
        let mut last = TaskError::NobodyHasIt;
        for from in sources {
            match self.analyse_at(&from, &task, &lease, &cancelled).await {
                Ok(found) => return Ok(found),
                Err(error) if cancelled.is_cancelled() => return Err(error),
                Err(error) => {
                    tracing::info!(task = task.id, source = ?from.source, %error, "this host did not give the image");
                    last = error;
                }
            }
        }
        Err(last)
    }

    async fn analyse_at(
        &self,
        from: &Place,
        task: &scan_task::Model,
        lease: &Lease,
        cancelled: &CancellationToken,
    ) -> Result<Found, TaskError> {
        let context = &self.context;
        let images = inspect(&from.source, &context.limits, &Platforms::All).await?;
        let image = from.pick(images)?;
        let prepared = self.prepare(task).await?;
        let fingerprints = prepared.fingerprints();
        let diff_ids = &image.config.diff_ids;
        let mut analyses = layers::load(context.store.read(), diff_ids, &fingerprints).await?;
        let reading = Reading::of_missing(&context.limits, &Platforms::All, &prepared, &analyses, cancelled);
        let mut packed = Vec::new();
        let mut clamd_failure = None;
        let image = if reading.is_needed(diff_ids) {
            let (size, bytes) = (image.size, reading.bytes.clone());
            let reading = read(&from.source, reading);
            let was_read = with_progress(&context.store, lease, task, &bytes, size, reading).await?;
            let contents = was_read.contents;
            clamd_failure = was_read.clamd_failure;
            packed = layers::pack(&contents.layers, &fingerprints).map_err(PersistError::from)?;
            layers::join(&mut analyses, contents.layers);
            from.pick(contents.images)?
        } else {
            image
        };
        let merged = merge_layers(image, &analyses, &prepared, clamd_failure.as_deref())?;
        drop(analyses);
        let ecosystems: BTreeSet<&String> =
            merged.analysis.packages.iter().map(|package| &package.ecosystem).collect();
        let ecosystems: Vec<String> = ecosystems.into_iter().cloned().collect();
        let fetches =
            advisories::ensure(&context.store, &context.feed, &ecosystems, &context.fetching).await?;
        counts::settle(&context.store, &fetches.loaded).await?;
        Ok(Found { merged, packed })
    }

    /// What looks into files for what the task is about.
    async fn prepare(&self, task: &scan_task::Model) -> Result<Prepared, TaskError> {
        let engines = self.context.engines.clone();
        let wanted = |category| task.categories.contains(category);
        let (secrets, malware) = (wanted(Category::Secret), wanted(Category::Malware));
        let prepared = tokio::task::spawn_blocking(move || engines.prepare(secrets, malware)).await;
        prepared.map_err(|error| AnalyseError::Internal(error.to_string()).into())
    }
}

/// What the reading half hands to the storing half.
struct Found {
    merged: Merged,
    packed: Vec<Packed>,
}

/// Where an image can be had.
struct Place {
    source: ImageSource,
    /// The digest that an archive of several images is searched for.
    digest: String,
}

impl Place {
    /// The wanted image. An engine gives only one, maybe under another digest than it is known by.
    fn pick(&self, images: Vec<ArchiveImage>) -> Result<ArchiveImage, TaskError> {
        let one = matches!(self.source, ImageSource::Engine { .. });
        images
            .into_iter()
            .find(|image| one || image.id.to_string() == self.digest)
            .ok_or(TaskError::NobodyHasIt)
    }
}

/// The hosts that have the image, those that answer first; archives before engines, for reading them costs less.
async fn sources(store: &Store, image_id: i64) -> Result<Vec<Place>, DbErr> {
    let Some(row) = image::Entity::find_by_id(image_id).one(store.read()).await? else {
        return Ok(Vec::new());
    };
    let mut found: Vec<(image_ref::Model, host::Model)> = image_ref::Entity::find()
        .find_also_related(host::Entity)
        .filter(image_ref::Column::ImageId.eq(image_id))
        .filter(image_ref::Column::GoneAt.is_null())
        .order_by_asc(image_ref::Column::Id)
        .all(store.read())
        .await?
        .into_iter()
        .filter_map(|(reference, host)| Some((reference, host?)))
        .collect();
    found.sort_by_key(|(_, host)| (host.state != HostState::Online, host.kind != HostKind::Archives));
    let places = found.into_iter().map(|(reference, host)| Place {
        source: match host.kind {
            HostKind::Engine => ImageSource::Engine { endpoint: host.endpoint, image: reference.engine_id },
            HostKind::Archives => ImageSource::Archive(reference.location.into()),
        },
        digest: row.digest.clone(),
    });
    Ok(places.collect())
}

/// The task of a queue row, unless it has ended already.
async fn open_task(tx: &DatabaseTransaction, key: &str) -> Result<Option<scan_task::Model>, DbErr> {
    let Ok(id) = key.parse::<i64>() else { return Ok(None) };
    scan_task::Entity::find_by_id(id)
        .filter(scan_task::Column::Status.is_in([TaskStatus::Queued, TaskStatus::Running]))
        .one(tx)
        .await
}

/// Waits for `reading` and stores from time to time how far it is.
async fn with_progress<T>(
    store: &Store,
    lease: &Lease,
    task: &scan_task::Model,
    bytes: &BytesRead,
    size: u64,
    reading: impl Future<Output = Result<T, AnalyseError>>,
) -> Result<T, TaskError> {
    tokio::pin!(reading);
    let mut shown = 0;
    loop {
        tokio::select! {
            read = &mut reading => return Ok(read?),
            () = tokio::time::sleep(PROGRESS_EVERY) => {}
        }
        let percent = bytes.get().saturating_mul(100).checked_div(size).unwrap_or(0).min(99);
        let percent = i32::try_from(percent).unwrap_or(99);
        if percent > shown {
            shown = percent;
            let stored = store_progress(store, lease, task, percent).await;
            if let Err(error) = stored {
                tracing::debug!(task = task.id, %error, "progress not stored");
            }
        }
    }
}

/// Only who holds the lease may write. A store that is busy does not end the reading.
async fn store_progress(
    store: &Store,
    lease: &Lease,
    task: &scan_task::Model,
    percent: i32,
) -> Result<(), StoreError> {
    let tx = store.begin_write().await?;
    let held = lazaret_entities::queue::Entity::find_by_id(lease.id)
        .filter(lazaret_entities::queue::Column::State.eq(QueueState::Running))
        .filter(lazaret_entities::queue::Column::LeaseToken.eq(lease.token))
        .one(&*tx)
        .await?;
    if held.is_some() {
        // All that is looked for is looked for in the same reading.
        let percent = task.categories.iter().map(|category| (category, percent)).collect();
        categories::progress(&*tx, task.id, &percent).await?;
    }
    tx.commit().await
}
