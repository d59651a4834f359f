//! Table `events`.

use sea_orm::entity::prelude::*;

use crate::event_type::EventType;
use crate::timestamp::Timestamp;

/// What happened, written in the transaction of the change.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What happened.
    #[sea_orm(column_name = "type")]
    pub event_type: EventType,
    /// The thing it happened to: `image:42`.
    pub subject: String,
    /// The particulars, a JSON object.
    pub payload: String,
    /// When.
    pub created_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
