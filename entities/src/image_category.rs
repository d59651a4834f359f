//! Table `image_categories`.

use sea_orm::entity::prelude::*;

use crate::category::Category;
use crate::image::ScanStatus;
use crate::timestamp::Timestamp;

/// Where one category of an image's findings stands.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_categories")]
pub struct Model {
    /// The image.
    #[sea_orm(primary_key, auto_increment = false)]
    pub image_id: i64,
    /// The category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: Category,
    /// Where its scans stand.
    pub status: ScanStatus,
    /// Why the last scan that ended failed; empty when it did not.
    pub error: String,
    /// When a scan of it last ended, 0 when never.
    pub last_scanned_at: Timestamp,
    /// What looked, where that matters: the version of ClamAV's database; else empty.
    pub engine: String,
    /// What was not looked at, as JSON. Of vulnerabilities `[]`: theirs are on the image.
    pub warnings: String,
    /// CRITICAL findings that count.
    pub critical: i32,
    /// HIGH findings that count.
    pub high: i32,
    /// MEDIUM findings that count.
    pub medium: i32,
    /// LOW findings that count.
    pub low: i32,
    /// Findings that count and have no known severity.
    pub unknown: i32,
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
