//! A host's snapshot into the store: rows are upserted by identity, what vanished is marked gone with its time.

use std::collections::{BTreeSet, HashMap, HashSet};

use lazaret_entities::image::{ScanStatus, SecurityStatus};
use lazaret_entities::{Categories, Timestamp, container, host, image, image_ref, tag};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};

use super::hosts::upsert;
use super::presence::refresh_images;
use super::snapshot::{HostSnapshot, ImageDetails, ImageSnapshot, Known, short_digest};

/// Rows of one statement: far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// What a snapshot changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The host's row.
    pub host_id: i64,
    /// Images that no host had before.
    pub discovered: Vec<i64>,
    /// Images that no host has any more.
    pub removed: Vec<i64>,
}

/// What is stored of a host, so that its engine is asked for the rest only.
///
/// # Errors
/// When the database cannot be read.
pub async fn known(connection: &impl ConnectionTrait, endpoint: &str) -> Result<Known, DbErr> {
    let Some(host) = host::Entity::find().filter(host::Column::Endpoint.eq(endpoint)).one(connection).await?
    else {
        return Ok(Known::default());
    };
    let images: Vec<String> = image_ref::Entity::find()
        .select_only()
        .column(image_ref::Column::EngineId)
        .filter(image_ref::Column::HostId.eq(host.id))
        .into_tuple()
        .all(connection)
        .await?;
    let containers: Vec<(String, container::ContainerState, Timestamp)> = container::Entity::find()
        .select_only()
        .columns([container::Column::EngineId, container::Column::State, container::Column::StartedAt])
        .filter(container::Column::HostId.eq(host.id))
        .filter(container::Column::GoneAt.is_null())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(Known {
        images: images.into_iter().collect(),
        containers: containers.into_iter().map(|(id, state, started)| (id, (state, started))).collect(),
    })
}

/// Writes `snapshot` in the caller's transaction: host, images, tags, containers, counts and events.
///
/// # Errors
/// When the database refuses a row.
pub async fn apply(
    tx: &impl ConnectionTrait,
    snapshot: &HostSnapshot,
    now: Timestamp,
) -> Result<Applied, DbErr> {
    let host_id = upsert(tx, snapshot, now).await?;
    let refs = image_ref::Entity::find().filter(image_ref::Column::HostId.eq(host_id)).all(tx).await?;
    let refs: HashMap<String, image_ref::Model> =
        refs.into_iter().map(|row| (row.engine_id.clone(), row)).collect();

    // Every image that this host had or has: their counts and names may move.
    let mut touched: BTreeSet<i64> =
        refs.values().filter(|row| row.gone_at.is_none()).map(|row| row.image_id).collect();
    let image_ids = upsert_images(tx, snapshot, &refs, now).await?;
    touched.extend(image_ids.values().copied());

    upsert_refs(tx, host_id, snapshot, refs, &image_ids, now).await?;
    upsert_tags(tx, host_id, snapshot, &image_ids, now).await?;
    touched.extend(upsert_containers(tx, host_id, snapshot, &image_ids, now).await?);
    let (discovered, removed) = refresh_images(tx, &touched, now).await?;
    Ok(Applied { host_id, discovered, removed })
}

/// The image row of each `engine_id`. A reference that is stored wins over the digest that the host gives: a scan may
/// have learned the real one.
async fn upsert_images(
    tx: &impl ConnectionTrait,
    snapshot: &HostSnapshot,
    refs: &HashMap<String, image_ref::Model>,
    now: Timestamp,
) -> Result<HashMap<String, i64>, DbErr> {
    let mut ids: HashMap<String, i64> = HashMap::new();
    let mut unknown: Vec<&ImageSnapshot> = Vec::new();
    for image in &snapshot.images {
        match refs.get(&image.engine_id) {
            Some(row) => {
                ids.insert(image.engine_id.clone(), row.image_id);
            }
            None => unknown.push(image),
        }
    }
    for batch in unknown.chunks(BATCH) {
        let mut by_digest = images_by_digest(tx, batch).await?;
        let mut rows = Vec::new();
        let mut new = HashSet::new();
        for image in batch {
            if !by_digest.contains_key(&image.digest) && new.insert(image.digest.clone()) {
                rows.push(new_image(image, now));
            }
        }
        if !rows.is_empty() {
            image::Entity::insert_many(rows).exec(tx).await?;
            by_digest = images_by_digest(tx, batch).await?;
        }
        for image in batch {
            if let Some(id) = by_digest.get(&image.digest) {
                ids.insert(image.engine_id.clone(), *id);
            }
        }
    }
    Ok(ids)
}

async fn images_by_digest(
    tx: &impl ConnectionTrait,
    images: &[&ImageSnapshot],
) -> Result<HashMap<String, i64>, DbErr> {
    let rows: Vec<(String, i64)> = image::Entity::find()
        .select_only()
        .columns([image::Column::Digest, image::Column::Id])
        .filter(image::Column::Digest.is_in(images.iter().map(|image| &image.digest)))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// A row for an image that no host had before. It counts as gone until [`refresh_images`] sees its reference.
fn new_image(image: &ImageSnapshot, now: Timestamp) -> image::ActiveModel {
    let unknown = ImageDetails {
        os: String::new(),
        architecture: String::new(),
        author: String::new(),
        created_at: Timestamp::ZERO,
    };
    let details = image.details.as_ref().unwrap_or(&unknown);
    image::ActiveModel {
        digest: Set(image.digest.clone()),
        size: Set(image.size),
        os: Set(details.os.clone()),
        architecture: Set(details.architecture.clone()),
        distro: Set(String::new()),
        ecosystem: Set(String::new()),
        author: Set(details.author.clone()),
        created_at: Set(details.created_at),
        first_seen_at: Set(now),
        last_seen_at: Set(now),
        gone_at: Set(Some(now)),
        authorized: Set(false),
        scan_status: Set(ScanStatus::Unscanned),
        scan_error: Set(String::new()),
        last_scanned_at: Set(Timestamp::ZERO),
        security_status: Set(SecurityStatus::Unknown),
        security_reason: Set("never scanned".to_owned()),
        critical: Set(0),
        high: Set(0),
        medium: Set(0),
        low: Set(0),
        unknown: Set(0),
        fixable_critical: Set(0),
        fixable_high: Set(0),
        secrets: Set(0),
        malware: Set(0),
        categories_at_risk: Set(Categories::NONE),
        risk_rank: Set(0),
        name: Set(short_digest(&image.digest)),
        hosts_count: Set(0),
        containers_count: Set(0),
        not_assessed: Set("[]".to_owned()),
        warnings: Set("[]".to_owned()),
        ..Default::default()
    }
}

async fn upsert_refs(
    tx: &impl ConnectionTrait,
    host_id: i64,
    snapshot: &HostSnapshot,
    mut refs: HashMap<String, image_ref::Model>,
    image_ids: &HashMap<String, i64>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut new = Vec::new();
    let mut seen = Vec::new();
    for image in &snapshot.images {
        let Some(&image_id) = image_ids.get(&image.engine_id) else { continue };
        match refs.remove(&image.engine_id) {
            None => new.push(image_ref::ActiveModel {
                host_id: Set(host_id),
                engine_id: Set(image.engine_id.clone()),
                manifest_digest: Set(image.manifest_digest.clone()),
                image_id: Set(image_id),
                location: Set(image.location.clone()),
                last_seen_at: Set(now),
                gone_at: Set(None),
                ..Default::default()
            }),
            Some(row) if row.manifest_digest != image.manifest_digest || row.location != image.location => {
                let mut row = row.into_active_model();
                row.manifest_digest = Set(image.manifest_digest.clone());
                row.location = Set(image.location.clone());
                row.last_seen_at = Set(now);
                row.gone_at = Set(None);
                row.update(tx).await?;
            }
            Some(row) => seen.push(row.id),
        }
    }
    for batch in new.chunks(BATCH) {
        image_ref::Entity::insert_many(batch.to_vec()).exec(tx).await?;
    }
    let gone: Vec<i64> = refs.into_values().filter(|row| row.gone_at.is_none()).map(|row| row.id).collect();
    for (ids, when) in [(seen, None), (gone, Some(now))] {
        for batch in ids.chunks(BATCH) {
            let mut change = image_ref::ActiveModel { gone_at: Set(when), ..Default::default() };
            if when.is_none() {
                change.last_seen_at = Set(now);
            }
            image_ref::Entity::update_many()
                .set(change)
                .filter(image_ref::Column::Id.is_in(batch.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

async fn upsert_tags(
    tx: &impl ConnectionTrait,
    host_id: i64,
    snapshot: &HostSnapshot,
    image_ids: &HashMap<String, i64>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let rows = tag::Entity::find().filter(tag::Column::HostId.eq(host_id)).all(tx).await?;
    let mut rows: HashMap<(String, i64), tag::Model> =
        rows.into_iter().map(|row| ((row.reference.clone(), row.image_id), row)).collect();
    let mut done = HashSet::new();
    let mut new = Vec::new();
    let mut seen = Vec::new();
    for image in &snapshot.images {
        let Some(&image_id) = image_ids.get(&image.engine_id) else { continue };
        for reference in &image.tags {
            let key = (reference.clone(), image_id);
            if !done.insert(key.clone()) {
                continue;
            }
            match rows.remove(&key) {
                Some(row) => seen.push(row.id),
                None => new.push(tag::ActiveModel {
                    host_id: Set(host_id),
                    image_id: Set(image_id),
                    reference: Set(reference.clone()),
                    first_seen_at: Set(now),
                    last_seen_at: Set(now),
                    gone_at: Set(None),
                    ..Default::default()
                }),
            }
        }
    }
    for batch in new.chunks(BATCH) {
        tag::Entity::insert_many(batch.to_vec()).exec(tx).await?;
    }
    let gone: Vec<i64> = rows.into_values().filter(|row| row.gone_at.is_none()).map(|row| row.id).collect();
    for (ids, when) in [(seen, None), (gone, Some(now))] {
        for batch in ids.chunks(BATCH) {
            let mut change = tag::ActiveModel { gone_at: Set(when), ..Default::default() };
            if when.is_none() {
                change.last_seen_at = Set(now);
            }
            tag::Entity::update_many()
                .set(change)
                .filter(tag::Column::Id.is_in(batch.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// Gives the images whose containers changed.
async fn upsert_containers(
    tx: &impl ConnectionTrait,
    host_id: i64,
    snapshot: &HostSnapshot,
    image_ids: &HashMap<String, i64>,
    now: Timestamp,
) -> Result<BTreeSet<i64>, DbErr> {
    let rows = container::Entity::find().filter(container::Column::HostId.eq(host_id)).all(tx).await?;
    let mut rows: HashMap<String, container::Model> =
        rows.into_iter().map(|row| (row.engine_id.clone(), row)).collect();
    let mut touched = BTreeSet::new();
    let mut new = Vec::new();
    for container in &snapshot.containers {
        let Some(&image_id) = image_ids.get(&container.image_engine_id) else { continue };
        match rows.remove(&container.engine_id) {
            None => {
                touched.insert(image_id);
                new.push(container::ActiveModel {
                    host_id: Set(host_id),
                    engine_id: Set(container.engine_id.clone()),
                    name: Set(container.name.clone()),
                    image_id: Set(image_id),
                    state: Set(container.state),
                    command: Set(container.command.clone()),
                    created_at: Set(container.created_at),
                    started_at: Set(container.started_at),
                    updated_at: Set(now),
                    gone_at: Set(None),
                    ..Default::default()
                });
            }
            Some(row) => {
                let same = row.gone_at.is_none()
                    && row.state == container.state
                    && row.name == container.name
                    && row.image_id == image_id
                    && row.started_at == container.started_at;
                if !same {
                    touched.extend([image_id, row.image_id]);
                    let mut row = row.into_active_model();
                    row.name = Set(container.name.clone());
                    row.image_id = Set(image_id);
                    row.state = Set(container.state);
                    row.started_at = Set(container.started_at);
                    row.updated_at = Set(now);
                    row.gone_at = Set(None);
                    row.update(tx).await?;
                }
            }
        }
    }
    for batch in new.chunks(BATCH) {
        container::Entity::insert_many(batch.to_vec()).exec(tx).await?;
    }
    let gone: Vec<container::Model> = rows.into_values().filter(|row| row.gone_at.is_none()).collect();
    touched.extend(gone.iter().map(|row| row.image_id));
    for batch in gone.chunks(BATCH) {
        container::Entity::update_many()
            .set(container::ActiveModel {
                gone_at: Set(Some(now)),
                updated_at: Set(now),
                ..Default::default()
            })
            .filter(container::Column::Id.is_in(batch.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
    }
    Ok(touched)
}
