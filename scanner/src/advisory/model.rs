//! The OSV record (schema 1.7) as far as Lazaret reads it.
//!
//! Reading is lenient where matching does not suffer: `null` is an empty list, unknown fields and range types are
//! passed over, and a time that cannot be read does not cost the record.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::AdvisoryError;

/// One advisory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// The record's id: `GHSA-…`, `DSA-…`, `PYSEC-…`, `DEBIAN-CVE-…`.
    pub id: String,
    /// Last change; the epoch when absent or unreadable, so that any later record replaces it.
    #[serde(default, deserialize_with = "time_or_epoch")]
    pub modified: Timestamp,
    /// First publication.
    #[serde(default, deserialize_with = "time")]
    pub published: Option<Timestamp>,
    /// When it was taken back. Such a record affects nothing. A time that cannot be read counts as the epoch.
    #[serde(default, deserialize_with = "withdrawn_time")]
    pub withdrawn: Option<Timestamp>,
    /// Other ids of the same vulnerability.
    #[serde(default, deserialize_with = "null_as_default")]
    pub aliases: Vec<String>,
    /// Ids of the vulnerabilities that this record of a distribution passes on: a DSA names its CVEs here.
    #[serde(default, deserialize_with = "null_as_default")]
    pub upstream: Vec<String>,
    /// Ids that are near, but not the same vulnerability.
    #[serde(default, deserialize_with = "null_as_default")]
    pub related: Vec<String>,
    /// One line.
    #[serde(default, deserialize_with = "null_as_default")]
    pub summary: String,
    /// The text, in Markdown.
    #[serde(default, deserialize_with = "null_as_default")]
    pub details: String,
    /// Ratings of the record as a whole.
    #[serde(default, deserialize_with = "null_as_default")]
    pub severity: Vec<SeverityEntry>,
    /// The packages concerned.
    #[serde(default, deserialize_with = "null_as_default")]
    pub affected: Vec<AffectedEntry>,
    /// Where to read more.
    #[serde(default, deserialize_with = "null_as_default")]
    pub references: Vec<Reference>,
    /// What the source adds: GitHub's severity word lives here.
    #[serde(default)]
    pub database_specific: Value,
}

/// One rating: a CVSS vector, or the word of the feed that `kind` names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeverityEntry {
    /// `CVSS_V2`, `CVSS_V3`, `CVSS_V4`, `Ubuntu`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// A vector, or a word.
    #[serde(default)]
    pub score: String,
}

/// One package of a record, with the versions concerned.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AffectedEntry {
    /// The package; absent where only a source repository is named.
    #[serde(default)]
    pub package: Option<Package>,
    /// Spans of versions.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ranges: Vec<Range>,
    /// Versions one by one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub versions: Vec<String>,
    /// Ratings for this package alone.
    #[serde(default, deserialize_with = "null_as_default")]
    pub severity: Vec<SeverityEntry>,
    /// What the ecosystem adds: Debian's urgency lives here.
    #[serde(default)]
    pub ecosystem_specific: Value,
    /// What the source adds.
    #[serde(default)]
    pub database_specific: Value,
}

/// A package as an advisory names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// Ecosystem with release where it has releases: `Debian:11`, `PyPI`.
    pub ecosystem: String,
    /// Name within the ecosystem.
    pub name: String,
    /// Package URL, where given. Nothing is matched by it: Alpine's are the same for every release.
    #[serde(default, deserialize_with = "null_as_default")]
    pub purl: String,
}

/// A span of versions, written as events along their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// How the versions of the events compare.
    #[serde(rename = "type")]
    pub kind: RangeKind,
    /// Where being affected begins and ends, in the order of the record.
    #[serde(default, deserialize_with = "events")]
    pub events: Vec<Event>,
}

/// How the versions of a range compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeKind {
    /// By Semantic Versioning 2, whatever the ecosystem; Go and Bitnami write more than that into installed versions.
    #[serde(rename = "SEMVER")]
    SemVer,
    /// By the ecosystem's own order.
    #[serde(rename = "ECOSYSTEM")]
    Ecosystem,
    /// Commits, which say nothing of packages; and every other type.
    #[serde(rename = "GIT", other)]
    Other,
}

/// A point in the order of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Affected from here on, this version included; `0` is below every version.
    Introduced(String),
    /// No longer affected from here on, this version included.
    Fixed(String),
    /// The last version that is affected.
    LastAffected(String),
    /// Nothing from here on is spoken of; `*` is above every version.
    Limit(String),
}

impl Event {
    /// The version at which it lies, or a mark such as `0`.
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Introduced(text) | Self::Fixed(text) | Self::LastAffected(text) | Self::Limit(text) => text,
        }
    }
}

/// A place to read more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// `ADVISORY`, `FIX`, `WEB` …
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Where.
    #[serde(default)]
    pub url: String,
}

/// Reads one OSV record.
///
/// # Errors
/// When the bytes are no JSON, lack an id, or hold another type than the schema has for a field.
pub fn parse(bytes: &[u8]) -> Result<Record, AdvisoryError> {
    let record: Record = serde_json::from_slice(bytes)?;
    if record.id.trim().is_empty() {
        return Err(AdvisoryError::WithoutId);
    }
    Ok(record)
}

impl Record {
    /// The page to send a reader to: the first reference of type `ADVISORY`, else the first one, else osv.dev.
    pub fn url(&self) -> String {
        let web = || {
            self.references.iter().filter(|r| r.url.starts_with("https://") || r.url.starts_with("http://"))
        };
        web().find(|reference| reference.kind == "ADVISORY").or_else(|| web().next()).map_or_else(
            || format!("https://osv.dev/vulnerability/{}", self.id),
            |reference| reference.url.clone(),
        )
    }
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn time_or_epoch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Ok(time(deserializer)?.unwrap_or(Timestamp::UNIX_EPOCH))
}

fn withdrawn_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()).map(|text| text.parse().unwrap_or(Timestamp::UNIX_EPOCH)))
}

/// Events with one key each are the rule; older records put two keys in one event, and unknown keys may come.
fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Event>, D::Error> {
    #[derive(Deserialize)]
    struct Keys {
        introduced: Option<String>,
        fixed: Option<String>,
        last_affected: Option<String>,
        limit: Option<String>,
    }
    let list: Option<Vec<Keys>> = Option::deserialize(deserializer)?;
    Ok(list
        .unwrap_or_default()
        .into_iter()
        .flat_map(|keys| {
            [
                keys.introduced.map(Event::Introduced),
                keys.fixed.map(Event::Fixed),
                keys.last_affected.map(Event::LastAffected),
                keys.limit.map(Event::Limit),
            ]
        })
        .flatten()
        .collect())
}
