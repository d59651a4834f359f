//! The counts and the security status that stand on an image's row, from the findings of the store.

use std::collections::{BTreeMap, BTreeSet};

use lazaret_entities::image::ScanStatus;
use lazaret_entities::image_package::SetAside;
use lazaret_entities::{
    Category, EventType, Severity, Timestamp, image, image_category, image_package, malware_finding, package,
    package_vulnerability, secret_finding, vulnerability,
};
use lazaret_scanner::catalog::Evidence;
use lazaret_scanner::image::ImagePackage;
use lazaret_scanner::layer::Warning;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Set,
};
use serde_json::json;

use super::status::{ByCategory, Counts, Facts, Searched, effective, security};
use super::{categories, malware};
use crate::advisories::{self, AdvisoryError, Gap, Refreshed};
use crate::allow::Allowed;
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
            recount(&*tx, batch, store.clock().now()).await?;
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

/// Counts again what these images have and decides their security status anew, in the caller's transaction: after a scan,
/// after advisories or allow rules changed. Malicious packages become malware here. Images that were never scanned are
/// left alone.
///
/// # Errors
/// When the database refuses.
pub async fn recount(
    tx: &impl ConnectionTrait,
    image_ids: &[i64],
    now: Timestamp,
) -> Result<(), AdvisoryError> {
    if image_ids.is_empty() {
        return Ok(());
    }
    let allowed = Allowed::load(tx, now).await?;
    for batch in image_ids.chunks(BATCH) {
        let rows = image::Entity::find()
            .filter(image::Column::Id.is_in(batch.iter().copied()))
            .filter(image::Column::LastScannedAt.ne(Timestamp::ZERO))
            .order_by_asc(image::Column::Id)
            .all(tx)
            .await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let with_packages: Vec<i64> = have_packages(tx, &ids).await?.into_iter().collect();
        malware::advisories::renew(tx, &with_packages, &allowed, now).await?;
        let mut counts = found(tx, &ids).await?;
        for id in &ids {
            counts.entry(*id).or_default().vulnerabilities = vulnerabilities(tx, *id).await?;
        }
        store_counts(tx, &counts).await?;
        let searched = categories::of_images(tx, &ids).await?;
        let nothing = BTreeMap::new();
        for row in rows {
            let packages = packages(tx, row.id).await?;
            let coverage = advisories::coverage(tx, &packages).await?;
            let gaps: Vec<Gap> = coverage.into_iter().flat_map(|covered| covered.not_assessed).collect();
            let has_os_packages = packages.iter().any(|package| package.ecosystem == row.ecosystem);
            let counts = counts.get(&row.id).copied().unwrap_or_default();
            let searched = searched.get(&row.id).unwrap_or(&nothing);
            rated(row, &counts, searched, &gaps, has_os_packages)?.update(tx).await?;
        }
    }
    Ok(())
}

/// `row` with these counts and gaps, and the status that follows from them.
fn rated(
    row: image::Model,
    counts: &ByCategory,
    known: &BTreeMap<Category, image_category::Model>,
    gaps: &[Gap],
    has_os_packages: bool,
) -> Result<image::ActiveModel, DbErr> {
    let sentences: Vec<String> = gaps.iter().map(Gap::sentence).collect();
    let mut searched = BTreeMap::new();
    for (category, known) in known.iter().filter(|(_, known)| !known.last_scanned_at.is_zero()) {
        let warnings: Vec<Warning> = match category {
            Category::Vulnerability => read_json("images.warnings", row.id, &row.warnings)?,
            _ => read_json("image_categories.warnings", row.id, &known.warnings)?,
        };
        searched.insert(*category, Searched { error: &known.error, warnings: warnings.len() });
    }
    let (status, reason) = security(&Facts {
        counts,
        searched: &searched,
        distro: &row.distro,
        ecosystem: &row.ecosystem,
        has_os_packages,
        gaps: &sentences,
    });
    let mut row = row.into_active_model();
    let vulnerabilities = &counts.vulnerabilities;
    row.critical = Set(vulnerabilities.critical);
    row.high = Set(vulnerabilities.high);
    row.medium = Set(vulnerabilities.medium);
    row.low = Set(vulnerabilities.low);
    row.unknown = Set(vulnerabilities.unknown);
    row.fixable_critical = Set(vulnerabilities.fixable_critical);
    row.fixable_high = Set(vulnerabilities.fixable_high);
    row.secrets = Set(counts.secrets.total());
    row.malware = Set(counts.malware.total());
    row.categories_at_risk = Set(counts.at_risk());
    row.risk_rank = Set(counts.risk_rank());
    row.not_assessed = Set(json!(gaps).to_string());
    row.security_status = Set(status);
    row.security_reason = Set(reason);
    Ok(row)
}

/// The distinct vulnerabilities of an image's packages. What says that a package is malicious is none.
async fn vulnerabilities(tx: &impl ConnectionTrait, image_id: i64) -> Result<Counts, DbErr> {
    let rows: Vec<(i64, Severity, bool, String)> = package_vulnerability::Entity::find()
        .select_only()
        .columns([
            package_vulnerability::Column::VulnerabilityId,
            package_vulnerability::Column::Severity,
            package_vulnerability::Column::Unimportant,
            package_vulnerability::Column::FixedVersions,
        ])
        .join(JoinType::InnerJoin, package_vulnerability::Relation::Package.def())
        .join(JoinType::InnerJoin, package_vulnerability::Relation::Vulnerability.def())
        .join(JoinType::InnerJoin, image_package::Relation::Package.def().rev())
        .filter(package_vulnerability::Column::Until.is_null())
        .filter(vulnerability::Column::Malicious.eq(false))
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

/// The secrets and malware of images that count: each secret once, each file once, by the worst that is said of it.
async fn found(tx: &impl ConnectionTrait, images: &[i64]) -> Result<BTreeMap<i64, ByCategory>, DbErr> {
    use malware_finding::Column as M;
    use secret_finding::Column as S;
    let mut counts: BTreeMap<i64, ByCategory> = BTreeMap::new();
    let secrets: Vec<(i64, String, Severity)> = secret_finding::Entity::find()
        .select_only()
        .columns([S::ImageId, S::Fingerprint])
        .column_as(S::Severity.max(), "worst")
        .filter(S::ImageId.is_in(images.iter().copied()))
        .filter(S::Until.is_null())
        .filter(S::AllowedBy.is_null())
        .group_by(S::ImageId)
        .group_by(S::Fingerprint)
        .into_tuple()
        .all(tx)
        .await?;
    for (image, _, severity) in secrets {
        counts.entry(image).or_default().secrets.add(severity, false);
    }
    let malware: Vec<(i64, i32, String, Severity)> = malware_finding::Entity::find()
        .select_only()
        .columns([M::ImageId, M::Layer, M::Place])
        .column_as(M::Severity.max(), "worst")
        .filter(M::ImageId.is_in(images.iter().copied()))
        .filter(M::Until.is_null())
        .filter(M::AllowedBy.is_null())
        .group_by(M::ImageId)
        .group_by(M::Layer)
        .group_by(M::Place)
        .into_tuple()
        .all(tx)
        .await?;
    for (image, _, _, severity) in malware {
        counts.entry(image).or_default().malware.add(severity, false);
    }
    Ok(counts)
}

/// Writes the counts to the categories of the images. What was never searched for may have counts all the same: packages
/// tell of malware.
async fn store_counts(tx: &impl ConnectionTrait, counts: &BTreeMap<i64, ByCategory>) -> Result<(), DbErr> {
    use image_category::Column as C;
    let each = |(image, counts): (&i64, &ByCategory)| {
        Category::ALL.map(|category| {
            let mut row = categories::fresh(*image, category, ScanStatus::Unscanned);
            let counts = counts.of(category);
            row.critical = Set(counts.critical);
            row.high = Set(counts.high);
            row.medium = Set(counts.medium);
            row.low = Set(counts.low);
            row.unknown = Set(counts.unknown);
            row
        })
    };
    let rows: Vec<image_category::ActiveModel> = counts.iter().flat_map(each).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let update = OnConflict::columns([C::ImageId, C::Category])
        .update_columns([C::Critical, C::High, C::Medium, C::Low, C::Unknown])
        .to_owned();
    image_category::Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await?;
    Ok(())
}

/// Those of the images whose packages were ever stored.
pub(super) async fn have_packages(
    connection: &impl ConnectionTrait,
    images: &[i64],
) -> Result<BTreeSet<i64>, DbErr> {
    let rows: Vec<i64> = image_package::Entity::find()
        .select_only()
        .column(image_package::Column::ImageId)
        .distinct()
        .filter(image_package::Column::ImageId.is_in(images.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
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
