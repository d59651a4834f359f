//! The counts and the security status that stand on an image's row, from the packages and matches of the store.

use std::collections::BTreeMap;

use lazaret_entities::image::{ScanStatus, SecurityStatus};
use lazaret_entities::image_package::SetAside;
use lazaret_entities::{EventType, Severity, image, image_package, package, package_vulnerability};
use lazaret_scanner::catalog::Evidence;
use lazaret_scanner::image::ImagePackage;
use lazaret_scanner::layer::Warning;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QuerySelect, RelationTrait, Set,
};
use serde_json::json;

use super::status::{Counts, Facts, effective, security};
use crate::advisories::{self, AdvisoryError, Gap, Refreshed};
use crate::events;
use crate::store::{Store, read_json};

/// Images of one transaction: other writers get their turn between two.
const BATCH: usize = 100;

/// Follows up on advisory sets that were loaded: counts the images again that they concern, and tells of it.
///
/// # Errors
/// When the store fails. What was counted until then stays.
pub async fn settle(store: &Store, refreshed: &[Refreshed]) -> Result<(), AdvisoryError> {
    for set in refreshed {
        for batch in set.images.chunks(BATCH) {
            let tx = store.begin_write().await?;
            recount(&*tx, batch).await?;
            tx.commit().await?;
        }
        let tx = store.begin_write().await?;
        let payload = json!({
            "ecosystem": set.imported.ecosystem,
            "images": set.images.len(),
            "packages": set.rematched.packages,
            "opened": set.rematched.opened,
            "closed": set.rematched.closed,
        });
        let subject = format!("AdvisorySet:{}", set.imported.ecosystem);
        events::record(&*tx, EventType::DataRefreshed, &subject, &payload, store.clock().now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Counts again what these images have and decides their security status anew, in the caller's transaction. Images that
/// were never scanned are left alone.
///
/// # Errors
/// When the database refuses.
pub async fn recount(tx: &impl ConnectionTrait, image_ids: &[i64]) -> Result<(), AdvisoryError> {
    for batch in image_ids.chunks(BATCH) {
        for row in
            image::Entity::find().filter(image::Column::Id.is_in(batch.iter().copied())).all(tx).await?
        {
            let packages = packages(tx, row.id).await?;
            if row.last_scanned_at.is_zero() {
                continue;
            }
            let coverage = advisories::coverage(tx, &packages).await?;
            let gaps: Vec<Gap> = coverage.into_iter().flat_map(|covered| covered.not_assessed).collect();
            let counts = count(tx, row.id).await?;
            let has_os_packages = packages.iter().any(|package| package.ecosystem == row.ecosystem);
            rated(row, &counts, &gaps, has_os_packages)?.update(tx).await?;
        }
    }
    Ok(())
}

/// `row` with these counts and gaps, and the status that follows from them.
fn rated(
    row: image::Model,
    counts: &Counts,
    gaps: &[Gap],
    has_os_packages: bool,
) -> Result<image::ActiveModel, DbErr> {
    let warnings: Vec<Warning> = read_json("images.warnings", row.id, &row.warnings)?;
    let sentences: Vec<String> = gaps.iter().map(Gap::sentence).collect();
    let facts = Facts {
        counts,
        distro: &row.distro,
        ecosystem: &row.ecosystem,
        has_os_packages,
        gaps: &sentences,
        warnings: warnings.len(),
    };
    let (mut status, mut reason) = security(&facts);
    if row.scan_status == ScanStatus::Failed && status == SecurityStatus::Safe {
        // Results of an earlier scan speak for a risk, never for safety.
        status = SecurityStatus::Unknown;
        reason = format!("the last scan failed: {}", row.scan_error);
    }
    let mut row = row.into_active_model();
    row.critical = Set(counts.critical);
    row.high = Set(counts.high);
    row.medium = Set(counts.medium);
    row.low = Set(counts.low);
    row.unknown = Set(counts.unknown);
    row.fixable_critical = Set(counts.fixable_critical);
    row.fixable_high = Set(counts.fixable_high);
    row.risk_rank = Set(counts.risk_rank());
    row.not_assessed = Set(json!(gaps).to_string());
    row.security_status = Set(status);
    row.security_reason = Set(reason);
    Ok(row)
}

/// The distinct vulnerabilities of an image's packages.
async fn count(tx: &impl ConnectionTrait, image_id: i64) -> Result<Counts, DbErr> {
    let rows: Vec<(i64, Severity, bool, String)> = package_vulnerability::Entity::find()
        .select_only()
        .columns([
            package_vulnerability::Column::VulnerabilityId,
            package_vulnerability::Column::Severity,
            package_vulnerability::Column::Unimportant,
            package_vulnerability::Column::FixedVersions,
        ])
        .join(JoinType::InnerJoin, package_vulnerability::Relation::Package.def())
        .join(JoinType::InnerJoin, image_package::Relation::Package.def().rev())
        .filter(package_vulnerability::Column::Until.is_null())
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .filter(image_package::Column::SetAside.eq(SetAside::No))
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

/// The packages that an image has now and that count, as the advisories are asked about them.
async fn packages(connection: &impl ConnectionTrait, image_id: i64) -> Result<Vec<ImagePackage>, DbErr> {
    let rows = package::Entity::find()
        .join(JoinType::InnerJoin, image_package::Relation::Package.def().rev())
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .filter(image_package::Column::SetAside.ne(SetAside::Lockfile))
        .all(connection)
        .await?;
    let mut packages: Vec<ImagePackage> = rows
        .into_iter()
        .map(|row| ImagePackage {
            ecosystem: row.ecosystem,
            name: row.name,
            version: row.version,
            source_name: row.source_name,
            source_version: row.source_version,
            arch: row.arch,
            // Neither format nor place decides what an advisory says.
            module: row.module,
            licenses: String::new(),
            format: None,
            evidence: Evidence::Installed,
            layer: 0,
            path: String::new(),
        })
        .collect();
    packages.sort();
    packages.dedup();
    Ok(packages)
}
