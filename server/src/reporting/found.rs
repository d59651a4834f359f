//! An image's secrets and malware, and how its categories stand, from the store.

use std::collections::HashMap;

use lazaret_entities::image::ScanStatus;
use lazaret_entities::{
    Category as StoredCategory, allow_rule, image_category, malware_finding, secret_finding,
};
use lazaret_reports::model::{
    Allowed, Category, CategoryResult, CategoryStatus, EngineVersion, LayerRef, Malware, MalwareEngine,
    Secret, SecretKind, SecretSource, Warning,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{optional_time, positive, severity};
use crate::store::read_json;

/// How the categories of an image stand.
pub(super) struct Categories {
    rows: HashMap<StoredCategory, image_category::Model>,
}

/// The rows of `image_categories` of one image.
pub(super) async fn categories(conn: &impl ConnectionTrait, image_id: i64) -> Result<Categories, DbErr> {
    let rows =
        image_category::Entity::find().filter(image_category::Column::ImageId.eq(image_id)).all(conn).await?;
    Ok(Categories { rows: rows.into_iter().map(|row| (row.category, row)).collect() })
}

impl Categories {
    /// One result for each category, in the order of reports.
    pub(super) fn results(&self) -> Vec<CategoryResult> {
        let result = |stored: StoredCategory| {
            let category = category(stored);
            let Some(row) = self.rows.get(&stored) else { return CategoryResult::not_ordered(category) };
            CategoryResult {
                category,
                status: status(row),
                error: row.error.clone(),
                engines: engine(stored, &row.engine),
            }
        };
        StoredCategory::ALL.map(result).into()
    }

    /// What secrets and malware were not looked for in; what was not read of the packages is on the image.
    pub(super) fn warnings(&self, image_id: i64) -> Result<Vec<Warning>, DbErr> {
        let mut warnings = Vec::new();
        for stored in [StoredCategory::Secret, StoredCategory::Malware] {
            let Some(row) = self.rows.get(&stored) else { continue };
            let found: Vec<lazaret_scanner::layer::Warning> =
                read_json("image_categories.warnings", image_id, &row.warnings)?;
            warnings.extend(found.into_iter().map(|found| Warning {
                layer: None,
                path: found.path,
                message: found.message,
            }));
        }
        Ok(warnings)
    }

    /// When a category was last searched: what is still there was last seen then.
    fn last_scanned(&self, stored: StoredCategory) -> Option<jiff::Timestamp> {
        optional_time(self.rows.get(&stored)?.last_scanned_at)
    }
}

/// A scan that waits, runs or was stopped leaves the result of the one before.
fn status(row: &image_category::Model) -> CategoryStatus {
    match row.status {
        ScanStatus::Failed => CategoryStatus::Failed,
        ScanStatus::Scanned => CategoryStatus::Scanned,
        ScanStatus::Unscanned | ScanStatus::Queued | ScanStatus::Scanning | ScanStatus::Cancelled => {
            if row.last_scanned_at.is_zero() { CategoryStatus::NotOrdered } else { CategoryStatus::Scanned }
        }
    }
}

const fn category(stored: StoredCategory) -> Category {
    match stored {
        StoredCategory::Vulnerability => Category::Vulnerability,
        StoredCategory::Secret => Category::Secret,
        StoredCategory::Malware => Category::Malware,
    }
}

fn engine(stored: StoredCategory, version: &str) -> Vec<EngineVersion> {
    let name = match stored {
        StoredCategory::Vulnerability | StoredCategory::Secret => "",
        StoredCategory::Malware => "ClamAV",
    };
    let engine = EngineVersion { name: name.to_owned(), version: version.to_owned() };
    if version.is_empty() { Vec::new() } else { vec![engine] }
}

/// The secrets that are in an image now.
pub(super) async fn secrets(
    conn: &impl ConnectionTrait,
    image_id: i64,
    diff_ids: &[String],
    categories: &Categories,
) -> Result<Vec<Secret>, DbErr> {
    let rows = secret_finding::Entity::find()
        .filter(secret_finding::Column::ImageId.eq(image_id))
        .filter(secret_finding::Column::Until.is_null())
        .find_also_related(allow_rule::Entity)
        .order_by_asc(secret_finding::Column::Id)
        .all(conn)
        .await?;
    let last_seen = categories.last_scanned(StoredCategory::Secret);
    let view = |(row, rule): (secret_finding::Model, Option<allow_rule::Model>)| {
        let (layer, buried_by) = (layer(row.layer, diff_ids), layer(row.buried_by, diff_ids));
        Secret {
            advice: Secret::advise(
                &row.advice,
                index(layer.as_ref()),
                buried(row.buried, buried_by.as_ref()),
            ),
            title: row.title,
            rule: row.rule,
            kind: kind(row.kind),
            severity: severity(row.severity),
            source: source(row.source),
            path: row.path,
            line: positive(row.line),
            layer,
            instruction: row.instruction,
            snippet: row.snippet,
            fingerprint: row.fingerprint,
            buried: row.buried,
            buried_by,
            allowed: rule.map(allowed),
            first_seen: optional_time(row.since),
            last_seen,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The malware that is in an image now.
pub(super) async fn malware(
    conn: &impl ConnectionTrait,
    image_id: i64,
    diff_ids: &[String],
    categories: &Categories,
) -> Result<Vec<Malware>, DbErr> {
    let rows = malware_finding::Entity::find()
        .filter(malware_finding::Column::ImageId.eq(image_id))
        .filter(malware_finding::Column::Until.is_null())
        .find_also_related(allow_rule::Entity)
        .order_by_asc(malware_finding::Column::Id)
        .all(conn)
        .await?;
    let last_seen = categories.last_scanned(StoredCategory::Malware);
    let view = |(row, rule): (malware_finding::Model, Option<allow_rule::Model>)| {
        let (layer, buried_by) = (layer(row.layer, diff_ids), layer(row.buried_by, diff_ids));
        Malware {
            advice: Malware::advise(
                &row.advice,
                index(layer.as_ref()),
                buried(row.buried, buried_by.as_ref()),
            ),
            name: row.name,
            engine: malware_engine(row.engine),
            severity: severity(row.severity),
            path: Malware::place(&row.path, &row.within),
            purl: row.purl,
            size: positive(row.size),
            md5: row.md5,
            sha1: row.sha1,
            sha256: row.sha256,
            layer,
            buried: row.buried,
            buried_by,
            description: row.description,
            allowed: rule.map(allowed),
            first_seen: optional_time(row.since),
            last_seen,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

fn allowed(rule: allow_rule::Model) -> Allowed {
    Allowed { reason: rule.reason, author: rule.author, expires: rule.expires_at.and_then(optional_time) }
}

/// A position of a layer; negative where there is none.
fn layer(position: i32, diff_ids: &[String]) -> Option<LayerRef> {
    let index = usize::try_from(position).ok()?;
    Some(LayerRef { index, diff_id: diff_ids.get(index).cloned().unwrap_or_default() })
}

fn index(layer: Option<&LayerRef>) -> Option<usize> {
    layer.map(|layer| layer.index)
}

fn buried(buried: bool, by: Option<&LayerRef>) -> Option<usize> {
    index(by).filter(|_| buried)
}

pub(super) const fn kind(stored: secret_finding::SecretType) -> SecretKind {
    match stored {
        secret_finding::SecretType::Key => SecretKind::Key,
        secret_finding::SecretType::Token => SecretKind::Token,
        secret_finding::SecretType::Password => SecretKind::Password,
        secret_finding::SecretType::Certificate => SecretKind::Certificate,
        secret_finding::SecretType::ConnectionString => SecretKind::ConnectionString,
        secret_finding::SecretType::Webhook => SecretKind::Webhook,
    }
}

const fn source(stored: secret_finding::SecretSource) -> SecretSource {
    match stored {
        secret_finding::SecretSource::File => SecretSource::File,
        secret_finding::SecretSource::Config => SecretSource::Config,
        secret_finding::SecretSource::History => SecretSource::History,
    }
}

const fn malware_engine(stored: malware_finding::Engine) -> MalwareEngine {
    match stored {
        malware_finding::Engine::Yara => MalwareEngine::Yara,
        malware_finding::Engine::HashList => MalwareEngine::HashList,
        malware_finding::Engine::Clamav => MalwareEngine::Clamav,
        malware_finding::Engine::Advisory => MalwareEngine::Advisory,
    }
}
