//! Ties advisories to vulnerabilities: identifiers that are aliases name one row, whichever set told first.

use std::collections::{BTreeSet, HashMap, HashSet};

use lazaret_entities::{Timestamp, advisory_vulnerability, vulnerability, vulnerability_id};
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Set,
};

use super::cluster::{self, Joiner};
use super::error::AdvisoryError;
use super::merge;
use super::parsed::ParsedRecord;
use super::publisher::authority;
use super::settle;

/// Values in one `IN` list or statement.
const VALUES: usize = 2000;

/// A stored record whose vulnerabilities are to be found.
pub(super) struct Spoken<'a> {
    pub advisory_id: i64,
    pub record: &'a ParsedRecord,
}

/// Remembers which vulnerabilities an import touched.
#[derive(Debug, Default)]
pub(super) struct Linker {
    touched: HashSet<i64>,
    /// Vulnerabilities that got a further identifier, which may be the better one to show.
    grown: HashSet<i64>,
}

/// The identifiers that belong together, and who speaks of them.
struct Cluster {
    identifiers: Vec<String>,
    /// Places in the batch.
    spoken: Vec<usize>,
    existing: BTreeSet<i64>,
    /// Whether this batch made its vulnerability.
    is_new: bool,
}

impl Linker {
    /// Finds or makes the vulnerabilities of a batch and ties its advisories to them.
    pub async fn link(
        &mut self,
        tx: &DatabaseTransaction,
        spoken: &[Spoken<'_>],
        now: Timestamp,
    ) -> Result<(), AdvisoryError> {
        let (mut clusters, known) = gather(tx, spoken).await?;
        self.create(tx, &mut clusters, spoken, now).await?;
        let mut names = Vec::new();
        let mut pairs = BTreeSet::new();
        for cluster in &clusters {
            let Some(&keeper) = cluster.existing.first() else { continue };
            for &loser in cluster.existing.iter().skip(1) {
                merge::merge(tx, keeper, loser).await?;
                self.touched.remove(&loser);
                self.grown.insert(keeper);
            }
            for identifier in cluster.identifiers.iter().filter(|identifier| !known.contains_key(*identifier))
            {
                names.push((identifier.clone(), keeper));
                if !cluster.is_new {
                    self.grown.insert(keeper);
                }
            }
            self.touched.insert(keeper);
            pairs.extend(cluster.spoken.iter().map(|place| (spoken[*place].advisory_id, keeper)));
        }
        for chunk in names.chunks(VALUES) {
            let rows = chunk.iter().map(|(identifier, id)| vulnerability_id::ActiveModel {
                identifier: Set(identifier.clone()),
                vulnerability_id: Set(*id),
                ..Default::default()
            });
            vulnerability_id::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        let pairs: Vec<_> = pairs.into_iter().collect();
        for chunk in pairs.chunks(VALUES) {
            use advisory_vulnerability::Column as C;
            let rows = chunk.iter().map(|(advisory, vulnerability)| advisory_vulnerability::ActiveModel {
                advisory_id: Set(*advisory),
                vulnerability_id: Set(*vulnerability),
            });
            advisory_vulnerability::Entity::insert_many(rows)
                .on_conflict(OnConflict::columns([C::AdvisoryId, C::VulnerabilityId]).do_nothing().to_owned())
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    /// Notes the vulnerabilities of advisories that are about to change, so that they are settled as well.
    pub async fn touch_links_of(
        &mut self,
        tx: &DatabaseTransaction,
        advisories: &[i64],
    ) -> Result<(), AdvisoryError> {
        for ids in advisories.chunks(VALUES) {
            let linked: Vec<i64> = advisory_vulnerability::Entity::find()
                .select_only()
                .column(advisory_vulnerability::Column::VulnerabilityId)
                .filter(advisory_vulnerability::Column::AdvisoryId.is_in(ids.iter().copied()))
                .into_tuple()
                .all(tx)
                .await?;
            self.touched.extend(linked);
        }
        Ok(())
    }

    /// Gives every touched vulnerability the severity, text and display id that its advisories now tell.
    pub async fn settle(self, tx: &DatabaseTransaction) -> Result<(), AdvisoryError> {
        let mut touched: Vec<i64> = self.touched.into_iter().collect();
        touched.sort_unstable();
        for ids in touched.chunks(VALUES) {
            settle::settle(tx, ids, &self.grown).await?;
        }
        Ok(())
    }

    async fn create(
        &mut self,
        tx: &DatabaseTransaction,
        clusters: &mut [Cluster],
        spoken: &[Spoken<'_>],
        now: Timestamp,
    ) -> Result<(), AdvisoryError> {
        let mut fresh: Vec<&mut Cluster> = clusters.iter_mut().filter(|c| c.existing.is_empty()).collect();
        for chunk in fresh.chunks_mut(VALUES) {
            let rows = chunk.iter().map(|cluster| {
                let best = cluster
                    .spoken
                    .iter()
                    .map(|place| spoken[*place].record)
                    .min_by_key(|record| (!record.rating.is_known(), authority(&record.osv_id)));
                vulnerability::ActiveModel {
                    display_id: Set(display(cluster).to_owned()),
                    severity: Set(best.map(|record| record.rating.severity).unwrap_or_default()),
                    severity_source: Set(best.map(|record| record.rating.source.clone()).unwrap_or_default()),
                    cvss_score: Set(best.and_then(|record| record.cvss_score)),
                    summary: Set(best.map(|record| record.summary.clone()).unwrap_or_default()),
                    malicious: Set(cluster::is_malicious(cluster.identifiers.iter().map(String::as_str))),
                    redirect_id: Set(None),
                    created_at: Set(now),
                    ..Default::default()
                }
            });
            let mut insert = vulnerability::Entity::insert_many(rows).into_query();
            insert.returning(
                Query::returning().columns([vulnerability::Column::Id, vulnerability::Column::DisplayId]),
            );
            // Clusters share no identifier, so the display id tells which row is whose.
            let mut ids: HashMap<String, i64> = HashMap::with_capacity(chunk.len());
            for row in tx.query_all(&insert).await? {
                ids.insert(row.try_get_by_index(1)?, row.try_get_by_index(0)?);
            }
            for cluster in chunk.iter_mut() {
                let id = ids.get(display(cluster)).copied();
                cluster.existing.extend(id);
                cluster.is_new = true;
            }
        }
        Ok(())
    }
}

fn display(cluster: &Cluster) -> &str {
    cluster::display(cluster.identifiers.iter().map(String::as_str))
}

/// Joins the groups of a batch that share an identifier or a stored vulnerability; returns which identifiers are
/// stored already.
async fn gather(
    tx: &DatabaseTransaction,
    spoken: &[Spoken<'_>],
) -> Result<(Vec<Cluster>, HashMap<String, i64>), AdvisoryError> {
    let groups: Vec<(usize, &Vec<String>)> = spoken
        .iter()
        .enumerate()
        .flat_map(|(place, spoken)| spoken.record.groups.iter().map(move |group| (place, group)))
        .collect();
    let mut joiner = Joiner::new(groups.len());
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (at, (_, group)) in groups.iter().enumerate() {
        for identifier in *group {
            match first.get(identifier.as_str()) {
                Some(&other) => joiner.join(at, other),
                None => {
                    first.insert(identifier, at);
                }
            }
        }
    }
    let identifiers: Vec<&str> = first.keys().copied().collect();
    let mut known: HashMap<String, i64> = HashMap::new();
    for chunk in identifiers.chunks(VALUES) {
        let rows: Vec<(String, i64)> = vulnerability_id::Entity::find()
            .select_only()
            .columns([vulnerability_id::Column::Identifier, vulnerability_id::Column::VulnerabilityId])
            .filter(vulnerability_id::Column::Identifier.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(tx)
            .await?;
        known.extend(rows);
    }
    let mut holders: HashMap<i64, usize> = HashMap::new();
    for (identifier, id) in &known {
        if let Some(&at) = first.get(identifier.as_str()) {
            let other = *holders.entry(*id).or_insert(at);
            joiner.join(at, other);
        }
    }
    let clusters = joiner
        .sets()
        .into_iter()
        .map(|set| {
            let mut seen = HashSet::new();
            let identifiers: Vec<String> =
                set.iter().flat_map(|at| groups[*at].1).filter(|name| seen.insert(*name)).cloned().collect();
            let existing = identifiers.iter().filter_map(|name| known.get(name).copied()).collect();
            Cluster {
                identifiers,
                spoken: set.iter().map(|at| groups[*at].0).collect(),
                existing,
                is_new: false,
            }
        })
        .collect();
    Ok((clusters, known))
}
