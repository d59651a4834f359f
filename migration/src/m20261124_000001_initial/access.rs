//! Tokens and settings.

use sea_orm_migration::prelude::*;

use super::table::{big_integer, big_integer_null, blob, id, table, text};

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX tokens_prefix ON tokens (prefix)",
    "CREATE INDEX tokens_created ON tokens (created_at, id)",
];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("tokens")
        .columns(vec![
            id(),
            text("prefix"),
            blob("hash"),
            text("role"),
            text("name"),
            big_integer("created_at"),
            big_integer_null("expires_at"),
            big_integer_null("revoked_at"),
            big_integer("last_used_at"),
        ])
        .create(manager)
        .await?;
    table("settings").columns(vec![text("key"), text("value")]).primary_key(&["key"]).create(manager).await?;
    super::table::indexes(manager, INDEXES).await
}
