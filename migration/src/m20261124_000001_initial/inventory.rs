//! Hosts, images, tags, layers and containers.

use sea_orm_migration::prelude::*;

use super::table::{big_integer, big_integer_null, blob, boolean, id, integer, table, text};

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX hosts_endpoint ON hosts (endpoint)",
    "CREATE INDEX hosts_name ON hosts (name, id)",
    "CREATE INDEX hosts_state ON hosts (state, name, id)",
    "CREATE UNIQUE INDEX images_digest ON images (digest)",
    "CREATE INDEX images_risk ON images (risk_rank, id)",
    "CREATE INDEX images_name ON images (name, id)",
    "CREATE INDEX images_size ON images (size, id)",
    "CREATE INDEX images_created ON images (created_at, id)",
    "CREATE INDEX images_first_seen ON images (first_seen_at, id)",
    "CREATE INDEX images_last_scanned ON images (last_scanned_at, id)",
    "CREATE INDEX images_scan_status ON images (scan_status, risk_rank, id)",
    "CREATE INDEX images_security_status ON images (security_status, risk_rank, id)",
    "CREATE INDEX images_authorized ON images (authorized, risk_rank, id)",
    "CREATE INDEX images_ecosystem ON images (ecosystem, risk_rank, id)",
    "CREATE UNIQUE INDEX image_refs_engine ON image_refs (host_id, engine_id)",
    "CREATE INDEX image_refs_image ON image_refs (image_id)",
    "CREATE UNIQUE INDEX tags_identity ON tags (host_id, reference, image_id)",
    "CREATE INDEX tags_image ON tags (image_id)",
    "CREATE INDEX tags_reference ON tags (reference)",
    "CREATE UNIQUE INDEX layers_diff_id ON layers (diff_id)",
    "CREATE INDEX image_layers_layer ON image_layers (layer_id)",
    "CREATE UNIQUE INDEX layer_analyses_identity ON layer_analyses (diff_id, analyser, fingerprint)",
    "CREATE UNIQUE INDEX containers_engine ON containers (host_id, engine_id)",
    "CREATE INDEX containers_image ON containers (image_id)",
    "CREATE INDEX containers_name ON containers (name, id)",
    "CREATE INDEX containers_state ON containers (state, name, id)",
    "CREATE INDEX containers_created ON containers (created_at, id)",
];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("hosts")
        .columns(vec![
            id(),
            text("name"),
            text("kind"),
            text("endpoint"),
            text("state"),
            text("engine_name"),
            text("engine_version"),
            text("os"),
            text("kernel"),
            text("architecture"),
            text("storage_driver"),
            big_integer("last_seen_at"),
            text("last_error"),
            big_integer("created_at"),
        ])
        .create(manager)
        .await?;
    table("images")
        .columns(vec![
            id(),
            text("digest"),
            big_integer("size"),
            text("os"),
            text("architecture"),
            text("distro"),
            text("ecosystem"),
            text("author"),
            big_integer("created_at"),
            big_integer("first_seen_at"),
            big_integer("last_seen_at"),
            big_integer_null("gone_at"),
            boolean("authorized"),
            text("scan_status"),
            text("scan_error"),
            big_integer("last_scanned_at"),
            text("security_status"),
            text("security_reason"),
            integer("critical"),
            integer("high"),
            integer("medium"),
            integer("low"),
            integer("unknown"),
            integer("fixable_critical"),
            integer("fixable_high"),
            big_integer("risk_rank"),
            text("name"),
            integer("hosts_count"),
            integer("containers_count"),
            text("not_assessed"),
            text("warnings"),
        ])
        .create(manager)
        .await?;
    table("image_refs")
        .columns(vec![
            id(),
            big_integer("host_id"),
            text("engine_id"),
            text("manifest_digest"),
            big_integer("image_id"),
            text("location"),
            big_integer("last_seen_at"),
            big_integer_null("gone_at"),
        ])
        .refers_to("host_id", "hosts")
        .refers_to("image_id", "images")
        .create(manager)
        .await?;
    table("tags")
        .columns(vec![
            id(),
            big_integer("host_id"),
            big_integer("image_id"),
            text("reference"),
            big_integer("first_seen_at"),
            big_integer("last_seen_at"),
            big_integer_null("gone_at"),
        ])
        .refers_to("host_id", "hosts")
        .refers_to("image_id", "images")
        .create(manager)
        .await?;
    table("layers")
        .columns(vec![id(), text("diff_id"), big_integer("size"), big_integer("created_at")])
        .create(manager)
        .await?;
    table("image_layers")
        .columns(vec![
            big_integer("image_id"),
            integer("position"),
            big_integer("layer_id"),
            text("created_by"),
        ])
        .primary_key(&["image_id", "position"])
        .refers_to("image_id", "images")
        .refers_to("layer_id", "layers")
        .create(manager)
        .await?;
    table("layer_analyses")
        .columns(vec![
            id(),
            text("diff_id"),
            text("analyser"),
            text("fingerprint"),
            integer("format"),
            blob("blob"),
            big_integer("created_at"),
        ])
        .create(manager)
        .await?;
    table("containers")
        .columns(vec![
            id(),
            big_integer("host_id"),
            text("engine_id"),
            text("name"),
            big_integer("image_id"),
            text("state"),
            text("command"),
            big_integer("created_at"),
            big_integer("started_at"),
            big_integer("updated_at"),
            big_integer_null("gone_at"),
        ])
        .refers_to("host_id", "hosts")
        .refers_to("image_id", "images")
        .create(manager)
        .await?;
    super::table::indexes(manager, INDEXES).await
}
