//! The packages of an image into the store: one row per distinct package of the fleet, one per place it stands at.

use std::collections::HashMap;

use lazaret_entities::image_package::{Evidence, SetAside};
use lazaret_entities::{Timestamp, image_package, package};
use lazaret_scanner::advisory::match_key;
use lazaret_scanner::catalog;
use lazaret_scanner::image::{self, ImagePackage, PackageName};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

/// Rows of one statement: twelve columns each stay below SQLite's bound on parameters.
const BATCH: usize = 500;

/// What makes two packages the same, in the order of the unique index.
type Identity<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

fn identity(package: &ImagePackage) -> Identity<'_> {
    (
        &package.ecosystem,
        &package.name,
        &package.version,
        &package.source_name,
        &package.source_version,
        &package.arch,
        &package.module,
    )
}

/// The package URL of a stored package; `path` is the file that told of it.
pub fn purl(package: &package::Model, path: &str) -> String {
    let name = PackageName {
        ecosystem: &package.ecosystem,
        name: &package.name,
        version: &package.version,
        arch: &package.arch,
    };
    name.purl(path)
}

/// The row of each package, in the order given; rows that are missing are made.
///
/// # Errors
/// When the database refuses.
pub async fn upsert(tx: &impl ConnectionTrait, packages: &[ImagePackage]) -> Result<Vec<i64>, DbErr> {
    let mut ids: HashMap<Identity<'_>, i64> = HashMap::new();
    for batch in packages.chunks(BATCH) {
        let stored = stored(tx, batch).await?;
        let mut missing: HashMap<Identity<'_>, &ImagePackage> = HashMap::new();
        for package in batch {
            if !stored.iter().any(|row| same(row, package)) {
                missing.insert(identity(package), package);
            }
        }
        let rows = if missing.is_empty() {
            stored
        } else {
            let new = missing.into_values().map(|package| {
                let (match_name, match_version) = match_key(package);
                package::ActiveModel {
                    ecosystem: Set(package.ecosystem.clone()),
                    name: Set(package.name.clone()),
                    version: Set(package.version.clone()),
                    source_name: Set(package.source_name.clone()),
                    source_version: Set(package.source_version.clone()),
                    arch: Set(package.arch.clone()),
                    module: Set(package.module.clone()),
                    licenses: Set(package.licenses.clone()),
                    match_name: Set(match_name),
                    match_version: Set(match_version),
                    matched_at: Set(Timestamp::ZERO),
                    ..Default::default()
                }
            });
            // Another worker may store the same package at this moment.
            let key = [
                package::Column::Ecosystem,
                package::Column::Name,
                package::Column::Version,
                package::Column::SourceName,
                package::Column::SourceVersion,
                package::Column::Arch,
                package::Column::Module,
            ];
            package::Entity::insert_many(new)
                .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
                .exec_without_returning(tx)
                .await?;
            self::stored(tx, batch).await?
        };
        let by_name: HashMap<(&str, &str), Vec<&package::Model>> =
            rows.iter().fold(HashMap::new(), |mut map, row| {
                map.entry((row.ecosystem.as_str(), row.name.as_str())).or_insert_with(Vec::new).push(row);
                map
            });
        for package in batch {
            let found = by_name
                .get(&(package.ecosystem.as_str(), package.name.as_str()))
                .and_then(|rows| rows.iter().find(|row| same(row, package)))
                .ok_or_else(|| {
                    DbErr::RecordNotFound(format!("package {} {}", package.name, package.version))
                })?;
            ids.insert(identity(package), found.id);
        }
    }
    Ok(packages.iter().filter_map(|package| ids.get(&identity(package)).copied()).collect())
}

fn same(row: &package::Model, package: &ImagePackage) -> bool {
    let stored = (
        row.ecosystem.as_str(),
        row.name.as_str(),
        row.version.as_str(),
        row.source_name.as_str(),
        row.source_version.as_str(),
        row.arch.as_str(),
        row.module.as_str(),
    );
    stored == identity(package)
}

/// All rows with an ecosystem and a name of the batch, also other versions.
async fn stored(tx: &impl ConnectionTrait, batch: &[ImagePackage]) -> Result<Vec<package::Model>, DbErr> {
    let mut rows = Vec::new();
    let mut by_ecosystem: HashMap<&str, (Vec<&str>, Vec<&str>)> = HashMap::new();
    for package in batch {
        let (names, versions) = by_ecosystem.entry(&package.ecosystem).or_default();
        names.push(&package.name);
        versions.push(&package.version);
    }
    for (ecosystem, (names, versions)) in by_ecosystem {
        let found = package::Entity::find()
            .filter(package::Column::Ecosystem.eq(ecosystem))
            .filter(package::Column::Name.is_in(names))
            .filter(package::Column::Version.is_in(versions))
            .all(tx)
            .await?;
        rows.extend(found);
    }
    Ok(rows)
}

/// Says that the image has exactly these packages from `now` on: `ids` are the rows of `packages`, in the same order.
/// What it has no more ends now and stays readable as history.
///
/// # Errors
/// When the database refuses.
pub async fn replace(
    tx: &impl ConnectionTrait,
    image_id: i64,
    packages: &[ImagePackage],
    ids: &[i64],
    now: Timestamp,
) -> Result<(), DbErr> {
    let current = image_package::Entity::find()
        .filter(image_package::Column::ImageId.eq(image_id))
        .filter(image_package::Column::Until.is_null())
        .all(tx)
        .await?;
    let mut current: HashMap<(i64, String), image_package::Model> =
        current.into_iter().map(|row| ((row.package_id, row.path.clone()), row)).collect();
    let mut wanted: HashMap<(i64, &str), (i32, Evidence, SetAside)> = HashMap::new();
    for (package, id) in packages.iter().zip(ids) {
        let layer = i32::try_from(package.layer).unwrap_or(i32::MAX);
        let evidence = match package.evidence {
            catalog::Evidence::Installed => Evidence::Installed,
            catalog::Evidence::Lockfile => Evidence::Lockfile,
        };
        let set_aside = match package.set_aside() {
            None => SetAside::No,
            Some(image::SetAside::Lockfile) => SetAside::Lockfile,
            Some(image::SetAside::KernelHeaders) => SetAside::KernelHeaders,
        };
        wanted.insert((*id, &package.path), (layer, evidence, set_aside));
    }
    let mut new = Vec::new();
    for ((package_id, path), (layer, evidence, set_aside)) in wanted {
        match current.remove(&(package_id, path.to_owned())) {
            Some(row) if (row.layer, row.evidence, row.set_aside) == (layer, evidence, set_aside) => {}
            Some(row) => {
                let mut row = row.into_active_model();
                row.layer = Set(layer);
                row.evidence = Set(evidence);
                row.set_aside = Set(set_aside);
                row.update(tx).await?;
            }
            None => new.push(image_package::ActiveModel {
                image_id: Set(image_id),
                package_id: Set(package_id),
                path: Set(path.to_owned()),
                layer: Set(layer),
                evidence: Set(evidence),
                set_aside: Set(set_aside),
                since: Set(now),
                until: Set(None),
                ..Default::default()
            }),
        }
    }
    let ended: Vec<i64> = current.into_values().map(|row| row.id).collect();
    for batch in ended.chunks(BATCH) {
        image_package::Entity::update_many()
            .set(image_package::ActiveModel { until: Set(Some(now)), ..Default::default() })
            .filter(image_package::Column::Id.is_in(batch.iter().copied()))
            .exec(tx)
            .await?;
    }
    for batch in new.chunks(BATCH) {
        image_package::Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}
