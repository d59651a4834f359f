//! The counts and the security status that stand on an image's row, from the packages and matches of the store.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_entities::image::ScanStatus;
use lazaret_entities::{
    Severity, Timestamp, advisory_set, image, image_package, package, package_vulnerability,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, RelationTrait, Set,
};

use super::status::{Counts, Facts, NO_ADVISORIES, effective, security};

/// Rows of one statement: far below SQLite's bound on parameters.
const BATCH: usize = 500;

/// The images that have one of these packages now.
///
/// # Errors
/// When the database cannot be read.
pub async fn images_of(connection: &impl ConnectionTrait, package_ids: &[i64]) -> Result<Vec<i64>, DbErr> {
    let mut images = BTreeSet::new();
    for batch in package_ids.chunks(BATCH) {
        let found: Vec<i64> = image_package::Entity::find()
            .select_only()
            .column(image_package::Column::ImageId)
            .distinct()
            .filter(image_package::Column::PackageId.is_in(batch.iter().copied()))
            .filter(image_package::Column::Until.is_null())
            .into_tuple()
            .all(connection)
            .await?;
        images.extend(found);
    }
    Ok(images.into_iter().collect())
}

/// Counts again what these images have and decides their security status anew, in the caller's transaction. Images that
/// were never scanned are left alone.
///
/// # Errors
/// When the database refuses.
pub async fn recount(tx: &impl ConnectionTrait, image_ids: &[i64], _now: Timestamp) -> Result<(), DbErr> {
    let loaded = loaded_ecosystems(tx).await?;
    for batch in image_ids.chunks(BATCH) {
        for row in
            image::Entity::find().filter(image::Column::Id.is_in(batch.iter().copied())).all(tx).await?
        {
            if row.last_scanned_at.is_zero() {
                continue;
            }
            let mut gaps = ecosystem_gaps(tx, row.id, &loaded).await?;
            let stored: Vec<String> = serde_json::from_str(&row.not_assessed).unwrap_or_default();
            gaps.extend(stored.into_iter().filter(|gap| !gap.starts_with(NO_ADVISORIES)));
            let counts = count(tx, row.id).await?;
            let change = rated(tx, row, &counts, &gaps).await?;
            change.update(tx).await?;
        }
    }
    Ok(())
}

/// `row` with these counts and gaps, and the status that follows from them.
pub(super) async fn rated(
    tx: &impl ConnectionTrait,
    row: image::Model,
    counts: &Counts,
    gaps: &[String],
) -> Result<image::ActiveModel, DbErr> {
    let has_os_packages = ecosystems(tx, row.id).await?.contains(&row.ecosystem);
    let warnings: Vec<serde_json::Value> = serde_json::from_str(&row.warnings).unwrap_or_default();
    let facts = Facts {
        counts,
        distro: &row.distro,
        ecosystem: &row.ecosystem,
        has_os_packages,
        gaps,
        warnings: warnings.len(),
    };
    let (status, reason) = match (row.scan_status, security(&facts)) {
        // Results of an earlier scan speak for a risk, never for safety.
        (ScanStatus::Failed, (lazaret_entities::image::SecurityStatus::Safe, _)) => (
            lazaret_entities::image::SecurityStatus::Unknown,
            format!("the last scan failed: {}", row.scan_error),
        ),
        (_, decided) => decided,
    };
    let mut row = row.into_active_model();
    row.critical = Set(counts.critical);
    row.high = Set(counts.high);
    row.medium = Set(counts.medium);
    row.low = Set(counts.low);
    row.unknown = Set(counts.unknown);
    row.fixable_critical = Set(counts.fixable_critical);
    row.fixable_high = Set(counts.fixable_high);
    row.risk_rank = Set(counts.risk_rank());
    row.not_assessed = Set(serde_json::Value::from(gaps.to_vec()).to_string());
    row.security_status = Set(status);
    row.security_reason = Set(reason);
    Ok(row)
}

/// The distinct vulnerabilities of an image's packages.
pub(super) async fn count(tx: &impl ConnectionTrait, image_id: i64) -> Result<Counts, DbErr> {
    let rows: Vec<(i64, Severity, bool, String)> = package_vulnerability::Entity::find()
        .select_only()
        .columns([
            package_vulnerability::Column::VulnerabilityId,
            package_vulnerability::Column::Severity,
            package_vulnerability::Column::Unimportant,
            package_vulnerability::Column::FixedVersions,
        ])
        .join(sea_orm::JoinType::InnerJoin, package_vulnerability::Relation::Package.def())
        .join(sea_orm::JoinType::InnerJoin, image_package::Relation::Package.def().rev())
        .filter(package_vulnerability::Column::Until.is_null())
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .into_tuple()
        .all(tx)
        .await?;
    let mut vulnerabilities: BTreeMap<i64, (Severity, bool)> = BTreeMap::new();
    for (id, severity, unimportant, fixed) in rows {
        let entry = vulnerabilities.entry(id).or_insert((Severity::Unknown, false));
        entry.0 = entry.0.max(effective(severity, unimportant));
        entry.1 |= fixed != "[]" && !fixed.is_empty();
    }
    let mut counts = Counts::default();
    for (severity, fixable) in vulnerabilities.into_values() {
        counts.add(severity, fixable);
    }
    Ok(counts)
}

/// The ecosystems, with release, of the packages that an image has.
async fn ecosystems(connection: &impl ConnectionTrait, image_id: i64) -> Result<BTreeSet<String>, DbErr> {
    let found: Vec<String> = package::Entity::find()
        .select_only()
        .column(package::Column::Ecosystem)
        .distinct()
        .join(sea_orm::JoinType::InnerJoin, image_package::Relation::Package.def().rev())
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(found.into_iter().collect())
}

async fn ecosystem_gaps(
    connection: &impl ConnectionTrait,
    image_id: i64,
    loaded: &BTreeSet<String>,
) -> Result<Vec<String>, DbErr> {
    let ecosystems = ecosystems(connection, image_id).await?;
    let gaps = ecosystems.into_iter().filter(|ecosystem| !loaded.contains(base_name(ecosystem)));
    Ok(gaps.map(|ecosystem| format!("{NO_ADVISORIES}{ecosystem}")).collect())
}

/// Base names of the ecosystems whose advisories are in the store.
async fn loaded_ecosystems(connection: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    let found: Vec<String> = advisory_set::Entity::find()
        .select_only()
        .column(advisory_set::Column::Ecosystem)
        .filter(advisory_set::Column::Records.gt(0))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(found.into_iter().collect())
}

/// `Debian:11` -> `Debian`.
fn base_name(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or(ecosystem)
}
