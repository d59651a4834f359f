//! Packages, and which image has which.

use sea_orm_migration::prelude::*;

use super::table::{big_integer, big_integer_null, id, integer, table, text};

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX packages_identity ON packages (name, version, ecosystem, source_name, source_version, arch, module)",
    "CREATE INDEX packages_match ON packages (ecosystem, match_name)",
    "CREATE INDEX packages_matched ON packages (matched_at)",
    "CREATE UNIQUE INDEX image_packages_open ON image_packages (image_id, package_id, path) WHERE until IS NULL",
    "CREATE INDEX image_packages_image ON image_packages (image_id)",
    "CREATE INDEX image_packages_package ON image_packages (package_id)",
];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("packages")
        .columns(vec![
            id(),
            text("ecosystem"),
            text("name"),
            text("version"),
            text("source_name"),
            text("source_version"),
            text("arch"),
            text("module"),
            text("match_name"),
            text("match_version"),
            big_integer("matched_at"),
        ])
        .create(manager)
        .await?;
    table("image_packages")
        .columns(vec![
            id(),
            big_integer("image_id"),
            big_integer("package_id"),
            text("path"),
            integer("layer"),
            text("evidence"),
            big_integer("since"),
            big_integer_null("until"),
        ])
        .refers_to("image_id", "images")
        .refers_to("package_id", "packages")
        .create(manager)
        .await?;
    super::table::indexes(manager, INDEXES).await
}
