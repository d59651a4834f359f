//! Matches stored packages: once per distinct package, whatever the number of images that have it.

use std::collections::{BTreeMap, HashMap};

use lazaret_entities::{Timestamp, image_package, package, package_vulnerability, vulnerability};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Set,
};

use super::candidates::{self, Subject};
use super::choose::choose;
use super::error::AdvisoryError;
use super::parsed::Rating;
use crate::store::Store;

/// Packages of one transaction: other writers get their turn between two.
const PACKAGES: usize = 500;
const KEYS: usize = 5000;

/// What matching again changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rematched {
    /// Packages that were matched.
    pub packages: u64,
    /// Matches that are new.
    pub opened: u64,
    /// Matches that no longer hold.
    pub closed: u64,
    /// Matches that still hold but tell something else (a fix, a severity).
    pub changed: u64,
    /// Packages that could not be assessed, each with the reason.
    pub not_assessed: Vec<(i64, String)>,
}

/// A match as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    advisory_id: i64,
    fixed_versions: String,
    rating: Rating,
    unimportant: bool,
}

/// Matches the given stored packages against the stored advisories, inside the caller's transaction: opens what is
/// new with `now`, closes with `now` what no longer holds, and brings the rest up to date.
pub async fn rematch_packages(
    tx: &impl ConnectionTrait,
    package_ids: &[i64],
    now: Timestamp,
) -> Result<Rematched, AdvisoryError> {
    let mut total = Rematched::default();
    for ids in package_ids.chunks(PACKAGES) {
        let packages =
            package::Entity::find().filter(package::Column::Id.is_in(ids.iter().copied())).all(tx).await?;
        total.packages += packages.len() as u64;
        let wanted = wanted(tx, &packages, &mut total.not_assessed).await?;
        reconcile(tx, ids, wanted, now, &mut total).await?;
        package::Entity::update_many()
            .col_expr(package::Column::MatchedAt, Expr::value(now))
            .filter(package::Column::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(total)
}

/// Matches every stored package of an ecosystem (a base name) again, in transactions of some hundred packages.
pub async fn rematch_ecosystem(store: &Store, ecosystem: &str) -> Result<Rematched, AdvisoryError> {
    let mut total = Rematched::default();
    let mut after = 0;
    loop {
        let ids: Vec<i64> = package::Entity::find()
            .select_only()
            .column(package::Column::Id)
            .filter(of_ecosystem(ecosystem))
            .filter(package::Column::Id.gt(after))
            .order_by_asc(package::Column::Id)
            .limit(PACKAGES as u64)
            .into_tuple()
            .all(store.read())
            .await?;
        let Some(last) = ids.last() else { return Ok(total) };
        after = *last;
        let now = store.clock().now();
        let part =
            store.write_tx(move |tx| Box::pin(async move { rematch_packages(tx, &ids, now).await })).await?;
        total.packages += part.packages;
        total.opened += part.opened;
        total.closed += part.closed;
        total.changed += part.changed;
        total.not_assessed.extend(part.not_assessed);
    }
}

/// The images that now have a package of an ecosystem (a base name), by key.
pub async fn images_with(conn: &impl ConnectionTrait, ecosystem: &str) -> Result<Vec<i64>, DbErr> {
    image_package::Entity::find()
        .select_only()
        .column(image_package::Column::ImageId)
        .distinct()
        .join(JoinType::InnerJoin, image_package::Relation::Package.def())
        .filter(of_ecosystem(ecosystem))
        .filter(image_package::Column::Until.is_null())
        .order_by_asc(image_package::Column::ImageId)
        .into_tuple()
        .all(conn)
        .await
}

/// The ecosystem itself or any of its releases; a range and not LIKE, whose index use and case differ by database.
fn of_ecosystem(base: &str) -> Condition {
    let releases = package::Column::Ecosystem.gte(format!("{base}:"));
    Condition::any()
        .add(package::Column::Ecosystem.eq(base))
        .add(Condition::all().add(releases).add(package::Column::Ecosystem.lt(format!("{base};"))))
}

/// What the advisories say of each package, by package and vulnerability.
async fn wanted(
    tx: &impl ConnectionTrait,
    packages: &[package::Model],
    not_assessed: &mut Vec<(i64, String)>,
) -> Result<BTreeMap<(i64, i64), Wanted>, AdvisoryError> {
    let mut places: BTreeMap<Subject, Vec<i64>> = BTreeMap::new();
    for package in packages {
        let subject = Subject {
            ecosystem: package.ecosystem.clone(),
            name: package.match_name.clone(),
            version: package.match_version.clone(),
            module: package.module.clone(),
        };
        places.entry(subject).or_default().push(package.id);
    }
    let (subjects, places): (Vec<Subject>, Vec<Vec<i64>>) = places.into_iter().unzip();
    let found = candidates::find(tx, &subjects).await?;
    let mut ids: Vec<i64> = found.candidates.keys().map(|(_, vulnerability)| *vulnerability).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut general: HashMap<i64, Rating> = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(KEYS) {
        let rows = vulnerability::Entity::find()
            .filter(vulnerability::Column::Id.is_in(chunk.iter().copied()))
            .all(tx)
            .await?;
        let ratings = rows
            .into_iter()
            .map(|row| (row.id, Rating { severity: row.severity, source: row.severity_source }));
        general.extend(ratings);
    }
    let mut wanted = BTreeMap::new();
    for ((subject, vulnerability), candidates) in found.candidates {
        let general = general.get(&vulnerability).cloned().unwrap_or_default();
        let Some(chosen) = choose(candidates, &general) else { continue };
        let row = Wanted {
            advisory_id: chosen.advisory.advisory_id,
            fixed_versions: serde_json::to_string(&chosen.advisory.fixed).unwrap_or_else(|_| "[]".to_owned()),
            rating: chosen.rating,
            unimportant: chosen.advisory.unimportant,
        };
        wanted.extend(places[subject].iter().map(|package| ((*package, vulnerability), row.clone())));
    }
    for (subject, reason) in found.not_assessed {
        not_assessed.extend(places[subject].iter().map(|package| (*package, reason.clone())));
    }
    Ok(wanted)
}

async fn reconcile(
    tx: &impl ConnectionTrait,
    packages: &[i64],
    mut wanted: BTreeMap<(i64, i64), Wanted>,
    now: Timestamp,
    total: &mut Rematched,
) -> Result<(), AdvisoryError> {
    use package_vulnerability::Column as C;
    let open = package_vulnerability::Entity::find()
        .filter(C::PackageId.is_in(packages.iter().copied()))
        .filter(C::Until.is_null())
        .order_by_asc(C::Since)
        .all(tx)
        .await?;
    let mut over = Vec::new();
    for row in open {
        let Some(want) = wanted.remove(&(row.package_id, row.vulnerability_id)) else {
            over.push(row.id);
            continue;
        };
        let is = Wanted {
            advisory_id: row.advisory_id,
            fixed_versions: row.fixed_versions.clone(),
            rating: Rating { severity: row.severity, source: row.severity_source.clone() },
            unimportant: row.unimportant,
        };
        if is != want {
            // The match itself goes on: `since` says when the package was first known to be vulnerable.
            let mut row = package_vulnerability::ActiveModel::from(row);
            row.advisory_id = Set(want.advisory_id);
            row.fixed_versions = Set(want.fixed_versions);
            row.severity = Set(want.rating.severity);
            row.severity_source = Set(want.rating.source);
            row.unimportant = Set(want.unimportant);
            row.update(tx).await?;
            total.changed += 1;
        }
    }
    for ids in over.chunks(KEYS) {
        package_vulnerability::Entity::update_many()
            .col_expr(C::Until, Expr::value(now))
            .filter(C::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    total.closed += over.len() as u64;
    total.opened += wanted.len() as u64;
    let rows: Vec<_> = wanted
        .into_iter()
        .map(|((package_id, vulnerability_id), want)| package_vulnerability::ActiveModel {
            package_id: Set(package_id),
            vulnerability_id: Set(vulnerability_id),
            advisory_id: Set(want.advisory_id),
            fixed_versions: Set(want.fixed_versions),
            severity: Set(want.rating.severity),
            severity_source: Set(want.rating.source),
            unimportant: Set(want.unimportant),
            since: Set(now),
            until: Set(None),
            ..Default::default()
        })
        .collect();
    for chunk in rows.chunks(1000) {
        package_vulnerability::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}
