//! The report on one image, from the store.

use std::collections::BTreeMap;

use lazaret_entities::container::ContainerState;
use lazaret_entities::host::{HostKind, HostState};
use lazaret_entities::image::{ScanStatus as StoredScan, SecurityStatus as StoredSecurity};
use lazaret_entities::{Timestamp, advisory_set, container, host, image, image_layer, image_ref, layer, tag};
use lazaret_reports::model::{
    Container, Coverage, Host, Image, ImageFacts, ImageReport, Kind, Layer, NotAssessed, Os, Package,
    ScanStatus, SecurityStatus, Warning, group_fixes,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::advisories::Gap;
use crate::store::read_json;

use super::{ReportingError, count, findings, found, optional_time, positive, time};

/// The image that a person means: by digest, by tag, or by the beginning of its digest.
///
/// # Errors
/// No such image, or several.
pub async fn find_image(
    conn: &impl ConnectionTrait,
    reference: &str,
) -> Result<image::Model, ReportingError> {
    let none = || ReportingError::NoImage(reference.to_owned());
    if let Some(found) = image::Entity::find().filter(image::Column::Digest.eq(reference)).one(conn).await? {
        return Ok(found);
    }
    let tagged = tag::Entity::find()
        .filter(tag::Column::GoneAt.is_null())
        .filter(tag::Column::Reference.is_in([reference.to_owned(), format!("{reference}:latest")]))
        .all(conn)
        .await?;
    let mut ids: Vec<i64> = tagged.into_iter().map(|tag| tag.image_id).collect();
    if ids.is_empty() {
        let digits = reference.strip_prefix("sha256:").unwrap_or(reference);
        // Six digits, as a short digest has at least; fewer are rather a name that was mistyped.
        if digits.len() < 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(none());
        }
        let begins = format!("sha256:{}", digits.to_ascii_lowercase());
        let found = image::Entity::find().filter(image::Column::Digest.starts_with(begins)).all(conn).await?;
        ids = found.into_iter().map(|image| image.id).collect();
    }
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [] => Err(none()),
        [id] => image::Entity::find_by_id(*id).one(conn).await?.ok_or_else(none),
        _ => Err(ReportingError::Ambiguous { reference: reference.to_owned(), images: ids.len() }),
    }
}

/// The report on one image as of `now`.
///
/// # Errors
/// The store did not answer.
pub async fn image_report(
    conn: &impl ConnectionTrait,
    row: &image::Model,
    now: Timestamp,
) -> Result<ImageReport, ReportingError> {
    let layers = layers(conn, row.id).await?;
    let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.clone()).collect();
    let packages = findings::packages(conn, row.id, &diff_ids).await?;
    let vulnerabilities = findings::vulnerabilities(conn, row.id, &packages).await?;
    let packages: Vec<Package> = packages.into_iter().map(|placed| placed.package).collect();
    let coverage = coverage(conn, row, &packages).await?;
    let (hosts, containers) = places(conn, row.id).await?;
    let categories = found::categories(conn, row.id).await?;
    let mut warnings = warnings(row)?;
    warnings.extend(categories.warnings(row.id)?);
    let fixes = group_fixes(&vulnerabilities, &super::compare_versions);
    Ok(ImageReport {
        generated_at: time(now),
        tool: super::tool(),
        scanned_at: optional_time(row.last_scanned_at),
        scan_status: scan_status(row.scan_status),
        scan_error: row.scan_error.clone(),
        security_status: security_status(row.security_status),
        security_reason: row.security_reason.clone(),
        facts: ImageFacts {
            image: identity(conn, row, layers).await?,
            packages,
            vulnerabilities,
            secrets: found::secrets(conn, row.id, &diff_ids, &categories).await?,
            malware: found::malware(conn, row.id, &diff_ids, &categories).await?,
            categories: categories.results(),
            warnings,
            coverage,
        },
        fixes,
        hosts,
        containers,
    })
}

async fn identity(
    conn: &impl ConnectionTrait,
    row: &image::Model,
    layers: Vec<Layer>,
) -> Result<Image, DbErr> {
    let tags = tag::Entity::find()
        .filter(tag::Column::ImageId.eq(row.id))
        .filter(tag::Column::GoneAt.is_null())
        .order_by_asc(tag::Column::Reference)
        .all(conn)
        .await?;
    let mut tags: Vec<String> = tags.into_iter().map(|tag| tag.reference).collect();
    tags.dedup();
    let os = (!row.distro.is_empty()).then(|| {
        let (id, version) = row.ecosystem.split_once(':').unwrap_or((&row.ecosystem, ""));
        Os {
            id: id.to_lowercase(),
            version: version.to_owned(),
            name: row.distro.clone(),
            ecosystem: (!row.ecosystem.is_empty()).then(|| row.ecosystem.clone()),
        }
    });
    Ok(Image {
        kind: Kind::Image,
        name: String::new(),
        id: row.digest.clone(),
        tags,
        os,
        architecture: row.architecture.clone(),
        created: optional_time(row.created_at),
        size: positive(row.size),
        layers,
    })
}

async fn layers(conn: &impl ConnectionTrait, image_id: i64) -> Result<Vec<Layer>, DbErr> {
    let rows = image_layer::Entity::find()
        .filter(image_layer::Column::ImageId.eq(image_id))
        .find_also_related(layer::Entity)
        .order_by_asc(image_layer::Column::Position)
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(place, layer)| Layer {
            index: usize::try_from(place.position).unwrap_or(0),
            diff_id: layer.map(|layer| layer.diff_id).unwrap_or_default(),
            created_by: place.created_by,
        })
        .collect())
}

async fn coverage(
    conn: &impl ConnectionTrait,
    row: &image::Model,
    packages: &[Package],
) -> Result<Vec<Coverage>, DbErr> {
    let sets = advisory_set::Entity::find().all(conn).await?;
    let gaps: Vec<Gap> = read_json("images.not_assessed", row.id, &row.not_assessed)?;
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in packages {
        names.entry(&package.ecosystem).or_default().push(package.name.clone());
    }
    Ok(names
        .into_iter()
        .map(|(ecosystem, packages)| {
            let set = sets.iter().find(|set| set.records > 0 && set.ecosystem == base_name(ecosystem));
            let gaps = gaps.iter().filter(|gap| gap.ecosystem == ecosystem);
            Coverage {
                ecosystem: ecosystem.to_owned(),
                packages: count(packages.len()),
                advisories: set.map_or(0, |set| positive(set.records)),
                advisories_modified: set.and_then(|set| optional_time(set.newest_modified)),
                not_assessed: gaps.map(|gap| not_assessed(gap, &packages)).collect(),
            }
        })
        .collect())
}

/// A gap as reports tell it; `all` are the packages of its ecosystem.
pub(super) fn not_assessed(gap: &Gap, all: &[String]) -> NotAssessed {
    NotAssessed {
        reason: gap.reason.clone(),
        count: count(gap.count),
        packages: if gap.packages.is_empty() { all.to_vec() } else { gap.packages.clone() },
    }
}

/// `Debian:11` is of the set `Debian`.
pub(super) fn base_name(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or(ecosystem)
}

fn warnings(row: &image::Model) -> Result<Vec<Warning>, DbErr> {
    let stored: Vec<lazaret_scanner::layer::Warning> = read_json("images.warnings", row.id, &row.warnings)?;
    Ok(stored
        .into_iter()
        .map(|warning| Warning { layer: None, path: warning.path, message: warning.message })
        .collect())
}

async fn places(conn: &impl ConnectionTrait, image_id: i64) -> Result<(Vec<Host>, Vec<Container>), DbErr> {
    let refs = image_ref::Entity::find()
        .filter(image_ref::Column::ImageId.eq(image_id))
        .filter(image_ref::Column::GoneAt.is_null())
        .find_also_related(host::Entity)
        .all(conn)
        .await?;
    let hosts: BTreeMap<i64, host::Model> =
        refs.into_iter().filter_map(|(_, host)| host).map(|host| (host.id, host)).collect();
    let containers = container::Entity::find()
        .filter(container::Column::ImageId.eq(image_id))
        .filter(container::Column::GoneAt.is_null())
        .order_by_asc(container::Column::Name)
        .all(conn)
        .await?;
    let containers = containers
        .into_iter()
        .map(|container| Container {
            host: hosts.get(&container.host_id).map(|host| host.name.clone()).unwrap_or_default(),
            name: container.name,
            id: container.engine_id,
            state: container_state(container.state).to_owned(),
        })
        .collect();
    let hosts = hosts
        .into_values()
        .map(|host| Host {
            engine: match host.kind {
                HostKind::Archives => "folder of archives".to_owned(),
                HostKind::Engine => format!("{} {}", host.engine_name, host.engine_version).trim().to_owned(),
            },
            name: host.name,
            state: match host.state {
                HostState::Online => "ONLINE".to_owned(),
                HostState::Offline => "OFFLINE".to_owned(),
            },
        })
        .collect();
    Ok((hosts, containers))
}

const fn container_state(state: ContainerState) -> &'static str {
    match state {
        ContainerState::Created => "CREATED",
        ContainerState::Running => "RUNNING",
        ContainerState::Paused => "PAUSED",
        ContainerState::Restarting => "RESTARTING",
        ContainerState::Removing => "REMOVING",
        ContainerState::Exited => "EXITED",
        ContainerState::Dead => "DEAD",
    }
}

pub(super) const fn scan_status(stored: StoredScan) -> ScanStatus {
    match stored {
        StoredScan::Unscanned => ScanStatus::Unscanned,
        StoredScan::Queued => ScanStatus::Queued,
        StoredScan::Scanning => ScanStatus::Scanning,
        StoredScan::Scanned => ScanStatus::Scanned,
        StoredScan::Cancelled => ScanStatus::Cancelled,
        StoredScan::Failed => ScanStatus::Failed,
    }
}

pub(super) const fn security_status(stored: StoredSecurity) -> SecurityStatus {
    match stored {
        StoredSecurity::AtRisk => SecurityStatus::AtRisk,
        StoredSecurity::Safe => SecurityStatus::Safe,
        StoredSecurity::Unknown => SecurityStatus::Unknown,
    }
}
