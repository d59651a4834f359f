//! Ordering scans and cancelling them: a job and its tasks in one transaction. An image that is being scanned, or waits
//! for it, is not queued twice: the job joins the task that is open, which looks for more when it has not begun. What a
//! running task does not look for is queued behind it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lazaret_entities::scan_job::{JobStatus, Trigger};
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Categories, EventType, Timestamp, image, scan_job, scan_job_item, scan_task};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use super::join;
use super::persist::{PersistError, close_cancelled};
use super::worker::KIND;
use crate::auth::Requester;
use crate::events;
use crate::queue::{self, Cancelled, QueueError};
use crate::store::StoreError;

/// Rows of one statement: far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// Which images an order concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All that are authorized and present on a host.
    All,
    /// These; each must be authorized.
    Selected(Vec<i64>),
}

/// Why an order was not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Some images are not there.
    #[error("{} of the images do not exist; list them with the query `images`", .0.len())]
    ImagesNotFound(Vec<i64>),
    /// Some images are not authorized; named by id and name.
    #[error("not authorized to be scanned: {}; authorize them with `authorizeImages` first", names(.0))]
    NotAuthorized(Vec<(i64, String)>),
    /// No image is concerned.
    #[error(
        "there is nothing to scan: no image that a host has is authorized; authorize images with `authorizeImages`"
    )]
    NothingToScan,
    /// No category is wanted.
    #[error("there is nothing to scan for: name at least one of VULNERABILITY, SECRET and MALWARE")]
    NoCategory,
    /// No such job.
    #[error("there is no such scan job; list them with the query `scanJobs`")]
    JobNotFound(i64),
    /// The job has ended.
    #[error("the scan job has ended already and cannot be cancelled")]
    JobFinished(i64),
    /// The database refused.
    #[error("the order could not be stored: {0}")]
    Database(#[from] DbErr),
    /// The queue refused.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A cancelled task could not be closed.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// The transaction failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn names(images: &[(i64, String)]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = images.iter().take(SHOWN).map(|(_, name)| name.as_str()).collect();
    match images.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// Orders a scan for these categories in the caller's transaction and gives the job's id. What is not ordered keeps what
/// an earlier scan found. Whether `requester` may is asked by the caller.
///
/// # Errors
/// When an image does not exist or is not authorized, when there is none, no category is wanted, or the database refuses.
pub async fn start_scan(
    tx: &DatabaseTransaction,
    requester: &Requester,
    scope: &Scope,
    categories: Categories,
    trigger: Trigger,
    now: Timestamp,
) -> Result<i64, OrderError> {
    if categories.is_empty() {
        return Err(OrderError::NoCategory);
    }
    let images = concerned(tx, scope).await?;
    if images.is_empty() {
        return Err(OrderError::NothingToScan);
    }
    let job = scan_job::ActiveModel {
        trigger: Set(trigger),
        scope: Set(match scope {
            Scope::All => scan_job::Scope::All,
            Scope::Selected(_) => scan_job::Scope::Selected,
        }),
        categories: Set(categories),
        status: Set(JobStatus::Queued),
        total: Set(i32::try_from(images.len()).unwrap_or(i32::MAX)),
        done: Set(0),
        failed: Set(0),
        cancelled: Set(0),
        created_at: Set(now),
        started_at: Set(Timestamp::ZERO),
        finished_at: Set(Timestamp::ZERO),
        requested_by: Set(requester.name().to_owned()),
        ..Default::default()
    }
    .insert(tx)
    .await?;

    let mut running = false;
    for batch in images.chunks(BATCH) {
        let served = join::serve(tx, batch, categories, now).await?;
        running |= served.values().any(|serving| serving.running);
        let items = served.iter().map(|(image_id, serving)| scan_job_item::ActiveModel {
            job_id: Set(job.id),
            image_id: Set(*image_id),
            task_id: Set(serving.task),
            joined_task_id: Set(serving.joined),
        });
        scan_job_item::Entity::insert_many(items).exec_without_returning(tx).await?;
    }
    let id = job.id;
    if running {
        let mut job = job.into_active_model();
        job.status = Set(JobStatus::Running);
        job.started_at = Set(now);
        job.update(tx).await?;
    }
    Ok(id)
}

/// The images of `scope`, locked, in the order of their ids.
async fn concerned(tx: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<i64>, OrderError> {
    let Scope::Selected(wanted) = scope else {
        let present = image::Entity::find()
            .select_only()
            .column(image::Column::Id)
            .filter(image::Column::Authorized.eq(true))
            .filter(image::Column::GoneAt.is_null())
            .order_by_asc(image::Column::Id)
            .lock_exclusive();
        return Ok(present.into_tuple().all(tx).await?);
    };
    let mut missing: HashSet<i64> = wanted.iter().copied().collect();
    let mut unique: Vec<i64> = missing.iter().copied().collect();
    unique.sort_unstable();
    let mut unauthorized = Vec::new();
    for batch in unique.chunks(BATCH) {
        let rows: Vec<(i64, String, bool)> = image::Entity::find()
            .select_only()
            .columns([image::Column::Id, image::Column::Name, image::Column::Authorized])
            .filter(image::Column::Id.is_in(batch.iter().copied()))
            .order_by_asc(image::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .all(tx)
            .await?;
        for (id, name, authorized) in rows {
            missing.remove(&id);
            if !authorized {
                unauthorized.push((id, name));
            }
        }
    }
    if !missing.is_empty() {
        return Err(OrderError::ImagesNotFound(
            unique.into_iter().filter(|id| missing.contains(id)).collect(),
        ));
    }
    if !unauthorized.is_empty() {
        return Err(OrderError::NotAuthorized(unauthorized));
    }
    Ok(unique)
}

/// Cancels a job in the caller's transaction. Tasks that another open job wants go on; what runs is asked to stop and
/// stops within seconds. Results that are there stay.
///
/// # Errors
/// When there is no such job, it has ended, or the database refuses.
pub async fn cancel_scan(
    tx: &DatabaseTransaction,
    requester: &Requester,
    job_id: i64,
    now: Timestamp,
) -> Result<(), OrderError> {
    // Images before jobs, as everybody locks them.
    let open = open_tasks_of(tx, job_id).await?;
    lock_images(tx, open.values()).await?;
    let job = scan_job::Entity::find_by_id(job_id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(OrderError::JobNotFound(job_id))?;
    if !matches!(job.status, JobStatus::Queued | JobStatus::Running) {
        return Err(OrderError::JobFinished(job_id));
    }
    // What waits goes first: the end of what runs would give it its place in the queue.
    let open = open_tasks_of(tx, job_id).await?;
    let tasks: Vec<i64> = open.keys().rev().copied().collect();
    for batch in tasks.chunks(BATCH) {
        let wanted = wanted_elsewhere(tx, job_id, batch).await?;
        for task_id in batch.iter().filter(|id| !wanted.contains(*id)) {
            match queue::cancel(tx, KIND, &task_id.to_string()).await? {
                // The worker sees the request with its next heartbeat and closes the task itself.
                Cancelled::Requested => {}
                Cancelled::Removed | Cancelled::Nothing => {
                    close_cancelled(tx, *task_id, open[task_id], now).await?;
                }
            }
        }
    }
    let payload = json!({ "job": job_id, "by": requester.name(), "total": job.total, "done": job.done });
    let left = job.total - job.done - job.failed;
    let mut job = job.into_active_model();
    job.status = Set(JobStatus::Cancelled);
    job.cancelled = Set(left);
    job.finished_at = Set(now);
    job.update(tx).await?;
    events::record(tx, EventType::ScanCancelled, &format!("ScanJob:{job_id}"), &payload, now).await?;
    Ok(())
}

/// The open tasks that serve a job, each with its image.
async fn open_tasks_of(tx: &impl ConnectionTrait, job_id: i64) -> Result<BTreeMap<i64, i64>, DbErr> {
    let items: Vec<(i64, Option<i64>)> = scan_job_item::Entity::find()
        .select_only()
        .columns([scan_job_item::Column::TaskId, scan_job_item::Column::JoinedTaskId])
        .filter(scan_job_item::Column::JobId.eq(job_id))
        .into_tuple()
        .all(tx)
        .await?;
    let tasks: BTreeSet<i64> =
        items.into_iter().flat_map(|(task, joined)| [Some(task), joined]).flatten().collect();
    let tasks: Vec<i64> = tasks.into_iter().collect();
    let mut open = BTreeMap::new();
    for batch in tasks.chunks(BATCH) {
        let rows: Vec<(i64, i64)> = scan_task::Entity::find()
            .select_only()
            .columns([scan_task::Column::Id, scan_task::Column::ImageId])
            .filter(scan_task::Column::Id.is_in(batch.iter().copied()))
            .filter(scan_task::Column::Status.is_in([TaskStatus::Queued, TaskStatus::Running]))
            .into_tuple()
            .all(tx)
            .await?;
        open.extend(rows);
    }
    Ok(open)
}

/// Keeps these images from being ordered or scanned to the end until the transaction ends.
async fn lock_images(tx: &impl ConnectionTrait, images: impl Iterator<Item = &i64>) -> Result<(), DbErr> {
    let images: BTreeSet<i64> = images.copied().collect();
    let images: Vec<i64> = images.into_iter().collect();
    for batch in images.chunks(BATCH) {
        let locked = image::Entity::find()
            .select_only()
            .column(image::Column::Id)
            .filter(image::Column::Id.is_in(batch.iter().copied()))
            .order_by_asc(image::Column::Id)
            .lock_exclusive();
        locked.into_tuple::<i64>().all(tx).await?;
    }
    Ok(())
}

/// Which of `tasks` another open job wants.
async fn wanted_elsewhere(
    tx: &impl ConnectionTrait,
    job_id: i64,
    tasks: &[i64],
) -> Result<HashSet<i64>, DbErr> {
    use scan_job_item::Column as C;
    let serves = Condition::any()
        .add(C::TaskId.is_in(tasks.iter().copied()))
        .add(C::JoinedTaskId.is_in(tasks.iter().copied()));
    let wanted: Vec<(i64, Option<i64>)> = scan_job_item::Entity::find()
        .select_only()
        .columns([C::TaskId, C::JoinedTaskId])
        .inner_join(scan_job::Entity)
        .filter(serves)
        .filter(C::JobId.ne(job_id))
        .filter(scan_job::Column::Status.is_in([JobStatus::Queued, JobStatus::Running]))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(wanted.into_iter().flat_map(|(task, joined)| [Some(task), joined]).flatten().collect())
}
