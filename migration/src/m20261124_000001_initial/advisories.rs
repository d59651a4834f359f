//! Advisories, the vulnerabilities they speak of, and the packages that have them.

use sea_orm_migration::prelude::*;

use super::table::{big_integer, big_integer_null, blob, boolean, double_null, id, integer, table, text};

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX advisory_sets_ecosystem ON advisory_sets (ecosystem)",
    "CREATE UNIQUE INDEX advisories_identity ON advisories (ecosystem, osv_id)",
    "CREATE INDEX advisories_osv_id ON advisories (osv_id)",
    "CREATE INDEX advisory_packages_package ON advisory_packages (ecosystem, name)",
    "CREATE INDEX advisory_packages_advisory ON advisory_packages (advisory_id)",
    "CREATE INDEX vulnerabilities_display_id ON vulnerabilities (display_id)",
    "CREATE INDEX vulnerabilities_severity ON vulnerabilities (severity, id)",
    "CREATE INDEX vulnerabilities_redirect ON vulnerabilities (redirect_id) WHERE redirect_id IS NOT NULL",
    "CREATE UNIQUE INDEX vulnerability_ids_identifier ON vulnerability_ids (identifier)",
    "CREATE INDEX vulnerability_ids_vulnerability ON vulnerability_ids (vulnerability_id)",
    "CREATE INDEX advisory_vulnerabilities_vulnerability ON advisory_vulnerabilities (vulnerability_id)",
    "CREATE UNIQUE INDEX package_vulnerabilities_open ON package_vulnerabilities (package_id, vulnerability_id, advisory_id) WHERE until IS NULL",
    "CREATE INDEX package_vulnerabilities_package ON package_vulnerabilities (package_id)",
    "CREATE INDEX package_vulnerabilities_vulnerability ON package_vulnerabilities (vulnerability_id)",
    "CREATE INDEX package_vulnerabilities_advisory ON package_vulnerabilities (advisory_id)",
];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("advisory_sets")
        .columns(vec![
            id(),
            text("ecosystem"),
            text("source"),
            text("etag"),
            big_integer("fetched_at"),
            big_integer("newest_modified"),
            big_integer("records"),
            text("last_error"),
            big_integer("last_tried_at"),
        ])
        .create(manager)
        .await?;
    table("advisories")
        .columns(vec![
            id(),
            text("ecosystem"),
            text("osv_id"),
            big_integer("modified"),
            big_integer("published"),
            boolean("withdrawn"),
            integer("severity"),
            text("severity_source"),
            double_null("cvss_score"),
            text("cvss_vector"),
            text("summary"),
            blob("details"),
            text("url"),
        ])
        .create(manager)
        .await?;
    table("advisory_packages")
        .columns(vec![id(), big_integer("advisory_id"), text("ecosystem"), text("name"), text("affected")])
        .owned_by("advisory_id", "advisories")
        .create(manager)
        .await?;
    table("vulnerabilities")
        .columns(vec![
            id(),
            text("display_id"),
            integer("severity"),
            text("severity_source"),
            double_null("cvss_score"),
            text("summary"),
            big_integer_null("redirect_id"),
            big_integer("created_at"),
        ])
        .refers_to("redirect_id", "vulnerabilities")
        .create(manager)
        .await?;
    table("vulnerability_ids")
        .columns(vec![id(), text("identifier"), big_integer("vulnerability_id")])
        .owned_by("vulnerability_id", "vulnerabilities")
        .create(manager)
        .await?;
    table("advisory_vulnerabilities")
        .columns(vec![big_integer("advisory_id"), big_integer("vulnerability_id")])
        .primary_key(&["advisory_id", "vulnerability_id"])
        .owned_by("advisory_id", "advisories")
        .owned_by("vulnerability_id", "vulnerabilities")
        .create(manager)
        .await?;
    table("package_vulnerabilities")
        .columns(vec![
            id(),
            big_integer("package_id"),
            big_integer("vulnerability_id"),
            big_integer("advisory_id"),
            text("fixed_versions"),
            integer("severity"),
            text("severity_source"),
            boolean("unimportant"),
            big_integer("since"),
            big_integer_null("until"),
        ])
        .refers_to("package_id", "packages")
        .refers_to("vulnerability_id", "vulnerabilities")
        .refers_to("advisory_id", "advisories")
        .create(manager)
        .await?;
    super::table::indexes(manager, INDEXES).await
}
