//! Table `hosts`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

/// What stands behind a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum HostKind {
    /// A container engine behind a socket.
    #[sea_orm(string_value = "ENGINE")]
    Engine,
    /// A folder of image archives.
    #[sea_orm(string_value = "ARCHIVES")]
    Archives,
}

/// Whether a host answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum HostState {
    /// The last contact succeeded.
    #[sea_orm(string_value = "ONLINE")]
    Online,
    /// The last contact failed.
    #[sea_orm(string_value = "OFFLINE")]
    Offline,
}

/// A machine with a container engine, or the folder of image archives that stands for one.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hosts")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What people call it: the engine's own name, or the folder's.
    pub name: String,
    /// What stands behind it.
    pub kind: HostKind,
    /// Address of the engine, or path of the folder; one host per endpoint.
    pub endpoint: String,
    /// Whether it answered last.
    pub state: HostState,
    /// Name of the engine (`Docker Engine`, `Podman`), empty for a folder.
    pub engine_name: String,
    /// Version of the engine, empty when unknown.
    pub engine_version: String,
    /// Operating system of the machine, empty when unknown.
    pub os: String,
    /// Kernel version of the machine, empty when unknown.
    pub kernel: String,
    /// CPU architecture of the machine, empty when unknown.
    pub architecture: String,
    /// Storage driver of the engine, empty when unknown.
    pub storage_driver: String,
    /// When it last answered, 0 when never.
    pub last_seen_at: Timestamp,
    /// Why it is offline, in one sentence; empty when it is not.
    pub last_error: String,
    /// When Lazaret first met it.
    pub created_at: Timestamp,
}

/// It belongs to nothing.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
