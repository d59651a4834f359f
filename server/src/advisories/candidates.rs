//! What the stored advisories say of packages: the core that scans in memory and stored packages share.

use std::collections::{BTreeMap, HashMap, HashSet};

use lazaret_entities::{Severity, Timestamp, advisory, advisory_package, advisory_vulnerability};
use lazaret_scanner::advisory::{Outcome, evaluate, match_key};
use lazaret_scanner::ecosystem::{is_distribution, is_known};
use lazaret_scanner::image::ImagePackage;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};

use super::cluster::canonical;
use super::error::AdvisoryError;
use super::parsed::{self, Rating, StoredAffected};

/// Names in one query.
const NAMES: usize = 500;
/// Keys in one `IN` list.
const KEYS: usize = 5000;

/// A package as advisories ask about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Subject {
    /// OSV ecosystem with release.
    pub ecosystem: String,
    /// Match name.
    pub name: String,
    /// Match version.
    pub version: String,
    /// Module stream, empty where there is none.
    pub module: String,
}

/// An advisory that concerns a subject.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub advisory_id: i64,
    pub osv_id: String,
    pub modified: Timestamp,
    pub url: String,
    /// Lowest first, above the subject's version.
    pub fixed: Vec<String>,
    pub rating: Rating,
    /// The advisory's CVSS score, and who rated the advisory.
    pub cvss_score: Option<f64>,
    pub unimportant: bool,
}

/// What was found for a list of subjects, which are named by their place in it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Candidates by subject and vulnerability.
    pub candidates: BTreeMap<(usize, i64), Vec<Candidate>>,
    /// Subjects that an advisory could not be decided for, with the reason.
    pub not_assessed: BTreeMap<usize, String>,
}

/// The distinct subjects among packages, and for each the places of its packages.
pub(super) fn subjects(packages: &[ImagePackage]) -> (Vec<Subject>, Vec<Vec<usize>>) {
    let mut places: BTreeMap<Subject, Vec<usize>> = BTreeMap::new();
    for (place, package) in packages.iter().enumerate() {
        let (name, version) = match_key(package);
        places
            .entry(Subject {
                ecosystem: package.ecosystem.clone(),
                name,
                version,
                module: package.module.clone(),
            })
            .or_default()
            .push(place);
    }
    places.into_iter().unzip()
}

/// Asks the stored advisories about every subject.
pub(super) async fn find(conn: &impl ConnectionTrait, subjects: &[Subject]) -> Result<Found, AdvisoryError> {
    ask(conn, subjects).await?.by_vulnerability(conn).await
}

/// The subjects that an advisory cannot be decided for, with the reason.
pub(super) async fn undecided(
    conn: &impl ConnectionTrait,
    subjects: &[Subject],
) -> Result<BTreeMap<usize, String>, AdvisoryError> {
    Ok(ask(conn, subjects).await?.not_assessed)
}

async fn ask(conn: &impl ConnectionTrait, subjects: &[Subject]) -> Result<Said, AdvisoryError> {
    let mut by_ecosystem: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (place, subject) in subjects.iter().enumerate() {
        if is_known(&subject.ecosystem) {
            let names = by_ecosystem.entry(&subject.ecosystem).or_default();
            names.entry(&subject.name).or_default().push(place);
        }
    }
    let mut said = Said::default();
    for (ecosystem, places) in &by_ecosystem {
        let names: Vec<&str> = places.keys().copied().collect();
        for chunk in names.chunks(NAMES) {
            for row in rows(conn, ecosystem, chunk).await? {
                let stored: StoredAffected = serde_json::from_str(&row.affected)
                    .map_err(|_| AdvisoryError::Stored(row.candidate.advisory_id))?;
                for &place in places.get(row.name.as_str()).into_iter().flatten() {
                    said.hear(place, &subjects[place], &row.candidate, &stored);
                }
            }
        }
    }
    Ok(said)
}

struct Row {
    name: String,
    affected: String,
    candidate: Candidate,
}

type Columns = (String, String, i64, String, Timestamp, Severity, String, Option<f64>, String);

async fn rows(
    conn: &impl ConnectionTrait,
    ecosystem: &str,
    names: &[&str],
) -> Result<Vec<Row>, AdvisoryError> {
    use advisory::Column as A;
    use advisory_package::Column as P;
    let rows: Vec<Columns> = advisory_package::Entity::find()
        .select_only()
        .columns([P::Name, P::Affected, P::AdvisoryId])
        .columns([A::OsvId, A::Modified, A::Severity, A::SeveritySource, A::CvssScore, A::Url])
        .join(JoinType::InnerJoin, advisory_package::Relation::Advisory.def())
        .filter(P::Ecosystem.eq(ecosystem))
        .filter(P::Name.is_in(names.iter().copied()))
        .filter(A::Withdrawn.eq(false))
        .into_tuple()
        .all(conn)
        .await?;
    let candidate =
        |(name, affected, advisory_id, osv_id, modified, severity, source, cvss_score, url): Columns| Row {
            name,
            affected,
            candidate: Candidate {
                advisory_id,
                osv_id,
                modified,
                url,
                fixed: Vec::new(),
                rating: Rating { severity, source },
                cvss_score,
                unimportant: false,
            },
        };
    Ok(rows.into_iter().map(candidate).collect())
}

/// What advisories said, before it is known which vulnerabilities they speak of.
#[derive(Debug, Default)]
struct Said {
    hits: Vec<(usize, Candidate)>,
    /// CVEs that a distribution's own record says a subject does not have, or has.
    decided: HashMap<(usize, String), bool>,
    not_assessed: BTreeMap<usize, String>,
    /// What is known of hits' packages: whether a distribution speaks.
    distribution: HashSet<usize>,
}

impl Said {
    fn hear(&mut self, place: usize, subject: &Subject, candidate: &Candidate, stored: &StoredAffected) {
        if !stored.affected.builds.include(&subject.module, &subject.version) {
            return;
        }
        let affected = match evaluate(&subject.ecosystem, &subject.version, &stored.affected) {
            Outcome::Affected { fixed } => Some(fixed),
            Outcome::NotAffected => None,
            Outcome::NotAssessed(reason) => {
                self.not_assessed.entry(place).or_insert(reason);
                return;
            }
        };
        if is_distribution(&subject.ecosystem) {
            self.distribution.insert(place);
            let cve = canonical(&candidate.osv_id);
            if cve != candidate.osv_id {
                self.decided.insert((place, cve.to_owned()), affected.is_some());
            }
        }
        if let Some(fixed) = affected {
            let rating = match stored.severity {
                Some(severity) => {
                    Rating { severity: parsed::severity(severity), source: stored.severity_source.clone() }
                }
                None => candidate.rating.clone(),
            };
            let unimportant = stored.affected.unimportant;
            self.hits.push((place, Candidate { fixed, rating, unimportant, ..candidate.clone() }));
        }
    }

    /// A distribution's record of one CVE decides over its advisories that name many: those are never changed when
    /// it turns out that a release did not have one of them.
    fn is_overruled(&self, place: usize, candidate: &Candidate, display_id: &str) -> bool {
        self.distribution.contains(&place)
            && canonical(&candidate.osv_id) == candidate.osv_id
            && self.decided.get(&(place, display_id.to_owned())) == Some(&false)
    }

    async fn by_vulnerability(mut self, conn: &impl ConnectionTrait) -> Result<Found, AdvisoryError> {
        let ids: HashSet<i64> = self.hits.iter().map(|(_, candidate)| candidate.advisory_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let mut spoken: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
        for chunk in ids.chunks(KEYS) {
            use lazaret_entities::vulnerability;
            let links: Vec<(i64, i64, String)> = advisory_vulnerability::Entity::find()
                .select_only()
                .columns([
                    advisory_vulnerability::Column::AdvisoryId,
                    advisory_vulnerability::Column::VulnerabilityId,
                ])
                .column(vulnerability::Column::DisplayId)
                .join(JoinType::InnerJoin, advisory_vulnerability::Relation::Vulnerability.def())
                .filter(advisory_vulnerability::Column::AdvisoryId.is_in(chunk.iter().copied()))
                .into_tuple()
                .all(conn)
                .await?;
            for (advisory, vulnerability, display_id) in links {
                spoken.entry(advisory).or_default().push((vulnerability, display_id));
            }
        }
        let mut found = Found { not_assessed: std::mem::take(&mut self.not_assessed), ..Found::default() };
        for (place, candidate) in &self.hits {
            for (vulnerability, display_id) in spoken.get(&candidate.advisory_id).into_iter().flatten() {
                if !self.is_overruled(*place, candidate, display_id) {
                    found.candidates.entry((*place, *vulnerability)).or_default().push(candidate.clone());
                }
            }
        }
        Ok(found)
    }
}
