//! What the advisories do not cover. Silence is never "no vulnerabilities".

use std::collections::BTreeMap;

use lazaret_entities::{Timestamp, advisory_package};
use lazaret_scanner::ecosystem::{base, is_known};
use lazaret_scanner::image::ImagePackage;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::candidates::{self, subjects};
use super::error::AdvisoryError;
use super::set;

/// Packages of a gap that are named; the others are counted.
const NAMED: usize = 100;
/// Packages that a sentence names.
const NAMED_IN_SENTENCE: usize = 3;

/// Something that the advisories could not be asked about. Kept with a scanned image as JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// OSV ecosystem with release.
    pub ecosystem: String,
    /// Why, such as "no advisories for npm" or "Debian:13 is not in the advisories".
    pub reason: String,
    /// Packages that it concerns.
    pub count: usize,
    /// Name and version of the first hundred of them; empty when it is all of the ecosystem.
    pub packages: Vec<String>,
}

impl Gap {
    /// The gap in a sentence of its own.
    pub fn sentence(&self) -> String {
        match self.packages.as_slice() {
            [] => self.reason.clone(),
            [package] if self.count == 1 => format!("{package} was not assessed: {}", self.reason),
            packages => {
                let named = packages.iter().take(NAMED_IN_SENTENCE).cloned().collect::<Vec<_>>().join(", ");
                let more = if self.count > NAMED_IN_SENTENCE { " and others" } else { "" };
                format!("{} packages were not assessed ({named}{more}): {}", self.count, self.reason)
            }
        }
    }
}

/// How well the packages of one ecosystem are covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// OSV ecosystem with release.
    pub ecosystem: String,
    /// Packages of it that were asked about.
    pub packages: usize,
    /// The newest change of any advisory in its set; none when no set is loaded.
    pub advisories_modified: Option<Timestamp>,
    /// Advisories in its set.
    pub records: u64,
    /// What was not assessed and why; empty when everything was.
    pub not_assessed: Vec<Gap>,
}

/// How well packages are covered, without telling what they have.
pub async fn coverage(
    conn: &impl ConnectionTrait,
    packages: &[ImagePackage],
) -> Result<Vec<Coverage>, AdvisoryError> {
    let (subjects, places) = subjects(packages);
    let undecided = candidates::undecided(conn, &subjects).await?;
    // Lists, not iterators: a closure that lives across an await would keep the future from moving between threads.
    let mut unassessed = Vec::new();
    for (subject, reason) in &undecided {
        for place in &places[*subject] {
            unassessed.push(describe(&packages[*place], reason));
        }
    }
    let counted: Vec<(&str, usize)> =
        packages.iter().map(|package| (package.ecosystem.as_str(), 1)).collect();
    cover(conn, counted, unassessed).await
}

/// A package that could not be assessed, as [`cover`] takes it.
pub(super) fn describe<'a>(package: &'a ImagePackage, reason: &'a str) -> (&'a str, String, &'a str) {
    (&package.ecosystem, format!("{} {}", package.name, package.version), reason)
}

/// Tells the coverage of each ecosystem: `counted` are packages by ecosystem (in any order, added up), `unassessed`
/// single packages that could not be decided, with ecosystem, name and reason.
pub(super) async fn cover<'a>(
    conn: &impl ConnectionTrait,
    counted: impl IntoIterator<Item = (&'a str, usize)>,
    unassessed: impl IntoIterator<Item = (&'a str, String, &'a str)>,
) -> Result<Vec<Coverage>, AdvisoryError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (ecosystem, packages) in counted {
        *counts.entry(ecosystem).or_default() += packages;
    }
    let mut undecided: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for (ecosystem, package, reason) in unassessed {
        undecided.entry(ecosystem).or_default().entry(reason).or_default().push(package);
    }
    let mut coverage = Vec::with_capacity(counts.len());
    for (ecosystem, packages) in counts {
        let loaded = set::find(conn, base(ecosystem)).await?.filter(set::is_loaded);
        let whole = if !is_known(ecosystem) {
            Some(format!("packages of {ecosystem} are not assessed: no advisory source knows them"))
        } else if loaded.is_none() {
            Some(format!("no advisories for {}", base(ecosystem)))
        } else if ecosystem != base(ecosystem) && !has_release(conn, ecosystem).await? {
            Some(format!("{ecosystem} is not in the advisories"))
        } else {
            None
        };
        let gap = |reason: String, count: usize, packages: Vec<String>| Gap {
            ecosystem: ecosystem.to_owned(),
            reason,
            count,
            packages,
        };
        let mut not_assessed: Vec<Gap> =
            whole.map(|reason| gap(reason, packages, Vec::new())).into_iter().collect();
        for (reason, names) in undecided.remove(ecosystem).unwrap_or_default() {
            let count = names.len();
            not_assessed.push(gap(reason.to_owned(), count, names.into_iter().take(NAMED).collect()));
        }
        coverage.push(Coverage {
            ecosystem: ecosystem.to_owned(),
            packages,
            advisories_modified: loaded.as_ref().map(|set| set.newest_modified),
            records: loaded.map_or(0, |set| u64::try_from(set.records).unwrap_or(0)),
            not_assessed,
        });
    }
    Ok(coverage)
}

async fn has_release(conn: &impl ConnectionTrait, ecosystem: &str) -> Result<bool, AdvisoryError> {
    let any = advisory_package::Entity::find()
        .filter(advisory_package::Column::Ecosystem.eq(ecosystem))
        .one(conn)
        .await?;
    Ok(any.is_some())
}
