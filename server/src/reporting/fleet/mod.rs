//! The report on all images, from the store. The database counts; what is loaded grows with distinct packages and
//! vulnerabilities, not with images.

mod found;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lazaret_entities::container::ContainerState;
use lazaret_entities::image::{ScanStatus, SecurityStatus};
use lazaret_entities::{
    Category, Severity as StoredSeverity, Timestamp, advisory_set, container, host, image, tag,
};
use lazaret_reports::model::{
    Counts, CoverageGap, Fix, FleetImage, FleetReport, FleetTotals, FleetVulnerability, Severity,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, Statement,
};

use crate::advisories::Gap;
use crate::store::read_json;

use found::Standing;

use crate::reporting::image::base_name;
use crate::reporting::{ReportingError, compare_versions, count, optional_time, positive, severity, time};

/// How many upgrades and vulnerabilities the report lists: what a person can act on.
const LISTED: usize = 50;

/// A match in a package that some live image has.
#[derive(Debug, FromQueryResult)]
struct Match {
    package_id: i64,
    ecosystem: String,
    name: String,
    source_name: String,
    source_version: String,
    vulnerability_id: i64,
    display_id: String,
    summary: String,
    severity: StoredSeverity,
    unimportant: bool,
    fixed_versions: String,
}

/// A package in a live image.
#[derive(Debug, FromQueryResult)]
struct Place {
    package_id: i64,
    image_id: i64,
}

/// The report on all images as of `now`.
///
/// # Errors
/// The store did not answer.
pub async fn fleet_report(
    conn: &impl ConnectionTrait,
    now: Timestamp,
) -> Result<FleetReport, ReportingError> {
    let images = image::Entity::find()
        .filter(image::Column::GoneAt.is_null())
        .order_by_desc(image::Column::RiskRank)
        .order_by_asc(image::Column::Name)
        .order_by_asc(image::Column::Id)
        .all(conn)
        .await?;
    let tags = tag_counts(conn).await?;
    let matches = matches(conn).await?;
    let places = places(conn).await?;
    let vulnerabilities = vulnerabilities(&matches, &places);
    let mut totals = totals(conn, &images, &vulnerabilities).await?;
    let (found, standing) = (found::found(conn).await?, found::standing(conn).await?);
    found.count(&mut totals, &images, &standing);
    let mut listed = vulnerabilities;
    listed.sort_by(|a, b| (a.severity, b.images, &a.id).cmp(&(b.severity, a.images, &b.id)));
    listed.truncate(LISTED);
    Ok(FleetReport {
        generated_at: time(now),
        tool: crate::reporting::tool(),
        scope: "All images".to_owned(),
        totals,
        fixes: fixes(&matches, &places)?,
        vulnerabilities: listed,
        secrets: found.secrets,
        malware: found.malware,
        coverage: coverage(conn, &images).await?,
        images: images
            .iter()
            .map(|image| view(image, tags.get(&image.id).copied().unwrap_or(0), &standing))
            .collect(),
    })
}

fn view(row: &image::Model, tags: u64, standing: &Standing) -> FleetImage {
    FleetImage {
        id: row.digest.clone(),
        name: row.name.clone(),
        more_tags: tags.saturating_sub(1),
        os: row.distro.clone(),
        size: positive(row.size),
        hosts: positive(row.hosts_count),
        containers: positive(row.containers_count),
        counts: counts(row),
        secrets: standing.counts(row.id, Category::Secret),
        malware: standing.counts(row.id, Category::Malware),
        fixable: positive(row.fixable_critical) + positive(row.fixable_high),
        security_status: crate::reporting::image::security_status(row.security_status),
        security_reason: row.security_reason.clone(),
        scan_status: crate::reporting::image::scan_status(row.scan_status),
        scan_error: row.scan_error.clone(),
        scanned_at: optional_time(row.last_scanned_at),
    }
}

fn counts(row: &image::Model) -> Counts {
    Counts {
        critical: positive(row.critical),
        high: positive(row.high),
        medium: positive(row.medium),
        low: positive(row.low),
        unknown: positive(row.unknown),
    }
}

async fn tag_counts(conn: &impl ConnectionTrait) -> Result<HashMap<i64, u64>, DbErr> {
    let mut seen = BTreeSet::new();
    for tag in tag::Entity::find().filter(tag::Column::GoneAt.is_null()).all(conn).await? {
        seen.insert((tag.image_id, tag.reference));
    }
    let mut counts = HashMap::new();
    for (image_id, _) in seen {
        *counts.entry(image_id).or_insert(0) += 1;
    }
    Ok(counts)
}

async fn matches(conn: &impl ConnectionTrait) -> Result<Vec<Match>, DbErr> {
    let sql = "SELECT m.package_id, p.ecosystem, p.name, p.source_name, p.source_version, m.vulnerability_id, \
               v.display_id, v.summary, m.severity, m.unimportant, m.fixed_versions \
               FROM package_vulnerabilities m \
               JOIN packages p ON p.id = m.package_id \
               JOIN vulnerabilities v ON v.id = m.vulnerability_id \
               WHERE m.until IS NULL AND NOT v.malicious AND EXISTS (SELECT 1 FROM image_packages ip \
               JOIN images i ON i.id = ip.image_id WHERE ip.package_id = m.package_id AND ip.until IS NULL \
               AND ip.set_aside = '' AND i.gone_at IS NULL)";
    Match::find_by_statement(Statement::from_string(conn.get_database_backend(), sql)).all(conn).await
}

async fn places(conn: &impl ConnectionTrait) -> Result<HashMap<i64, BTreeSet<i64>>, DbErr> {
    let sql = "SELECT DISTINCT ip.package_id, ip.image_id FROM image_packages ip \
               JOIN images i ON i.id = ip.image_id \
               WHERE ip.until IS NULL AND ip.set_aside = '' AND i.gone_at IS NULL AND EXISTS (SELECT 1 FROM package_vulnerabilities m \
               WHERE m.package_id = ip.package_id AND m.until IS NULL)";
    let rows =
        Place::find_by_statement(Statement::from_string(conn.get_database_backend(), sql)).all(conn).await?;
    let mut places: HashMap<i64, BTreeSet<i64>> = HashMap::new();
    for row in rows {
        places.entry(row.package_id).or_default().insert(row.image_id);
    }
    Ok(places)
}

/// Distinct vulnerabilities.
fn vulnerabilities(matches: &[Match], places: &HashMap<i64, BTreeSet<i64>>) -> Vec<FleetVulnerability> {
    let mut grouped: BTreeMap<i64, Vec<&Match>> = BTreeMap::new();
    for found in matches {
        grouped.entry(found.vulnerability_id).or_default().push(found);
    }
    grouped
        .values()
        .filter_map(|group| {
            let first = group.first()?;
            let worst = group.iter().map(|found| effective(found)).max().unwrap_or_default();
            let packages: BTreeSet<&str> = group.iter().map(|found| source(found)).collect();
            let images: BTreeSet<i64> =
                group.iter().filter_map(|found| places.get(&found.package_id)).flatten().copied().collect();
            Some(FleetVulnerability {
                id: first.display_id.clone(),
                severity: severity(worst),
                summary: first.summary.clone(),
                packages: packages.into_iter().map(str::to_owned).collect(),
                images: count(images.len()),
                fixable: group.iter().any(|found| found.fixed_versions != "[]"),
            })
        })
        .collect()
}

/// The severity that counts: what its distribution calls unimportant is LOW.
fn effective(found: &Match) -> StoredSeverity {
    if found.unimportant { StoredSeverity::Low } else { found.severity }
}

fn source(found: &Match) -> &str {
    if found.source_name.is_empty() { &found.name } else { &found.source_name }
}

/// One upgrade of the fleet while it is put together.
#[derive(Default)]
struct Upgrade<'a> {
    from: BTreeSet<&'a str>,
    to: String,
    resolves: BTreeMap<i64, Severity>,
    images: BTreeSet<i64>,
}

fn fixes(matches: &[Match], places: &HashMap<i64, BTreeSet<i64>>) -> Result<Vec<Fix>, DbErr> {
    let mut upgrades: BTreeMap<(&str, &str), Upgrade<'_>> = BTreeMap::new();
    for found in matches.iter().filter(|found| !found.unimportant) {
        let fixed: Vec<String> = read_json(
            "package_vulnerabilities.fixed_versions of a package",
            found.package_id,
            &found.fixed_versions,
        )?;
        let Some(fixed) = fixed.into_iter().next() else { continue };
        let upgrade = upgrades.entry((&found.ecosystem, source(found))).or_default();
        upgrade.from.insert(&found.source_version);
        let rated = severity(found.severity);
        let seen = upgrade.resolves.entry(found.vulnerability_id).or_insert(rated);
        *seen = (*seen).min(rated);
        upgrade.images.extend(places.get(&found.package_id).into_iter().flatten());
        let later =
            compare_versions(&found.ecosystem, &fixed, &upgrade.to) == Some(std::cmp::Ordering::Greater);
        if upgrade.to.is_empty() || later {
            upgrade.to = fixed;
        }
    }
    let mut fixes: Vec<Fix> = upgrades
        .into_iter()
        .map(|((ecosystem, package), upgrade)| Fix {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            from: upgrade.from.into_iter().map(str::to_owned).collect(),
            to: upgrade.to,
            resolves: upgrade.resolves.into_values().collect(),
            images: count(upgrade.images.len()),
        })
        .collect();
    fixes.sort_by(Fix::rank);
    fixes.truncate(LISTED);
    Ok(fixes)
}

async fn totals(
    conn: &impl ConnectionTrait,
    images: &[image::Model],
    vulnerabilities: &[FleetVulnerability],
) -> Result<FleetTotals, DbErr> {
    let containers = container::Entity::find().filter(container::Column::GoneAt.is_null());
    let running = containers.clone().filter(container::Column::State.eq(ContainerState::Running));
    let with =
        |status: SecurityStatus| count(images.iter().filter(|image| image.security_status == status).count());
    let scanned =
        |status: ScanStatus| count(images.iter().filter(|image| image.scan_status == status).count());
    let mut occurrences = Counts::default();
    for row in images {
        let each = counts(row);
        occurrences.critical += each.critical;
        occurrences.high += each.high;
        occurrences.medium += each.medium;
        occurrences.low += each.low;
        occurrences.unknown += each.unknown;
    }
    Ok(FleetTotals {
        hosts: host::Entity::find().count(conn).await?,
        containers: containers.count(conn).await?,
        running: running.count(conn).await?,
        images: count(images.len()),
        at_risk: with(SecurityStatus::AtRisk),
        safe: with(SecurityStatus::Safe),
        unknown: with(SecurityStatus::Unknown),
        unscanned: scanned(ScanStatus::Unscanned),
        failed: scanned(ScanStatus::Failed),
        vulnerabilities: vulnerabilities.iter().map(|view| view.severity).collect(),
        fixable: vulnerabilities.iter().filter(|view| view.fixable).map(|view| view.severity).collect(),
        occurrences,
        ..FleetTotals::default()
    })
}

/// How many live images have packages of an ecosystem.
#[derive(Debug, FromQueryResult)]
struct Present {
    ecosystem: String,
    images: i64,
}

async fn coverage(conn: &impl ConnectionTrait, images: &[image::Model]) -> Result<Vec<CoverageGap>, DbErr> {
    let sql = "SELECT p.ecosystem, COUNT(DISTINCT ip.image_id) AS images FROM image_packages ip \
               JOIN packages p ON p.id = ip.package_id JOIN images i ON i.id = ip.image_id \
               WHERE ip.until IS NULL AND i.gone_at IS NULL GROUP BY p.ecosystem ORDER BY p.ecosystem";
    let present = Present::find_by_statement(Statement::from_string(conn.get_database_backend(), sql))
        .all(conn)
        .await?;
    let sets = advisory_set::Entity::find().all(conn).await?;
    let mut gaps: BTreeSet<Gap> = BTreeSet::new();
    for row in images {
        gaps.extend(read_json::<Vec<Gap>>("images.not_assessed", row.id, &row.not_assessed)?);
    }
    Ok(present
        .into_iter()
        .map(|present| {
            let set =
                sets.iter().find(|set| set.records > 0 && set.ecosystem == base_name(&present.ecosystem));
            CoverageGap {
                images: positive(present.images),
                advisories: set.map_or(0, |set| positive(set.records)),
                advisories_modified: set.and_then(|set| optional_time(set.newest_modified)),
                not_assessed: sentences(&gaps, &present.ecosystem),
                ecosystem: present.ecosystem,
            }
        })
        .collect())
}

/// What images lack of one ecosystem, each once.
fn sentences(gaps: &BTreeSet<Gap>, ecosystem: &str) -> Vec<String> {
    let of_it = gaps.iter().filter(|gap| gap.ecosystem == ecosystem).map(Gap::sentence);
    of_it.collect::<BTreeSet<_>>().into_iter().collect()
}
