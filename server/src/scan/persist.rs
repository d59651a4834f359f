//! The second half of a scan: values into the store, all in the caller's transaction. No engine and no archive here.

use std::collections::BTreeMap;

use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Categories, Category, EventType, Timestamp, image, image_category, scan_task};
use lazaret_scanner::Digest;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use serde_json::{Value, json};

use super::categories::{self, Outcome, describe};
use super::found::store_found;
use super::image_layers::store_layers;
use super::layers::{self, LayerStoreError, Packed};
use super::{counts, identity, jobs, join};
use crate::advisories::AdvisoryError;
use crate::events;
use crate::queue::QueueError;

pub use super::merged::{
    ClamdFound, LayerFact, MalwareFound, MalwareResults, Merged, SecretResults, merge_layers,
};

/// Why results could not be stored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// The database refused.
    #[error("the scan's results could not be stored: {0}")]
    Database(#[from] DbErr),
    /// A layer's analysis cannot be packed.
    #[error(transparent)]
    Layer(#[from] LayerStoreError),
    /// Matching failed.
    #[error(transparent)]
    Advisories(#[from] AdvisoryError),
    /// A task that waited cannot be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A layer of the image has neither a stored nor a new analysis.
    #[error("the archive of the image has no layer {0}, which its configuration names")]
    MissingLayer(Digest),
}

/// Stores a finished scan: analyses, layers, what was found for each category, counts, status, event and job totals. A
/// category that failed keeps what an earlier scan found for it, and the task fails with its reason.
///
/// # Errors
/// When the database refuses; the caller's transaction must then be rolled back.
pub async fn complete(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    merged: &Merged,
    packed: &[Packed],
    now: Timestamp,
) -> Result<(), PersistError> {
    layers::store(tx, packed, now).await?;
    let row = find_image(tx, task.image_id).await?;
    let row = identity::learn(tx, row, &merged.image.id.to_string(), now).await?;
    let id = row.id;
    store_layers(tx, id, &merged.layers, now).await?;

    let distro = merged.analysis.distro.as_ref();
    let mut row = row.into_active_model();
    row.distro = Set(distro.map(|distro| distro.name.clone()).unwrap_or_default());
    row.ecosystem = Set(distro.and_then(|distro| distro.ecosystem.clone()).unwrap_or_default());
    row.last_scanned_at = Set(now);
    if task.categories.contains(Category::Vulnerability) {
        row.warnings = Set(json!(merged.analysis.warnings).to_string());
    }
    row.update(tx).await?;

    let outcomes = store_found(tx, task, id, merged, now).await?;
    categories::ended(tx, task, id, &outcomes, now).await?;
    let errors: BTreeMap<Category, &str> = outcomes
        .iter()
        .filter(|(_, outcome)| !outcome.error.is_empty())
        .map(|(category, outcome)| (*category, outcome.error.as_str()))
        .collect();
    let error = describe(&errors, Categories::ALL);
    let status = if error.is_empty() { TaskStatus::Succeeded } else { TaskStatus::Failed };
    end(tx, task, id, status, &error, now).await
}

/// Stores that a scan failed for good. What earlier scans found stays.
///
/// # Errors
/// When the database refuses.
pub async fn fail(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    error: &str,
    now: Timestamp,
) -> Result<(), PersistError> {
    let row = find_image(tx, task.image_id).await?;
    let mut row = row.into_active_model();
    row.last_scanned_at = Set(now);
    row.update(tx).await?;
    let outcomes = task.categories.iter().map(|category| (category, Outcome::failed(error))).collect();
    categories::ended(tx, task, task.image_id, &outcomes, now).await?;
    end(tx, task, task.image_id, TaskStatus::Failed, error, now).await
}

/// The end of a task that ran, for `image_id`, on whose row the categories stand by now: counts, statuses, what waited,
/// job totals and the event.
async fn end(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    image_id: i64,
    status: TaskStatus,
    error: &str,
    now: Timestamp,
) -> Result<(), PersistError> {
    let progress = if status == TaskStatus::Succeeded { 100 } else { task.progress };
    scan_task::Entity::update_many()
        .set(scan_task::ActiveModel {
            status: Set(status),
            progress: Set(progress),
            error: Set(error.to_owned()),
            finished_at: Set(now),
            ..Default::default()
        })
        .filter(scan_task::Column::Id.eq(task.id))
        .exec(tx)
        .await?;
    let waits = join::next(tx, task.image_id, task.id, now).await?;
    let known = categories::of_images(tx, &[image_id]).await?.remove(&image_id).unwrap_or_default();
    let errors: BTreeMap<Category, &str> = known
        .iter()
        .filter(|(_, row)| !row.error.is_empty())
        .map(|(category, row)| (*category, row.error.as_str()))
        .collect();
    let mut row = find_image(tx, image_id).await?.into_active_model();
    row.scan_error = Set(describe(&errors, Categories::ALL));
    row.scan_status = Set(match (waits, errors.is_empty()) {
        (true, _) => ScanStatus::Queued,
        (false, true) => ScanStatus::Scanned,
        (false, false) => ScanStatus::Failed,
    });
    row.update(tx).await?;
    counts::recount(tx, &[image_id], now).await?;
    jobs::task_ended(tx, task.id, status, now).await?;

    let row = find_image(tx, image_id).await?;
    let known = categories::of_images(tx, &[image_id]).await?.remove(&image_id).unwrap_or_default();
    let mut payload = json!({
        "digest": row.digest, "name": row.name, "task": task.id,
        "securityStatus": row.security_status.to_value(),
        "securityReason": row.security_reason,
        "counts": {
            "critical": row.critical, "high": row.high, "medium": row.medium,
            "low": row.low, "unknown": row.unknown,
        },
        "categories": by_category(task.categories, &known),
    });
    let event = if status == TaskStatus::Succeeded {
        EventType::ScanCompleted
    } else {
        payload["error"] = json!(error);
        EventType::ScanFailed
    };
    events::record(tx, event, &format!("Image:{image_id}"), &payload, now).await?;
    Ok(())
}

/// Numbers and failures of each category, and whether this task looked for it. Nothing that was found itself.
fn by_category(ordered: Categories, known: &BTreeMap<Category, image_category::Model>) -> Value {
    let each = known.iter().map(|(category, row)| {
        json!({
            "category": category.name(), "ordered": ordered.contains(*category),
            "status": row.status.to_value(), "error": row.error,
            "counts": {
                "critical": row.critical, "high": row.high, "medium": row.medium,
                "low": row.low, "unknown": row.unknown,
            },
        })
    });
    Value::Array(each.collect())
}

/// Stores that a running scan was stopped because its jobs were cancelled.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    now: Timestamp,
) -> Result<(), PersistError> {
    close_cancelled(tx, task.id, task.image_id, now).await?;
    jobs::task_ended(tx, task.id, TaskStatus::Cancelled, now).await?;
    Ok(())
}

/// Stores that a worker has begun: task, image, jobs and event. Gives the task as it is now: until the worker began, an
/// order may have asked more of it.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    now: Timestamp,
) -> Result<scan_task::Model, PersistError> {
    let row = find_image(tx, task.image_id).await?;
    // Orders lock the image too: from here on the categories stand.
    let task = scan_task::Entity::find_by_id(task.id)
        .one(tx)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("scan task {}", task.id)))?;
    let payload = json!({
        "digest": row.digest, "name": row.name, "task": task.id,
        "categories": task.categories.iter().map(Category::name).collect::<Vec<_>>(),
    });
    let mut row = row.into_active_model();
    row.scan_status = Set(ScanStatus::Scanning);
    row.update(tx).await?;
    let first = task.started_at.is_zero();
    let mut change = task.into_active_model();
    change.status = Set(TaskStatus::Running);
    change.progress = Set(0);
    if first {
        change.started_at = Set(now);
    }
    let task = change.update(tx).await?;
    categories::moved(tx, &task, TaskStatus::Running).await?;
    jobs::task_started(tx, task.id, now).await?;
    if first {
        events::record(tx, EventType::ScanStarted, &format!("Image:{}", task.image_id), &payload, now)
            .await?;
    }
    Ok(task)
}

/// Stores that a try failed and another one follows.
///
/// # Errors
/// When the database refuses.
pub async fn wait_again(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    error: &str,
) -> Result<(), PersistError> {
    let mut row = find_image(tx, task.image_id).await?.into_active_model();
    row.scan_status = Set(ScanStatus::Queued);
    row.update(tx).await?;
    scan_task::Entity::update_many()
        .set(scan_task::ActiveModel {
            status: Set(TaskStatus::Queued),
            progress: Set(0),
            error: Set(error.to_owned()),
            ..Default::default()
        })
        .filter(scan_task::Column::Id.eq(task.id))
        .exec(tx)
        .await?;
    categories::moved(tx, task, TaskStatus::Queued).await?;
    Ok(())
}

/// Closes a task that nobody works on and says so on its image, unless another task of the image is open.
pub(super) async fn close_cancelled(
    tx: &DatabaseTransaction,
    task_id: i64,
    image_id: i64,
    now: Timestamp,
) -> Result<(), PersistError> {
    let task = scan_task::Entity::find_by_id(task_id)
        .one(tx)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("scan task {task_id}")))?;
    let mut change = task.clone().into_active_model();
    change.status = Set(TaskStatus::Cancelled);
    change.finished_at = Set(now);
    change.update(tx).await?;
    categories::moved(tx, &task, TaskStatus::Cancelled).await?;
    let running = join::is_running(tx, image_id).await?;
    let status = match (running, running || join::next(tx, image_id, task_id, now).await?) {
        (true, _) => return Ok(()),
        (false, true) => ScanStatus::Queued,
        (false, false) => ScanStatus::Cancelled,
    };
    image::Entity::update_many()
        .set(image::ActiveModel { scan_status: Set(status), ..Default::default() })
        .filter(image::Column::Id.eq(image_id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn find_image(tx: &impl ConnectionTrait, image_id: i64) -> Result<image::Model, DbErr> {
    image::Entity::find_by_id(image_id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("image {image_id}")))
}
