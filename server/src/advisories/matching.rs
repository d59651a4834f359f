//! Matches packages in memory: what `scan` does with an image that is in no inventory.

use std::collections::HashMap;

use lazaret_entities::{Severity, vulnerability, vulnerability_id};
use lazaret_scanner::image::ImagePackage;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::candidates;
use super::choose::choose;
use super::coverage::{Coverage, cover, describe as describe_package};
use super::error::AdvisoryError;
use super::parsed::Rating;
use super::publisher::publisher;

const KEYS: usize = 5000;

/// What the advisories say of a list of packages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MatchResult {
    /// Vulnerabilities, worst first, then by id and package; each once per package.
    pub matches: Vec<Vulnerability>,
    /// How well each ecosystem of the packages is covered, by name.
    pub coverage: Vec<Coverage>,
}

/// A vulnerability that a package has.
#[derive(Debug, Clone, PartialEq)]
pub struct Vulnerability {
    /// The id to show: a CVE when there is one.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// The severity for this package.
    pub severity: Severity,
    /// Who rated it, empty when nobody did.
    pub severity_source: String,
    /// CVSS base score of who rated it.
    pub cvss_score: Option<f64>,
    /// One line.
    pub summary: String,
    /// Whether the distribution calls it unimportant.
    pub unimportant: bool,
    /// Whether it says that the package was published to do harm: malware, and no vulnerability.
    pub malicious: bool,
    /// The package's place in the list.
    pub package_index: usize,
    /// Versions that fix it, lowest first; all above the package's version.
    pub fixed_versions: Vec<String>,
    /// The OSV id of the advisory that says so.
    pub advisory_id: String,
    /// Who published that advisory.
    pub advisory_source: String,
    /// Where to read more, empty when unknown.
    pub url: String,
}

/// Matches packages against the stored advisories.
pub async fn match_packages(
    conn: &impl ConnectionTrait,
    packages: &[ImagePackage],
) -> Result<MatchResult, AdvisoryError> {
    let (subjects, places) = candidates::subjects(packages);
    let found = candidates::find(conn, &subjects).await?;
    let ids: Vec<i64> = found.candidates.keys().map(|(_, vulnerability)| *vulnerability).collect();
    let known = describe(conn, ids).await?;
    let mut matches = Vec::new();
    for ((subject, vulnerability), candidates) in found.candidates {
        let Some((row, names)) = known.get(&vulnerability) else { continue };
        let general = Rating { severity: row.severity, source: row.severity_source.clone() };
        let Some(chosen) = choose(candidates, &general) else { continue };
        let advisory = chosen.advisory;
        for &package_index in &places[subject] {
            matches.push(Vulnerability {
                id: row.display_id.clone(),
                aliases: names.iter().filter(|name| **name != row.display_id).cloned().collect(),
                severity: chosen.rating.severity,
                severity_source: chosen.rating.source.clone(),
                cvss_score: advisory.cvss_score.or(row.cvss_score),
                summary: row.summary.clone(),
                unimportant: advisory.unimportant,
                malicious: row.malicious,
                package_index,
                fixed_versions: advisory.fixed.clone(),
                advisory_id: advisory.osv_id.clone(),
                advisory_source: publisher(&advisory.osv_id).to_owned(),
                url: advisory.url.clone(),
            });
        }
    }
    matches.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| (&a.id, a.package_index).cmp(&(&b.id, b.package_index)))
    });
    let mut not_assessed: Vec<(usize, String)> = Vec::new();
    for (subject, reason) in found.not_assessed {
        not_assessed.extend(places[subject].iter().map(|place| (*place, reason.clone())));
    }
    not_assessed.sort();
    // Lists, not iterators: a closure that lives across an await would keep the future from moving between threads.
    let counted: Vec<(&str, usize)> =
        packages.iter().map(|package| (package.ecosystem.as_str(), 1)).collect();
    let reasons: Vec<(&str, String, &str)> =
        not_assessed.iter().map(|(place, reason)| describe_package(&packages[*place], reason)).collect();
    let coverage = cover(conn, counted, reasons).await?;
    Ok(MatchResult { matches, coverage })
}

/// The rows of vulnerabilities and all their ids, in order of the id.
async fn describe(
    conn: &impl ConnectionTrait,
    mut ids: Vec<i64>,
) -> Result<HashMap<i64, (vulnerability::Model, Vec<String>)>, AdvisoryError> {
    ids.sort_unstable();
    ids.dedup();
    let mut known = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(KEYS) {
        let rows = vulnerability::Entity::find()
            .filter(vulnerability::Column::Id.is_in(chunk.iter().copied()))
            .all(conn)
            .await?;
        known.extend(rows.into_iter().map(|row| (row.id, (row, Vec::new()))));
        let names = vulnerability_id::Entity::find()
            .filter(vulnerability_id::Column::VulnerabilityId.is_in(chunk.iter().copied()))
            .order_by_asc(vulnerability_id::Column::Identifier)
            .all(conn)
            .await?;
        for name in names {
            if let Some((_, names)) = known.get_mut(&name.vulnerability_id) {
                names.push(name.identifier);
            }
        }
    }
    Ok(known)
}
