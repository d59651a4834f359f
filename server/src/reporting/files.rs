//! Reports as files in a folder.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lazaret_entities::image;
use lazaret_reports::model::{Finding, ImageReport};
use lazaret_reports::{ReportError, csv, cyclonedx, html, spdx};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{ReportingError, fleet_report, image_report};
use crate::store::Store;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All images: an overview, and a page for each scanned image.
    Fleet,
    /// The image of this key.
    Image(i64),
}

/// The formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page for people.
    Html,
    /// A table with a row per finding.
    Csv,
    /// A bill of materials per image: `CycloneDX` 1.6 as JSON.
    CycloneDx,
    /// A bill of materials per image: SPDX 2.3 as JSON.
    Spdx,
}

impl ReportFormat {
    /// What is written unless something else is asked for.
    pub const USUAL: [Self; 2] = [Self::Html, Self::Csv];
}

/// A file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name in the folder.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub size: u64,
}

const HTML: &str = "text/html; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";

/// Writes reports into the folder of the server's reports, `reports` in the data folder.
///
/// # Errors
/// The store did not answer or the folder cannot be written.
pub async fn generate(
    store: &Store,
    data_dir: &Path,
    scope: Scope,
    formats: &[ReportFormat],
) -> Result<Vec<ReportFile>, ReportingError> {
    write_reports(store, &data_dir.join("reports"), scope, formats).await
}

/// Writes reports into `folder`, which is made when it is not there. A file appears whole or not at all.
///
/// # Errors
/// The store did not answer or the folder cannot be written.
pub async fn write_reports(
    store: &Store,
    folder: &Path,
    scope: Scope,
    formats: &[ReportFormat],
) -> Result<Vec<ReportFile>, ReportingError> {
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let conn = store.read();
    match scope {
        Scope::Fleet => fleet(store, folder, formats).await,
        Scope::Image(id) => {
            let row = image::Entity::find_by_id(id).one(conn).await?;
            let row = row.ok_or_else(|| ReportingError::NoImage(id.to_string()))?;
            let report = image_report(conn, &row, store.clock().now()).await?;
            one(folder, &row, &report, formats)
        }
    }
}

/// The file of a report by its name, when there is one. Only plain names: no folder, no `..`.
pub fn report_path(data_dir: &Path, name: &str) -> Option<PathBuf> {
    let plain = !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let path = data_dir.join("reports").join(name);
    (plain && path.is_file()).then_some(path)
}

/// The overview, and what is asked for of each scanned image; the findings of all of them are one table.
async fn fleet(
    store: &Store,
    folder: &Path,
    formats: &[ReportFormat],
) -> Result<Vec<ReportFile>, ReportingError> {
    let conn = store.read();
    let now = store.clock().now();
    let mut files = Vec::new();
    if formats.contains(&ReportFormat::Html) {
        let report = fleet_report(conn, now).await?;
        files.push(write(folder, "fleet.html", HTML, |out| html::fleet(&report, out))?);
    }
    let rows = scanned(conn).await?;
    if formats.contains(&ReportFormat::Csv) {
        files.push(findings(store, folder, &rows).await?);
    }
    let of_image: Vec<ReportFormat> =
        formats.iter().copied().filter(|format| *format != ReportFormat::Csv).collect();
    if !of_image.is_empty() {
        for row in &rows {
            files.extend(one(folder, row, &image_report(conn, row, now).await?, &of_image)?);
        }
    }
    Ok(files)
}

async fn findings(store: &Store, folder: &Path, rows: &[image::Model]) -> Result<ReportFile, ReportingError> {
    let mut findings = Partial::create(folder, "fleet.csv")?;
    {
        let mut table = csv::Findings::new(&mut findings.out)?;
        for row in rows {
            let report = image_report(store.read(), row, store.clock().now()).await?;
            let of = csv::ImageOf {
                reference: row.name.clone(),
                digest: row.digest.clone(),
                platform: report.facts.image.platform(),
                scanned_at: report.scanned_at,
            };
            for found in Finding::all(&report.facts) {
                table.write(&of, found)?;
            }
        }
        table.finish()?;
    }
    findings.finish(CSV)
}

fn one(
    folder: &Path,
    row: &image::Model,
    report: &ImageReport,
    formats: &[ReportFormat],
) -> Result<Vec<ReportFile>, ReportingError> {
    let stem = stem(row);
    formats
        .iter()
        .map(|format| match format {
            ReportFormat::Html => {
                write(folder, &format!("{stem}.html"), HTML, |out| html::image(report, out))
            }
            ReportFormat::Csv => write(folder, &format!("{stem}.csv"), CSV, |out| csv::image(report, out)),
            ReportFormat::CycloneDx => {
                write(folder, &format!("{stem}.cdx.json"), cyclonedx::MEDIA_TYPE, |out| {
                    cyclonedx::image(report.into(), out)
                })
            }
            ReportFormat::Spdx => write(folder, &format!("{stem}.spdx.json"), spdx::MEDIA_TYPE, |out| {
                spdx::image(report.into(), out)
            }),
        })
        .collect()
}

async fn scanned(conn: &impl ConnectionTrait) -> Result<Vec<image::Model>, ReportingError> {
    Ok(image::Entity::find()
        .filter(image::Column::GoneAt.is_null())
        .filter(image::Column::LastScannedAt.gt(0))
        .order_by_desc(image::Column::RiskRank)
        .order_by_asc(image::Column::Id)
        .all(conn)
        .await?)
}

/// The name of an image's files: a person recognises it, and no two images share it.
fn stem(row: &image::Model) -> String {
    let digits = row.digest.strip_prefix("sha256:").unwrap_or(&row.digest);
    let short: String = digits.chars().take(12).collect();
    let mut name = String::new();
    if !row.digest.contains(row.name.as_str()) {
        for character in row.name.chars().take(80) {
            let kept =
                if character.is_ascii_alphanumeric() || ".-".contains(character) { character } else { '_' };
            // A reference may hold `registry:5000/…`, which would be a folder.
            name.push(if name.is_empty() && kept == '.' { '_' } else { kept });
        }
        name.push('-');
    }
    name + &short
}

fn write(
    folder: &Path,
    name: &str,
    media_type: &'static str,
    report: impl FnOnce(&mut BufWriter<fs::File>) -> Result<(), ReportError>,
) -> Result<ReportFile, ReportingError> {
    let mut partial = Partial::create(folder, name)?;
    report(&mut partial.out)?;
    partial.finish(media_type)
}

/// A file that gets its name only when it is whole.
struct Partial {
    out: BufWriter<fs::File>,
    file: tempfile::TempPath,
    path: PathBuf,
    name: String,
}

impl Partial {
    fn create(folder: &Path, name: &str) -> Result<Self, ReportingError> {
        let path = folder.join(name);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".report-");
        // As any program writes a file that it was asked for: the umask decides who reads it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| cannot_write(&path, &error))?;
        let (file, partial) = file.into_parts();
        Ok(Self { out: BufWriter::new(file), file: partial, path, name: name.to_owned() })
    }

    fn finish(mut self, media_type: &'static str) -> Result<ReportFile, ReportingError> {
        let failed = |error: &io::Error| cannot_write(&self.path, error);
        self.out.flush().map_err(|error| failed(&error))?;
        let size = self.out.get_ref().metadata().map_err(|error| failed(&error))?.len();
        self.file.persist(&self.path).map_err(|error| cannot_write(&self.path, &error.error))?;
        Ok(ReportFile { name: self.name, media_type, size })
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> ReportingError {
    ReportingError::Folder { path: path.to_path_buf(), reason: error.to_string() }
}
