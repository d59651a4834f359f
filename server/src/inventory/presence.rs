//! What an image row tells of the hosts that have it: name, counts, whether it is still there.

use std::collections::{BTreeSet, HashMap, HashSet};

use lazaret_entities::{EventType, Timestamp, container, image, image_ref, tag};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};
use serde_json::json;

use super::snapshot::short_digest;
use crate::events::{Event, record_all};

/// Images of one statement: far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// Name, counts and presence of the images, from the rows of all hosts. Gives those that came and those that went.
///
/// # Errors
/// When the database refuses a row.
pub async fn refresh_images(
    tx: &impl ConnectionTrait,
    image_ids: &BTreeSet<i64>,
    now: Timestamp,
) -> Result<(Vec<i64>, Vec<i64>), DbErr> {
    let (mut discovered, mut removed) = (Vec::new(), Vec::new());
    let mut events = Vec::new();
    let image_ids: Vec<i64> = image_ids.iter().copied().collect();
    for batch in image_ids.chunks(BATCH) {
        let mut tags: HashMap<i64, BTreeSet<String>> = HashMap::new();
        let tag_rows: Vec<(i64, String)> = tag::Entity::find()
            .select_only()
            .columns([tag::Column::ImageId, tag::Column::Reference])
            .filter(tag::Column::ImageId.is_in(batch.iter().copied()))
            .filter(tag::Column::GoneAt.is_null())
            .into_tuple()
            .all(tx)
            .await?;
        for (image_id, reference) in tag_rows {
            tags.entry(image_id).or_default().insert(reference);
        }
        let mut hosts: HashMap<i64, HashSet<i64>> = HashMap::new();
        let ref_rows: Vec<(i64, i64)> = image_ref::Entity::find()
            .select_only()
            .columns([image_ref::Column::ImageId, image_ref::Column::HostId])
            .filter(image_ref::Column::ImageId.is_in(batch.iter().copied()))
            .filter(image_ref::Column::GoneAt.is_null())
            .into_tuple()
            .all(tx)
            .await?;
        for (image_id, host_id) in ref_rows {
            hosts.entry(image_id).or_default().insert(host_id);
        }
        let counts: Vec<(i64, i64)> = container::Entity::find()
            .select_only()
            .column(container::Column::ImageId)
            .column_as(container::Column::Id.count(), "containers")
            .filter(container::Column::ImageId.is_in(batch.iter().copied()))
            .filter(container::Column::GoneAt.is_null())
            .group_by(container::Column::ImageId)
            .into_tuple()
            .all(tx)
            .await?;
        let counts: HashMap<i64, i64> = counts.into_iter().collect();

        for row in
            image::Entity::find().filter(image::Column::Id.is_in(batch.iter().copied())).all(tx).await?
        {
            let present = hosts.get(&row.id).map_or(0, HashSet::len);
            let name = match tags.get(&row.id).and_then(BTreeSet::first) {
                Some(reference) => reference.clone(),
                // A name outlives the tag of an image that is gone: history stays readable.
                None if present == 0 => row.name.clone(),
                None => short_digest(&row.digest),
            };
            let came = present > 0 && row.gone_at.is_some();
            let went = present == 0 && row.gone_at.is_none();
            if came || went {
                events.push(Event {
                    event_type: if came { EventType::ImageDiscovered } else { EventType::ImageRemoved },
                    subject: format!("Image:{}", row.id),
                    payload: json!({ "digest": row.digest, "name": name }),
                });
                if came { &mut discovered } else { &mut removed }.push(row.id);
            }
            let gone_at = if present > 0 { None } else { row.gone_at.or(Some(now)) };
            let mut row = row.into_active_model();
            row.name = Set(name);
            row.hosts_count = Set(i32::try_from(present).unwrap_or(i32::MAX));
            row.containers_count =
                Set(i32::try_from(counts.get(row.id.as_ref()).copied().unwrap_or(0)).unwrap_or(i32::MAX));
            row.gone_at = Set(gone_at);
            if present > 0 {
                row.last_seen_at = Set(now);
            }
            row.update(tx).await?;
        }
    }
    record_all(tx, events, now).await?;
    Ok((discovered, removed))
}
