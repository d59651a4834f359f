//! Ordering scans and cancelling them: a job and its tasks in one transaction. An image that is being scanned, or waits
//! for it, is not queued twice: the job joins the task that is open.

use std::collections::{BTreeMap, HashMap, HashSet};

use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_job::{JobStatus, Trigger};
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Categories, EventType, Timestamp, image, scan_job, scan_job_item, scan_task};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use super::persist::close_cancelled;
use super::worker::{KIND, MAX_ATTEMPTS};
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

/// Orders a scan in the caller's transaction and gives the job's id. Whether `requester` may is asked by the caller.
///
/// # Errors
/// When an image does not exist or is not authorized, when there is none, or the database refuses.
pub async fn start_scan(
    tx: &DatabaseTransaction,
    requester: &Requester,
    scope: &Scope,
    trigger: Trigger,
    now: Timestamp,
) -> Result<i64, OrderError> {
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
        categories: Set(Categories::ALL),
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

    let mut joined_running = false;
    for batch in images.chunks(BATCH) {
        let open = open_tasks(tx, batch).await?;
        joined_running |= open.values().any(|task| task.status == TaskStatus::Running);
        let new: Vec<i64> = batch.iter().copied().filter(|id| !open.contains_key(id)).collect();
        if !new.is_empty() {
            let rows = new.iter().map(|&image_id| scan_task::ActiveModel {
                image_id: Set(image_id),
                categories: Set(Categories::ALL),
                status: Set(TaskStatus::Queued),
                progress: Set(0),
                error: Set(String::new()),
                created_at: Set(now),
                started_at: Set(Timestamp::ZERO),
                finished_at: Set(Timestamp::ZERO),
                ..Default::default()
            });
            scan_task::Entity::insert_many(rows).exec(tx).await?;
            image::Entity::update_many()
                .set(image::ActiveModel { scan_status: Set(ScanStatus::Queued), ..Default::default() })
                .filter(image::Column::Id.is_in(new.iter().copied()))
                .exec(tx)
                .await?;
        }
        let tasks = open_tasks(tx, batch).await?;
        for image_id in &new {
            if let Some(task) = tasks.get(image_id) {
                queue::enqueue(tx, KIND, &task.id.to_string(), now, MAX_ATTEMPTS).await?;
            }
        }
        let items = tasks.values().map(|task| scan_job_item::ActiveModel {
            job_id: Set(job.id),
            image_id: Set(task.image_id),
            task_id: Set(task.id),
            joined_task_id: Set(None),
        });
        scan_job_item::Entity::insert_many(items).exec_without_returning(tx).await?;
    }
    let id = job.id;
    if joined_running {
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

async fn open_tasks(
    tx: &impl ConnectionTrait,
    images: &[i64],
) -> Result<BTreeMap<i64, scan_task::Model>, DbErr> {
    let rows = scan_task::Entity::find()
        .filter(scan_task::Column::ImageId.is_in(images.iter().copied()))
        .filter(scan_task::Column::Status.is_in([TaskStatus::Queued, TaskStatus::Running]))
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|task| (task.image_id, task)).collect())
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
    let job = scan_job::Entity::find_by_id(job_id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(OrderError::JobNotFound(job_id))?;
    if !matches!(job.status, JobStatus::Queued | JobStatus::Running) {
        return Err(OrderError::JobFinished(job_id));
    }
    let open: Vec<(i64, i64)> = scan_job_item::Entity::find()
        .select_only()
        .column(scan_job_item::Column::TaskId)
        .column(scan_job_item::Column::ImageId)
        .inner_join(scan_task::Entity)
        .filter(scan_job_item::Column::JobId.eq(job_id))
        .filter(scan_task::Column::Status.is_in([TaskStatus::Queued, TaskStatus::Running]))
        .order_by_asc(scan_job_item::Column::TaskId)
        .into_tuple()
        .all(tx)
        .await?;
    let open: HashMap<i64, i64> = open.into_iter().collect();
    let mut tasks: Vec<i64> = open.keys().copied().collect();
    tasks.sort_unstable();
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

async fn wanted_elsewhere(
    tx: &impl ConnectionTrait,
    job_id: i64,
    tasks: &[i64],
) -> Result<HashSet<i64>, DbErr> {
    let wanted: Vec<i64> = scan_job_item::Entity::find()
        .select_only()
        .column(scan_job_item::Column::TaskId)
        .inner_join(scan_job::Entity)
        .filter(scan_job_item::Column::TaskId.is_in(tasks.iter().copied()))
        .filter(scan_job_item::Column::JobId.ne(job_id))
        .filter(scan_job::Column::Status.is_in([JobStatus::Queued, JobStatus::Running]))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(wanted.into_iter().collect())
}
