//! Table `allow_rules`.

use sea_orm::entity::prelude::*;

use crate::category::Category;
use crate::timestamp::Timestamp;

/// What a person trusts: findings that match do not count. An empty text asks nothing; all that is asked must match.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allow_rules")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// SECRET or MALWARE.
    pub category: Category,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// A pattern of paths: `*` stands for any name, `**` for any number of folders.
    pub path: String,
    /// The rule of a secret; the engine's name for malware.
    pub rule: String,
    /// MD5, SHA-1 or SHA-256 of a file, in hex digits; malware only.
    pub hash: String,
    /// The image; none for every image.
    pub image_id: Option<i64>,
    /// Why it is trusted.
    pub reason: String,
    /// Who said so: the token's name, or the program.
    pub author: String,
    /// When it was said.
    pub created_at: Timestamp,
    /// From when on it no longer holds; none when it holds until revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
