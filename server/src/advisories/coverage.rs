//! What the advisories do not cover. Silence is never "no vulnerabilities".

use std::collections::BTreeMap;

use lazaret_entities::{Timestamp, advisory_package};
use lazaret_scanner::image::ImagePackage;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::candidates::{self, subjects};
use super::ecosystem::{base, is_supported};
use super::error::AdvisoryError;
use super::set;

/// Examples of packages that could not be assessed which are named one by one.
const NAMED: usize = 3;

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
    /// What was not assessed and why, one sentence each; empty when everything was.
    pub not_assessed: Vec<String>,
}

/// How well packages are covered, without telling what they have.
///
/// A gap for want of advisories reads "no advisories for npm"; one for want of the release "Debian:13 is not in the
/// advisories".
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
    let mut undecided: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
    for (ecosystem, package, reason) in unassessed {
        undecided.entry(ecosystem).or_default().push((package, reason));
    }
    let mut coverage = Vec::with_capacity(counts.len());
    for (ecosystem, packages) in counts {
        let loaded = set::find(conn, base(ecosystem)).await?.filter(set::is_loaded);
        let mut not_assessed = Vec::new();
        if !is_supported(ecosystem) {
            not_assessed
                .push(format!("packages of {ecosystem} are not assessed: no advisory source knows them"));
        } else if loaded.is_none() {
            not_assessed.push(format!("no advisories for {}", base(ecosystem)));
        } else if ecosystem != base(ecosystem) && !has_release(conn, ecosystem).await? {
            not_assessed.push(format!("{ecosystem} is not in the advisories"));
        }
        if let Some(packages) = undecided.get(ecosystem) {
            for (package, reason) in packages.iter().take(NAMED) {
                not_assessed.push(format!("{package} was not assessed: {reason}"));
            }
            if packages.len() > NAMED {
                not_assessed.push(format!("{} more packages were not assessed", packages.len() - NAMED));
            }
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
