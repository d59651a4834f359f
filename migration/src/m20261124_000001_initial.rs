//! The first schema: inventory, packages, advisories, work and access.

use sea_orm_migration::prelude::*;

use super::table;

mod access;
mod advisories;
mod inventory;
mod packages;
mod work;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite runs migrations without a transaction unless told so.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        inventory::up(manager).await?;
        packages::up(manager).await?;
        advisories::up(manager).await?;
        work::up(manager).await?;
        access::up(manager).await
    }
}
