//! The licences that a package declares are stored with it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let licenses = ColumnDef::new("licenses").text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table("packages").add_column(licenses).to_owned()).await
    }
}
