//! The migrations of Lazaret's store.
//!
//! Forward only. A migration that has landed is never edited: the next change is the next file. Each runs in a
//! transaction and works on SQLite and on PostgreSQL.

use sea_orm_migration::prelude::*;

mod m20261124_000001_initial;
mod m20261124_000002_package_facts;
mod m20261124_000003_secrets_and_malware;
mod table;

/// All migrations, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_initial::Migration),
            Box::new(m20261124_000002_package_facts::Migration),
            Box::new(m20261124_000003_secrets_and_malware::Migration),
        ]
    }
}
