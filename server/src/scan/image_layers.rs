//! The layers of an image into the store.

use std::collections::{BTreeMap, HashMap};

use lazaret_entities::{Timestamp, image_layer, layer};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set};

use super::merged::LayerFact;

/// The layers of an image never change, for its digest covers them; they are written once.
pub(super) async fn store_layers(
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
