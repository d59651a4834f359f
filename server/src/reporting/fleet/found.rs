//! The secrets and the malware of the fleet: the database joins what is the same in several images.

use std::collections::{BTreeSet, HashMap};

use lazaret_entities::image::ScanStatus;
use lazaret_entities::{Category, Severity as StoredSeverity, image, image_category, secret_finding};
use lazaret_reports::model::{Counts, FleetMalware, FleetSecret, FleetTotals};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement, Value,
};

use super::LISTED;
use crate::reporting::{count, found, positive, severity};

/// Places of one secret or file that the report names.
const MOST_PLACES: usize = 5;

/// A secret that some live image has, and that nobody allowed.
#[derive(Debug, FromQueryResult)]
struct SecretRow {
    fingerprint: String,
    title: String,
    rule: String,
    kind: secret_finding::SecretType,
    snippet: String,
    severity: StoredSeverity,
    images: i64,
    visible: i64,
}

/// A malware file or package that some live image has, and that nobody allowed.
#[derive(Debug, FromQueryResult)]
struct MalwareRow {
    /// The SHA-256 of a file; of a package its package URL.
    content: String,
    severity: StoredSeverity,
    images: i64,
    visible: i64,
}

/// A place, or a name, of a secret or file.
#[derive(Debug, FromQueryResult)]
struct Text {
    content: String,
    text: String,
}

/// What the fleet holds beside vulnerabilities.
pub(super) struct Found {
    pub secrets: Vec<FleetSecret>,
    pub malware: Vec<FleetMalware>,
    secret_counts: Counts,
    malware_counts: Counts,
}

/// The worst of each, and how many there are.
pub(super) async fn found(conn: &impl ConnectionTrait) -> Result<Found, DbErr> {
    let (secrets, secret_counts) = secrets(conn).await?;
    let (malware, malware_counts) = malware(conn).await?;
    Ok(Found { secrets, malware, secret_counts, malware_counts })
}

impl Found {
    /// Writes its numbers into the totals.
    pub(super) fn count(&self, totals: &mut FleetTotals, images: &[image::Model], standing: &Standing) {
        totals.secrets = self.secret_counts;
        totals.malware = self.malware_counts;
        totals.images_with_secrets = count(images.iter().filter(|image| image.secrets > 0).count());
        totals.images_with_malware = count(images.iter().filter(|image| image.malware > 0).count());
        totals.secrets_unsearched = standing.unsearched(images, Category::Secret);
        totals.malware_unsearched = standing.unsearched(images, Category::Malware);
    }
}

async fn secrets(conn: &impl ConnectionTrait) -> Result<(Vec<FleetSecret>, Counts), DbErr> {
    // Texts of the same secret may differ from place to place: one of them is shown, always the same.
    let sql = "SELECT f.fingerprint, MIN(f.title) AS title, MIN(f.rule) AS rule, MIN(f.kind) AS kind, \
               MIN(f.snippet) AS snippet, MAX(f.severity) AS severity, COUNT(DISTINCT f.image_id) AS images, \
               SUM(CASE WHEN f.buried THEN 0 ELSE 1 END) AS visible FROM secret_findings f \
               JOIN images i ON i.id = f.image_id \
               WHERE f.until IS NULL AND f.allowed_by IS NULL AND i.gone_at IS NULL GROUP BY f.fingerprint \
               ORDER BY MAX(f.severity) DESC, COUNT(DISTINCT f.image_id) DESC, f.fingerprint";
    let mut rows: Vec<SecretRow> = all(conn, sql, Vec::new()).await?;
    let counts = rows.iter().map(|row| severity(row.severity)).collect();
    rows.truncate(LISTED);
    let keys: Vec<&str> = rows.iter().map(|row| row.fingerprint.as_str()).collect();
    let places = texts(conn, &keys, "secret_findings", "f.fingerprint", "f.path").await?;
    let view = |row: SecretRow| FleetSecret {
        places: places.get(&row.fingerprint).map(some).unwrap_or_default(),
        fingerprint: row.fingerprint,
        title: row.title,
        rule: row.rule,
        kind: found::kind(row.kind),
        severity: severity(row.severity),
        snippet: row.snippet,
        images: positive(row.images),
        buried: row.visible == 0,
    };
    Ok((rows.into_iter().map(view).collect(), counts))
}

/// What tells malware apart over images: the content of a file, the package URL of a package.
const CONTENT: &str = "CASE WHEN f.sha256 = '' THEN f.purl ELSE f.sha256 END";

async fn malware(conn: &impl ConnectionTrait) -> Result<(Vec<FleetMalware>, Counts), DbErr> {
    let sql = format!(
        "SELECT {CONTENT} AS content, MAX(f.severity) AS severity, COUNT(DISTINCT f.image_id) AS images, \
         SUM(CASE WHEN f.buried THEN 0 ELSE 1 END) AS visible FROM malware_findings f \
         JOIN images i ON i.id = f.image_id \
         WHERE f.until IS NULL AND f.allowed_by IS NULL AND i.gone_at IS NULL GROUP BY {CONTENT} \
         ORDER BY MAX(f.severity) DESC, COUNT(DISTINCT f.image_id) DESC, {CONTENT}"
    );
    let mut rows: Vec<MalwareRow> = all(conn, &sql, Vec::new()).await?;
    let counts = rows.iter().map(|row| severity(row.severity)).collect();
    rows.truncate(LISTED);
    let keys: Vec<&str> = rows.iter().map(|row| row.content.as_str()).collect();
    let names = texts(conn, &keys, "malware_findings", CONTENT, "f.name").await?;
    let inner = "CASE WHEN f.within = '' THEN f.path ELSE f.path || '!/' || f.within END";
    let paths = texts(conn, &keys, "malware_findings", CONTENT, inner).await?;
    let view = |row: MalwareRow| FleetMalware {
        names: names.get(&row.content).map(some).unwrap_or_default(),
        paths: paths.get(&row.content).map(some).unwrap_or_default(),
        // A package has no file whose content could be hashed.
        sha256: if row.content.starts_with("pkg:") { String::new() } else { row.content },
        severity: severity(row.severity),
        images: positive(row.images),
        buried: row.visible == 0,
    };
    Ok((rows.into_iter().map(view).collect(), counts))
}

/// The distinct texts `what` of each of `keys`; `key` and `what` are columns of the table under the name `f`.
async fn texts(
    conn: &impl ConnectionTrait,
    keys: &[&str],
    table: &str,
    key: &str,
    what: &str,
) -> Result<HashMap<String, BTreeSet<String>>, DbErr> {
    let mut found: HashMap<String, BTreeSet<String>> = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let places: Vec<String> = (1..=keys.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT DISTINCT {key} AS content, {what} AS text FROM {table} f JOIN images i ON i.id = f.image_id \
         WHERE f.until IS NULL AND f.allowed_by IS NULL AND i.gone_at IS NULL AND {key} IN ({})",
        places.join(", ")
    );
    for row in all::<Text>(conn, &sql, keys.iter().map(|key| (*key).into()).collect()).await? {
        found.entry(row.content).or_default().insert(row.text);
    }
    Ok(found)
}

async fn all<R: FromQueryResult>(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<R>, DbErr> {
    R::find_by_statement(Statement::from_sql_and_values(conn.get_database_backend(), sql, values))
        .all(conn)
        .await
}

/// The first of them, and how many more there are.
fn some(texts: &BTreeSet<String>) -> Vec<String> {
    let mut some: Vec<String> = texts.iter().take(MOST_PLACES).cloned().collect();
    if texts.len() > MOST_PLACES {
        some.push(format!("{} more", texts.len() - MOST_PLACES));
    }
    some
}

/// How the categories of live images stand.
pub(super) struct Standing {
    rows: HashMap<(i64, Category), image_category::Model>,
}

/// The rows of all images; those of images that are gone are few and not asked for.
pub(super) async fn standing(conn: &impl ConnectionTrait) -> Result<Standing, DbErr> {
    let rows = image_category::Entity::find()
        .filter(image_category::Column::Category.ne(Category::Vulnerability))
        .all(conn)
        .await?;
    Ok(Standing { rows: rows.into_iter().map(|row| ((row.image_id, row.category), row)).collect() })
}

impl Standing {
    /// The findings of a category in an image, by severity.
    pub(super) fn counts(&self, image_id: i64, category: Category) -> Counts {
        self.rows.get(&(image_id, category)).map_or_else(Counts::default, |row| Counts {
            critical: positive(row.critical),
            high: positive(row.high),
            medium: positive(row.medium),
            low: positive(row.low),
            unknown: positive(row.unknown),
        })
    }

    /// How many images that were scanned were not searched for a category, or where that failed.
    fn unsearched(&self, images: &[image::Model], category: Category) -> u64 {
        let searched = |image: &image::Model| {
            self.rows
                .get(&(image.id, category))
                .is_some_and(|row| !row.last_scanned_at.is_zero() && row.status != ScanStatus::Failed)
        };
        let scanned = images.iter().filter(|image| !image.last_scanned_at.is_zero());
        count(scanned.filter(|image| !searched(image)).count())
    }
}
