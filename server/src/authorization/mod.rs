//! An image may be scanned only once authorized.

use std::collections::HashSet;

use lazaret_entities::{EventType, Timestamp, image};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use crate::auth::Requester;
use crate::events::{Event, record_all};
use crate::store::StoreError;

#[cfg(test)]
mod tests;

/// Images of one statement: far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// What authorizing changed. An image that was authorized already costs nothing again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorized {
    /// Images that were not authorized before.
    pub newly: Vec<i64>,
    /// Images that were.
    pub already: Vec<i64>,
}

/// Why images were not authorized. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// Some are not there.
    #[error("{} of the images do not exist; list them with the query `images`", .0.len())]
    NotFound(Vec<i64>),
    /// The database refused.
    #[error("the authorization could not be stored: {0}")]
    Database(#[from] DbErr),
    /// The transaction failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Authorizes images in the caller's transaction, all or none. `requester` is named in the event.
///
/// # Errors
/// When an image does not exist, or the database refuses.
pub async fn authorize_images(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    image_ids: &[i64],
    now: Timestamp,
) -> Result<Authorized, AuthorizeError> {
    let mut seen = HashSet::new();
    let wanted: Vec<i64> = image_ids.iter().copied().filter(|id| seen.insert(*id)).collect();
    let mut outcome = Authorized::default();
    let mut events = Vec::new();
    for batch in wanted.chunks(BATCH) {
        // Locked in the order of ids, so that two requests about the same images wait for each other.
        let rows = image::Entity::find()
            .filter(image::Column::Id.is_in(batch.iter().copied()))
            .order_by_asc(image::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?;
        for row in rows {
            seen.remove(&row.id);
            if row.authorized {
                outcome.already.push(row.id);
                continue;
            }
            outcome.newly.push(row.id);
            events.push(Event {
                event_type: EventType::ImageAuthorized,
                subject: format!("Image:{}", row.id),
                payload: json!({ "digest": row.digest, "name": row.name, "by": requester.name() }),
            });
        }
    }
    if !seen.is_empty() {
        let missing = wanted.into_iter().filter(|id| seen.contains(id)).collect();
        return Err(AuthorizeError::NotFound(missing));
    }
    for batch in outcome.newly.chunks(BATCH) {
        image::Entity::update_many()
            .set(image::ActiveModel { authorized: Set(true), ..Default::default() })
            .filter(image::Column::Id.is_in(batch.iter().copied()))
            .exec(tx)
            .await?;
    }
    record_all(tx, events, now).await?;
    Ok(outcome)
}
