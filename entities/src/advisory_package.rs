//! Table `advisory_packages`.

use sea_orm::entity::prelude::*;

/// A package that an advisory speaks of, with the versions it affects.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "advisory_packages")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The advisory.
    pub advisory_id: i64,
    /// OSV ecosystem with release, as the advisory says it.
    pub ecosystem: String,
    /// The package's name in that ecosystem, normalised.
    pub name: String,
    /// Ranges and versions, the scanner's `Affected` as JSON.
    pub affected: String,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The advisory.
    #[sea_orm(
        belongs_to = "super::advisory::Entity",
        from = "Column::AdvisoryId",
        to = "super::advisory::Column::Id"
    )]
    Advisory,
}

impl Related<super::advisory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Advisory.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
