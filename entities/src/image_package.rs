//! Table `image_packages`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// What kind of file tells of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Evidence {
    /// A package manager's record of an installation.
    #[sea_orm(string_value = "INSTALLED")]
    Installed,
    /// A lock file names it.
    #[sea_orm(string_value = "LOCKFILE")]
    Lockfile,
}

/// Why the vulnerabilities of a package in an image are shown apart and count nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum SetAside {
    /// They count.
    #[default]
    #[sea_orm(string_value = "")]
    No,
    /// Only a lock file names the package.
    #[sea_orm(string_value = "LOCKFILE")]
    Lockfile,
    /// It holds headers of the kernel, which does not run in a container.
    #[sea_orm(string_value = "KERNEL_HEADERS")]
    KernelHeaders,
}

/// Which package an image has, where, and from when to when.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image_packages")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The image.
    pub image_id: i64,
    /// The package.
    pub package_id: i64,
    /// The file that tells of it, without a leading slash.
    pub path: String,
    /// Position of the layer that brought it.
    pub layer: i32,
    /// What kind of file tells of it.
    pub evidence: Evidence,
    /// Why its vulnerabilities do not count.
    pub set_aside: SetAside,
    /// Since when it is known to be there.
    pub since: Timestamp,
    /// When a later scan no longer found it.
    pub until: Option<Timestamp>,
}

/// What it belongs to.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The image.
    #[sea_orm(belongs_to = "super::image::Entity", from = "Column::ImageId", to = "super::image::Column::Id")]
    Image,
    /// The package.
    #[sea_orm(
        belongs_to = "super::package::Entity",
        from = "Column::PackageId",
        to = "super::package::Column::Id"
    )]
    Package,
}

impl Related<super::image::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Image.def()
    }
}

impl Related<super::package::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Package.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
