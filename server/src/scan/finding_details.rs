//! What belongs to the findings of a page: one query per table.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use lazaret_entities::{
    advisory, image_layer, image_package, layer, package, package_vulnerability, vulnerability,
    vulnerability_id,
};
use lazaret_scanner::version::compare;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::image_vulnerabilities::{FindingPlace, ImageFinding, Row, Statement};
use crate::store::{page::Page, read_json};

/// Reads what belongs to the rows of a page, one query per table.
pub(super) async fn complete(
    conn: &impl ConnectionTrait,
    image_id: i64,
    page: Page<Row>,
) -> Result<Page<ImageFinding>, DbErr> {
    let vulnerability_ids: Vec<i64> = page.items.iter().map(|(_, row)| row.vulnerability_id).collect();
    let package_ids: Vec<i64> = page.items.iter().map(|(_, row)| row.package_id).collect();
    let vulnerabilities: BTreeMap<i64, vulnerability::Model> = vulnerability::Entity::find()
        .filter(vulnerability::Column::Id.is_in(vulnerability_ids.clone()))
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let packages: BTreeMap<i64, package::Model> = package::Entity::find()
        .filter(package::Column::Id.is_in(package_ids.clone()))
        .all(conn)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let mut identifiers: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in vulnerability_id::Entity::find()
        .filter(vulnerability_id::Column::VulnerabilityId.is_in(vulnerability_ids.clone()))
        .all(conn)
        .await?
    {
        identifiers.entry(row.vulnerability_id).or_default().push(row.identifier);
    }
    let layers: BTreeMap<i32, (String, String)> = image_layer::Entity::find()
        .find_also_related(layer::Entity)
        .filter(image_layer::Column::ImageId.eq(image_id))
        .all(conn)
        .await?
        .into_iter()
        .map(|(place, layer)| {
            (place.position, (layer.map(|layer| layer.diff_id).unwrap_or_default(), place.created_by))
        })
        .collect();
    let mut places: BTreeMap<i64, Vec<FindingPlace>> = BTreeMap::new();
    for row in image_package::Entity::find()
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .filter(image_package::Column::PackageId.is_in(package_ids.clone()))
        .all(conn)
        .await?
    {
        let (diff_id, created_by) = layers.get(&row.layer).cloned().unwrap_or_default();
        let place = FindingPlace { path: row.path, layer: row.layer, diff_id, created_by };
        places.entry(row.package_id).or_default().push(place);
    }
    let matches = package_vulnerability::Entity::find()
        .filter(package_vulnerability::Column::VulnerabilityId.is_in(vulnerability_ids))
        .filter(package_vulnerability::Column::PackageId.is_in(package_ids))
        .filter(package_vulnerability::Column::Until.is_null())
        .order_by_asc(package_vulnerability::Column::Id)
        .all(conn)
        .await?;
    let statements = statements(conn, matches.iter().map(|row| row.advisory_id).collect()).await?;
    let mut stated: BTreeMap<(i64, i64), Vec<package_vulnerability::Model>> = BTreeMap::new();
    for row in matches {
        stated.entry((row.vulnerability_id, row.package_id)).or_default().push(row);
    }
    let mut items = Vec::with_capacity(page.items.len());
    for (position, row) in page.items {
        let (Some(vulnerability), Some(package)) =
            (vulnerabilities.get(&row.vulnerability_id), packages.get(&row.package_id))
        else {
            continue;
        };
        let matches = stated.remove(&(row.vulnerability_id, row.package_id)).unwrap_or_default();
        let mut aliases = identifiers.get(&row.vulnerability_id).cloned().unwrap_or_default();
        aliases.retain(|identifier| *identifier != vulnerability.display_id);
        aliases.sort_unstable();
        let worst = matches.iter().find(|stated| stated.severity == row.severity);
        let finding = ImageFinding {
            image_id,
            aliases,
            places: places.get(&row.package_id).cloned().unwrap_or_default(),
            severity: row.severity,
            severity_source: worst.map(|stated| stated.severity_source.clone()).unwrap_or_default(),
            unimportant: !matches.is_empty() && matches.iter().all(|stated| stated.unimportant),
            fixed_versions: fixed_versions(&package.ecosystem, &matches)?,
            set_aside: row.set_aside,
            first_detected_at: row.since,
            statements: matches
                .iter()
                .filter_map(|stated| statements.get(&stated.advisory_id).cloned())
                .collect(),
            vulnerability: vulnerability.clone(),
            package: package.clone(),
        };
        items.push((position, finding));
    }
    Ok(Page { items, has_next: page.has_next, has_previous: page.has_previous })
}

/// The heads of advisories, without their long texts.
async fn statements(conn: &impl ConnectionTrait, ids: Vec<i64>) -> Result<BTreeMap<i64, Statement>, DbErr> {
    let rows = advisory::Entity::find()
        .select_only()
        .column_as(advisory::Column::Id, "advisory_id")
        .columns([
            advisory::Column::OsvId,
            advisory::Column::Ecosystem,
            advisory::Column::Url,
            advisory::Column::Published,
            advisory::Column::Modified,
        ])
        .filter(advisory::Column::Id.is_in(ids))
        .into_model::<Statement>()
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.advisory_id, row)).collect())
}

/// The versions that any advisory names, each once, lowest first.
pub fn fixed_versions<'a>(
    ecosystem: &str,
    matches: impl IntoIterator<Item = &'a package_vulnerability::Model>,
) -> Result<Vec<String>, DbErr> {
    let mut all: Vec<String> = Vec::new();
    for stated in matches {
        let versions: Vec<String> =
            read_json("package_vulnerabilities.fixed_versions", stated.id, &stated.fixed_versions)?;
        all.extend(versions);
    }
    let mut seen = BTreeSet::new();
    all.retain(|version| seen.insert(version.clone()));
    // A version that cannot be read has no place in an order: then the advisories' own order stays.
    if all.iter().all(|version| compare(ecosystem, version, version).is_ok()) {
        all.sort_by(|a, b| compare(ecosystem, a, b).unwrap_or(Ordering::Equal));
    }
    Ok(all)
}
