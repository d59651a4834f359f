//! Domain events: written in the transaction of the change that they tell of, so that neither exists without the other.

pub use lazaret_entities::EventType;
use lazaret_entities::{Timestamp, event};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set};

/// Events of one batch insert: five columns each stay far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// One event, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub event_type: EventType,
    /// The row it is about: `Image:42`, `ScanJob:7`.
    pub subject: String,
    /// The facts that a reader needs without a query.
    pub payload: serde_json::Value,
}

/// Writes one event in the caller's transaction. `subject` is the row it is about (`Image:42`).
///
/// # Errors
/// When the database refuses the row.
pub async fn record(
    connection: &impl ConnectionTrait,
    event_type: EventType,
    subject: &str,
    payload: &serde_json::Value,
    now: Timestamp,
) -> Result<(), DbErr> {
    let event = Event { event_type, subject: subject.to_owned(), payload: payload.clone() };
    record_all(connection, vec![event], now).await
}

/// Writes many events in the caller's transaction, in their order.
///
/// # Errors
/// When the database refuses a row.
pub async fn record_all(
    connection: &impl ConnectionTrait,
    events: Vec<Event>,
    now: Timestamp,
) -> Result<(), DbErr> {
    for batch in events.chunks(BATCH) {
        let rows = batch.iter().map(|event| event::ActiveModel {
            event_type: Set(event.event_type),
            subject: Set(event.subject.clone()),
            payload: Set(event.payload.to_string()),
            created_at: Set(now),
            ..Default::default()
        });
        event::Entity::insert_many(rows).exec(connection).await?;
    }
    Ok(())
}
