//! Scan jobs, their tasks, the queue and the events.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use super::table::{big_integer, boolean, id, integer, table, text};

const INDEXES: &[&str] = &[
    "CREATE INDEX scan_jobs_created ON scan_jobs (created_at, id)",
    "CREATE INDEX scan_jobs_status ON scan_jobs (status, created_at, id)",
    "CREATE INDEX scan_tasks_image ON scan_tasks (image_id, id)",
    "CREATE INDEX scan_tasks_status ON scan_tasks (status, id)",
    "CREATE INDEX scan_job_items_task ON scan_job_items (task_id)",
    "CREATE INDEX scan_job_items_image ON scan_job_items (image_id)",
    "CREATE UNIQUE INDEX queue_open ON queue (kind, key) WHERE state IN ('QUEUED', 'RUNNING')",
    "CREATE INDEX queue_due ON queue (kind, run_at, id) WHERE state = 'QUEUED'",
    "CREATE INDEX queue_leased ON queue (lease_until) WHERE state = 'RUNNING'",
    "CREATE INDEX queue_done ON queue (finished_at) WHERE state = 'DONE'",
    "CREATE INDEX events_created ON events (created_at, id)",
    "CREATE INDEX events_subject ON events (subject, id)",
];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("scan_jobs")
        .columns(vec![
            id(),
            text("trigger"),
            text("scope"),
            text("status"),
            integer("total"),
            integer("done"),
            integer("failed"),
            integer("cancelled"),
            big_integer("created_at"),
            big_integer("started_at"),
            big_integer("finished_at"),
            text("requested_by"),
        ])
        .create(manager)
        .await?;
    table("scan_tasks")
        .columns(vec![
            id(),
            big_integer("image_id"),
            text("status"),
            integer("progress"),
            text("error"),
            big_integer("created_at"),
            big_integer("started_at"),
            big_integer("finished_at"),
        ])
        .refers_to("image_id", "images")
        .create(manager)
        .await?;
    table("scan_job_items")
        .columns(vec![big_integer("job_id"), big_integer("image_id"), big_integer("task_id")])
        .primary_key(&["job_id", "image_id"])
        .owned_by("job_id", "scan_jobs")
        .refers_to("image_id", "images")
        .refers_to("task_id", "scan_tasks")
        .create(manager)
        .await?;
    table("queue")
        .columns(vec![
            id(),
            text("kind"),
            text("key"),
            text("state"),
            big_integer("run_at"),
            big_integer("lease_token"),
            big_integer("lease_until"),
            integer("attempt"),
            integer("max_attempts"),
            boolean("cancel_requested"),
            big_integer("finished_at"),
            text("error"),
        ])
        .create(manager)
        .await?;
    table("events")
        .columns(vec![id(), text("type"), text("subject"), text("payload"), big_integer("created_at")])
        .create(manager)
        .await?;
    if manager.get_database_backend() == DbBackend::Postgres {
        // Rows of the queue live for seconds: dead ones must go long before a fifth of the table is dead.
        let settings = "ALTER TABLE queue SET (autovacuum_vacuum_scale_factor = 0.01, \
                        autovacuum_vacuum_threshold = 500, fillfactor = 80)";
        manager.get_connection().execute_unprepared(settings).await?;
    }
    super::table::indexes(manager, INDEXES).await
}
