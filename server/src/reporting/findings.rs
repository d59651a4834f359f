//! An image's packages and their vulnerabilities, from the store.

use std::collections::{BTreeMap, HashMap};

use lazaret_entities::{
    advisory, image_package, package, package_vulnerability as matches, vulnerability, vulnerability_id,
};
use lazaret_reports::model::{
    Advisory, AffectedPackage, Evidence, LayerRef, Package, SetAside, SetAsideReason, Vulnerability,
};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

/// How many ids go into one `IN`: below the limits of both databases.
const CHUNK: usize = 500;

/// A visible package of an image, with the key of its row.
pub(super) struct Placed {
    pub id: i64,
    pub package: Package,
    set_aside: Option<SetAside>,
}

/// The visible packages of an image, in the order of reports. A package that lies in the image
/// twice, at two paths, is here twice.
pub(super) async fn packages(
    conn: &impl ConnectionTrait,
    image_id: i64,
    diff_ids: &[String],
) -> Result<Vec<Placed>, DbErr> {
    let rows = image_package::Entity::find()
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .find_also_related(package::Entity)
        .order_by_asc(package::Column::Ecosystem)
        .order_by_asc(package::Column::Name)
        .order_by_asc(package::Column::Version)
        .order_by_asc(image_package::Column::Path)
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(place, package)| Some((place, package?)))
        .map(|(place, package)| Placed {
            id: package.id,
            set_aside: set_aside(place.set_aside),
            package: view(place, package, diff_ids),
        })
        .collect())
}

fn set_aside(stored: image_package::SetAside) -> Option<SetAside> {
    let reason = match stored {
        image_package::SetAside::No => return None,
        image_package::SetAside::Lockfile => SetAsideReason::Lockfile,
        image_package::SetAside::KernelHeaders => SetAsideReason::KernelHeaders,
    };
    Some(SetAside { reason, statement: String::new() })
}

fn view(place: image_package::Model, package: package::Model, diff_ids: &[String]) -> Package {
    let index = usize::try_from(place.layer).unwrap_or(0);
    let purl = crate::scan::packages::purl(&package, &place.path);
    Package {
        ecosystem: package.ecosystem,
        name: package.name,
        version: package.version,
        source_name: package.source_name,
        source_version: package.source_version,
        module: package.module,
        layer: LayerRef { index, diff_id: diff_ids.get(index).cloned().unwrap_or_default() },
        path: place.path,
        evidence: match place.evidence {
            image_package::Evidence::Installed => Evidence::Installed,
            image_package::Evidence::Lockfile => Evidence::Lockfile,
        },
        licenses: package.licenses,
        purl,
    }
}

fn of_image(image_id: i64) -> SelectStatement {
    Query::select()
        .column(image_package::Column::PackageId)
        .from(image_package::Entity)
        .and_where(image_package::Column::ImageId.eq(image_id))
        .and_where(image_package::Column::Until.is_null())
        .to_owned()
}

/// The vulnerabilities of the packages of an image: one per vulnerability, package and path. What says that a package is
/// malicious is none: it is malware.
pub(super) async fn vulnerabilities(
    conn: &impl ConnectionTrait,
    image_id: i64,
    packages: &[Placed],
) -> Result<Vec<Vulnerability>, DbErr> {
    let rows = matches::Entity::find()
        .filter(matches::Column::Until.is_null())
        .filter(matches::Column::PackageId.in_subquery(of_image(image_id)))
        .find_also_related(vulnerability::Entity)
        .all(conn)
        .await?;
    let advisories = advisories(conn, rows.iter().map(|(found, _)| found.advisory_id)).await?;
    let identifiers = identifiers(conn, rows.iter().map(|(found, _)| found.vulnerability_id)).await?;

    // Several advisories may speak of one vulnerability in one package.
    let mut grouped: BTreeMap<(i64, i64), Vec<(matches::Model, vulnerability::Model)>> = BTreeMap::new();
    for (found, vulnerability) in rows {
        let Some(vulnerability) = vulnerability.filter(|found| !found.malicious) else { continue };
        grouped.entry((found.package_id, found.vulnerability_id)).or_default().push((found, vulnerability));
    }
    let mut views = Vec::new();
    for placed in packages {
        for (_, group) in grouped.range((placed.id, i64::MIN)..=(placed.id, i64::MAX)) {
            views.extend(finding(group, placed, &advisories, &identifiers)?);
        }
    }
    views.sort_by(|a, b| {
        (a.severity, a.unimportant, &a.package.name, &a.id).cmp(&(
            b.severity,
            b.unimportant,
            &b.package.name,
            &b.id,
        ))
    });
    Ok(views)
}

/// What several advisories say of one vulnerability in one package: the one with a fix speaks, the worst rating counts.
fn finding(
    group: &[(matches::Model, vulnerability::Model)],
    placed: &Placed,
    advisories: &HashMap<i64, advisory::Model>,
    identifiers: &HashMap<i64, Vec<String>>,
) -> Result<Option<Vulnerability>, DbErr> {
    let package = &placed.package;
    let worst = group.iter().map(|(found, _)| found).max_by_key(|found| (!found.unimportant, found.severity));
    let speaker = group.iter().max_by_key(|(found, _)| found.fixed_versions != "[]");
    let (Some(worst), Some((speaker, vulnerability))) = (worst, speaker) else { return Ok(None) };
    let advisory = advisories.get(&speaker.advisory_id);
    let fixed_versions =
        crate::scan::fixed_versions(&package.ecosystem, group.iter().map(|(found, _)| found))?;
    let aliases = identifiers.get(&vulnerability.id).cloned().unwrap_or_default();
    Ok(Some(Vulnerability {
        id: vulnerability.display_id.clone(),
        aliases: aliases.into_iter().filter(|alias| *alias != vulnerability.display_id).collect(),
        severity: super::severity(worst.severity),
        severity_source: worst.severity_source.clone(),
        cvss_score: vulnerability.cvss_score,
        summary: vulnerability.summary.clone(),
        advice: Vulnerability::advise(&package.name, &package.version, &fixed_versions),
        installed_version: package.version.clone(),
        fixed_versions,
        advisory: Advisory {
            id: advisory.map(|advisory| advisory.osv_id.clone()).unwrap_or_default(),
            source: advisory
                .map_or("OSV", |advisory| crate::advisories::publisher(&advisory.osv_id))
                .to_owned(),
            url: advisory.map(|advisory| advisory.url.clone()).unwrap_or_default(),
        },
        package: AffectedPackage::from(package),
        unimportant: worst.unimportant,
        set_aside: placed.set_aside.clone(),
    }))
}

async fn advisories(
    conn: &impl ConnectionTrait,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, advisory::Model>, DbErr> {
    let mut found = HashMap::new();
    for chunk in distinct(ids).chunks(CHUNK) {
        let rows = advisory::Entity::find()
            .filter(advisory::Column::Id.is_in(chunk.iter().copied()))
            .all(conn)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

async fn identifiers(
    conn: &impl ConnectionTrait,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Vec<String>>, DbErr> {
    let mut found: HashMap<i64, Vec<String>> = HashMap::new();
    for chunk in distinct(ids).chunks(CHUNK) {
        let rows = vulnerability_id::Entity::find()
            .filter(vulnerability_id::Column::VulnerabilityId.is_in(chunk.iter().copied()))
            .order_by_asc(vulnerability_id::Column::Identifier)
            .all(conn)
            .await?;
        for row in rows {
            found.entry(row.vulnerability_id).or_default().push(row.identifier);
        }
    }
    Ok(found)
}

fn distinct(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
