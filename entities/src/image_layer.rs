//! Table `image_layers`.

use sea_orm::entity::prelude::*;

/// The layers of an image, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_layers")]
pub struct Model {
    /// The image.
    #[sea_orm(primary_key, auto_increment = false)]
    pub image_id: i64,
    /// 0 is the lowest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The layer.
    pub layer_id: i64,
    /// The build step that made it, empty when unsaid.
    pub created_by: String,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
    /// The layer.
    #[sea_orm(belongs_to = "super::layer::Entity", from = "Column::LayerId", to = "super::layer::Column::Id")]
    Layer,
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl Related<super::layer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Layer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
