//! Table `tokens`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// What a token may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Reads.
    #[sea_orm(string_value = "VIEWER")]
    Viewer,
    /// Scans and authorizes too.
    #[sea_orm(string_value = "OPERATOR")]
    Operator,
    /// Manages too.
    #[sea_orm(string_value = "ADMIN")]
    Admin,
}

/// A bearer token: only its digest is stored.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The first part of the token, shown in lists.
    pub prefix: String,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// What it may do.
    pub role: Role,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, 0 when never.
    pub last_used_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
