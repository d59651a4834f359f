//! A record as rows: what is computed before the database is touched.

use std::io;

use lazaret_entities::{Severity, Timestamp};
use lazaret_scanner::advisory::{self, Affected, RatedSeverity, Record};
use lazaret_scanner::ecosystem::{self, base};
use serde::{Deserialize, Serialize};

use super::cluster;

/// What is stored of a record.
#[derive(Debug)]
pub struct ParsedRecord {
    pub osv_id: String,
    pub modified: Timestamp,
    pub published: Timestamp,
    pub withdrawn: bool,
    pub rating: Rating,
    pub cvss_score: Option<f64>,
    pub cvss_vector: String,
    pub summary: String,
    /// The long text, zstd.
    pub details: Vec<u8>,
    pub url: String,
    /// The identifiers of each vulnerability it speaks of; empty when withdrawn.
    pub groups: Vec<Vec<String>>,
    /// Ecosystem with release, match name, stored form of what is affected; empty when withdrawn.
    pub packages: Vec<(String, String, String)>,
}

/// A severity and who gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rating {
    pub severity: Severity,
    pub source: String,
}

/// The stored form of what an advisory says of one package.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredAffected {
    /// The versions.
    #[serde(flatten)]
    pub affected: Affected,
    /// The severity for this package, where it differs from the record's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<advisory::Severity>,
    /// Who gave that severity.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity_source: String,
}

impl ParsedRecord {
    /// The rows of a record in the set of `ecosystem` (a base name); none when it names no package of it.
    ///
    /// # Errors
    /// What cannot be written as JSON or packed; an advisory without its ranges would match nothing unseen.
    pub fn new(record: &Record, ecosystem: &str) -> io::Result<Option<Self>> {
        let names_it = |entry: &advisory::AffectedEntry| {
            entry.package.as_ref().is_some_and(|package| base(&package.ecosystem) == ecosystem)
        };
        if !record.affected.iter().any(names_it) {
            return Ok(None);
        }
        let withdrawn = record.withdrawn.is_some();
        let whole = record.severity(None);
        let rating = Rating::of(&whole);
        let packages = record
            .affected_packages()
            .into_iter()
            .filter(|(of, _, _)| base(of) == ecosystem)
            .map(|(of, name, affected)| {
                let stored = stored(record, &of, &name, affected, &rating);
                serde_json::to_string(&stored).map(|stored| (of, name, stored))
            })
            .collect::<Result<_, _>>()?;
        let groups = if withdrawn {
            Vec::new()
        } else {
            cluster::groups(&record.id, &record.aliases, &record.upstream)
        };
        Ok(Some(Self {
            osv_id: record.id.clone(),
            modified: timestamp(record.modified),
            published: record.published.map_or(Timestamp::ZERO, timestamp),
            withdrawn,
            rating,
            cvss_score: whole.score.map(f64::from),
            cvss_vector: whole.vector.unwrap_or_default(),
            summary: headline(record),
            details: compressed(&record.details)?,
            url: record.url(),
            groups,
            packages,
        }))
    }

    /// Bytes it holds, roughly: batches are cut by it.
    pub fn weight(&self) -> usize {
        512 + self.details.len()
            + self.packages.iter().map(|(_, _, affected)| affected.len() + 64).sum::<usize>()
    }
}

impl Rating {
    /// A severity as the scanner rates it.
    pub fn of(rated: &RatedSeverity) -> Self {
        Self { severity: severity(rated.severity), source: rated.source.clone() }
    }

    /// Whether anybody gave one.
    pub fn is_known(&self) -> bool {
        self.severity != Severity::Unknown
    }
}

/// The scanner's severity as it is stored.
pub fn severity(severity: advisory::Severity) -> Severity {
    match severity {
        advisory::Severity::Unknown => Severity::Unknown,
        advisory::Severity::Low => Severity::Low,
        advisory::Severity::Medium => Severity::Medium,
        advisory::Severity::High => Severity::High,
        advisory::Severity::Critical => Severity::Critical,
    }
}

/// The package's own rating is kept beside its versions, and only where it differs: Debian rates each release.
fn stored(
    record: &Record,
    ecosystem: &str,
    name: &str,
    affected: Affected,
    whole: &Rating,
) -> StoredAffected {
    let index = record.affected.iter().position(|entry| {
        entry.package.as_ref().is_some_and(|package| {
            ecosystem::of_record(&package.ecosystem) == ecosystem
                && ecosystem::match_name(ecosystem, &package.name) == name
        })
    });
    let own = record.severity(index);
    let differs = Rating::of(&own) != *whole;
    StoredAffected {
        affected,
        severity: differs.then_some(own.severity),
        severity_source: if differs { own.source } else { String::new() },
    }
}

/// Times before 1970 are placeholders of the source and count as unknown.
fn timestamp(time: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_microsecond().max(0))
}

/// The summary, else the first line of the text: distributions often leave the summary out.
fn headline(record: &Record) -> String {
    const CHARS: usize = 200;
    let summary = record.summary.trim();
    let text = if summary.is_empty() {
        record.details.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
    } else {
        summary
    };
    match text.char_indices().nth(CHARS) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = &text[..end];
            let words = cut.rsplit_once(char::is_whitespace).map_or(cut, |(words, _)| words);
            format!("{words} …")
        }
    }
}

fn compressed(text: &str) -> io::Result<Vec<u8>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    zstd::bulk::compress(text.as_bytes(), 3)
}
