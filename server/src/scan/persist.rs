//! The second half of a scan: values into the store, all in the caller's transaction. No engine and no archive here.

use std::collections::{BTreeMap, HashMap};

use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{EventType, Timestamp, image, image_layer, layer, scan_task};
use lazaret_scanner::Digest;
use lazaret_scanner::archive::ArchiveImage;
use lazaret_scanner::image::{ImageAnalysis, ImageMalware, ImageSecret, merge};
use lazaret_scanner::layer::{LayerAnalysis, Warning};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, Set,
};
use serde_json::json;

use super::analyse::created_by;
use super::layers::{self, LayerStoreError};
use super::{counts, identity, jobs, packages};
use crate::advisories::{self, AdvisoryError};
use crate::events;

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
    /// A layer of the image has neither a stored nor a new analysis.
    #[error("the archive of the image has no layer {0}, which its configuration names")]
    MissingLayer(Digest),
}

/// A layer of a scanned image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFact {
    /// Its diff ID.
    pub diff_id: Digest,
    /// Bytes of the uncompressed tar.
    pub size: u64,
    /// The instruction that made it, empty where the history does not say.
    pub created_by: String,
}

/// An image with all that the scan found, before it is stored.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The image.
    pub image: ArchiveImage,
    /// Its layers, lowest first.
    pub layers: Vec<LayerFact>,
    /// What they hold together. It is there whatever was ordered: advisories on malicious packages need it too.
    pub analysis: ImageAnalysis,
    /// The secrets, or why they could not be searched; `None` where they were not ordered.
    pub secrets: Option<Result<SecretResults, String>>,
    /// The malware, by those who look for it; `None` where it was not ordered.
    pub malware: Option<MalwareResults>,
}

/// The secrets of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretResults {
    /// Them, in layers, configuration and history.
    pub found: Vec<ImageSecret>,
    /// What was not searched.
    pub warnings: Vec<Warning>,
}

/// The malware in the files of an image. Malicious packages are not among it: they come of the packages and the
/// advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalwareResults {
    /// What YARA rules and hash lists say, or why they could not be asked, in one sentence.
    pub rules: Result<MalwareFound, String>,
    /// What clamd says, or why it could not be asked, in one sentence; `None` where none is configured.
    pub clamd: Option<Result<ClamdFound, String>>,
}

/// What rules and lists say of the files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MalwareFound {
    /// The files that they know.
    pub found: Vec<ImageMalware>,
    /// What was not looked at.
    pub warnings: Vec<Warning>,
}

/// What clamd says of the files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClamdFound {
    /// The files that it knows.
    pub found: Vec<ImageMalware>,
    /// What was not looked at.
    pub warnings: Vec<Warning>,
    /// Its version and that of its database, as it says them: `ClamAV 1.0.7/27459/Tue Nov 17 09:33:00 2026`.
    pub version: String,
}

/// Lays the layers of `image` over each other, without secrets and malware. Takes time in proportion to their files.
///
/// # Errors
/// When `analyses` lacks a layer.
pub fn merge_layers(
    image: ArchiveImage,
    analyses: &BTreeMap<Digest, LayerAnalysis>,
) -> Result<Merged, PersistError> {
    let mut ordered = Vec::with_capacity(image.config.diff_ids.len());
    for diff_id in &image.config.diff_ids {
        ordered.push(analyses.get(diff_id).ok_or(PersistError::MissingLayer(*diff_id))?);
    }
    let layers = ordered
        .iter()
        .zip(created_by(&image.config))
        .map(|(layer, created_by)| LayerFact { diff_id: layer.diff_id, size: layer.size, created_by })
        .collect();
    let analysis = merge(&ordered);
    Ok(Merged { image, layers, analysis, secrets: None, malware: None })
}

/// Stores a finished scan: analyses, layers, packages, matches, counts, status, event and job totals.
///
/// # Errors
/// When the database refuses; the caller's transaction must then be rolled back.
pub async fn complete(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    merged: &Merged,
    packed: &BTreeMap<Digest, Vec<u8>>,
    now: Timestamp,
) -> Result<(), PersistError> {
    layers::store(tx, packed, now).await?;
    let row = find_image(tx, task.image_id).await?;
    let row = identity::learn(tx, row, &merged.image.id.to_string(), now).await?;
    store_layers(tx, row.id, &merged.layers, now).await?;

    let ids = packages::upsert(tx, &merged.analysis.packages).await?;
    packages::replace(tx, row.id, &merged.analysis.packages, &ids, now).await?;
    let mut distinct = ids;
    distinct.sort_unstable();
    distinct.dedup();
    advisories::rematch_packages(tx, &distinct, now).await?;

    let distro = merged.analysis.distro.as_ref();
    let id = row.id;
    let mut row = row.into_active_model();
    row.distro = Set(distro.map(|distro| distro.name.clone()).unwrap_or_default());
    row.ecosystem = Set(distro.and_then(|distro| distro.ecosystem.clone()).unwrap_or_default());
    row.warnings = Set(json!(merged.analysis.warnings).to_string());
    row.scan_status = Set(ScanStatus::Scanned);
    row.scan_error = Set(String::new());
    row.last_scanned_at = Set(now);
    row.update(tx).await?;
    counts::recount(tx, &[id]).await?;
    let row = find_image(tx, id).await?;

    close(tx, task, TaskStatus::Succeeded, "", now).await?;
    let payload = json!({
        "digest": row.digest, "name": row.name, "task": task.id,
        "securityStatus": row.security_status.to_value(),
        "securityReason": row.security_reason,
        "counts": {
            "critical": row.critical, "high": row.high, "medium": row.medium,
            "low": row.low, "unknown": row.unknown,
        },
    });
    events::record(tx, EventType::ScanCompleted, &format!("Image:{id}"), &payload, now).await?;
    Ok(())
}

/// Stores that a scan failed for good. What earlier scans found stays.
///
/// # Errors
/// When the database refuses.
pub async fn fail(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    error: &str,
    now: Timestamp,
) -> Result<(), PersistError> {
    let row = find_image(tx, task.image_id).await?;
    let payload = json!({ "digest": row.digest, "name": row.name, "task": task.id, "error": error });
    let (safe, never) = (row.security_status == image::SecurityStatus::Safe, row.last_scanned_at.is_zero());
    let mut row = row.into_active_model();
    row.scan_status = Set(ScanStatus::Failed);
    row.scan_error = Set(error.to_owned());
    row.last_scanned_at = Set(now);
    if safe || never {
        // Results of an earlier scan speak for a risk, never for safety.
        row.security_status = Set(image::SecurityStatus::Unknown);
        row.security_reason = Set(format!("the last scan failed: {error}"));
    }
    row.update(tx).await?;
    close(tx, task, TaskStatus::Failed, error, now).await?;
    events::record(tx, EventType::ScanFailed, &format!("Image:{}", task.image_id), &payload, now).await?;
    Ok(())
}

/// Stores that a running scan was stopped because its jobs were cancelled.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    now: Timestamp,
) -> Result<(), PersistError> {
    close_cancelled(tx, task.id, task.image_id, now).await?;
    jobs::task_ended(tx, task.id, TaskStatus::Cancelled, now).await?;
    Ok(())
}

/// Stores that a worker has begun: task, image, jobs and event.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    now: Timestamp,
) -> Result<(), PersistError> {
    let row = find_image(tx, task.image_id).await?;
    let payload = json!({ "digest": row.digest, "name": row.name, "task": task.id });
    let mut row = row.into_active_model();
    row.scan_status = Set(ScanStatus::Scanning);
    row.update(tx).await?;
    let first = task.started_at.is_zero();
    let mut change = task.clone().into_active_model();
    change.status = Set(TaskStatus::Running);
    change.progress = Set(0);
    if first {
        change.started_at = Set(now);
    }
    change.update(tx).await?;
    jobs::task_started(tx, task.id, now).await?;
    if first {
        events::record(tx, EventType::ScanStarted, &format!("Image:{}", task.image_id), &payload, now)
            .await?;
    }
    Ok(())
}

/// Stores that a try failed and another one follows.
///
/// # Errors
/// When the database refuses.
pub async fn wait_again(
    tx: &impl ConnectionTrait,
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
    Ok(())
}

/// Closes a task that nobody works on and says so on its image.
pub(super) async fn close_cancelled(
    tx: &impl ConnectionTrait,
    task_id: i64,
    image_id: i64,
    now: Timestamp,
) -> Result<(), DbErr> {
    scan_task::Entity::update_many()
        .set(scan_task::ActiveModel {
            status: Set(TaskStatus::Cancelled),
            finished_at: Set(now),
            ..Default::default()
        })
        .filter(scan_task::Column::Id.eq(task_id))
        .exec(tx)
        .await?;
    image::Entity::update_many()
        .set(image::ActiveModel { scan_status: Set(ScanStatus::Cancelled), ..Default::default() })
        .filter(image::Column::Id.eq(image_id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn close(
    tx: &impl ConnectionTrait,
    task: &scan_task::Model,
    status: TaskStatus,
    error: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
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
    jobs::task_ended(tx, task.id, status, now).await
}

async fn find_image(tx: &impl ConnectionTrait, image_id: i64) -> Result<image::Model, DbErr> {
    image::Entity::find_by_id(image_id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("image {image_id}")))
}

/// The layers of an image never change, for its digest covers them; they are written once.
async fn store_layers(
    tx: &impl ConnectionTrait,
    image_id: i64,
    facts: &[LayerFact],
    now: Timestamp,
) -> Result<(), DbErr> {
    if facts.is_empty() {
        return Ok(());
    }
    let mut unique: BTreeMap<String, u64> = BTreeMap::new();
    for fact in facts {
        unique.insert(fact.diff_id.to_string(), fact.size);
    }
    let diff_ids: Vec<String> = unique.keys().cloned().collect();
    let mut rows = Vec::with_capacity(unique.len());
    for (diff_id, size) in unique {
        rows.push(layer::ActiveModel {
            diff_id: Set(diff_id),
            size: Set(i64::try_from(size).unwrap_or(i64::MAX)),
            created_at: Set(now),
            ..Default::default()
        });
    }
    layer::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(layer::Column::DiffId).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let stored: Vec<(String, i64)> = layer::Entity::find()
        .select_only()
        .columns([layer::Column::DiffId, layer::Column::Id])
        .filter(layer::Column::DiffId.is_in(diff_ids))
        .into_tuple()
        .all(tx)
        .await?;
    let stored: HashMap<String, i64> = stored.into_iter().collect();
    let mut rows = Vec::new();
    for (position, fact) in facts.iter().enumerate() {
        let Some(&layer_id) = stored.get(&fact.diff_id.to_string()) else { continue };
        rows.push(image_layer::ActiveModel {
            image_id: Set(image_id),
            position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
            layer_id: Set(layer_id),
            created_by: Set(fact.created_by.clone()),
        });
    }
    image_layer::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([image_layer::Column::ImageId, image_layer::Column::Position])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
