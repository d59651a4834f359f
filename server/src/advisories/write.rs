//! Writes the records of a set inside one transaction.

use std::collections::{HashMap, HashSet};

use lazaret_entities::{Timestamp, advisory, advisory_package, advisory_set, advisory_vulnerability};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Set,
};

use super::error::AdvisoryError;
use super::import::{Imported, SetOrigin};
use super::link::{Linker, Spoken};
use super::parsed::ParsedRecord;
use super::set;

/// Rows in one statement: SQLite takes 32,766 parameters, and an advisory has 12 columns.
const ROWS: usize = 1000;

/// A record that the set already has.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: i64,
    modified: Timestamp,
    withdrawn: bool,
}

/// The state of one import.
pub(super) struct Writer {
    known: HashMap<String, Known>,
    seen: HashSet<String>,
    /// Whether the set comes from where it came from before: then an equal `modified` means an equal record.
    same_source: bool,
    linker: Linker,
    imported: Imported,
    now: Timestamp,
}

impl Writer {
    /// Reads what the set already has.
    pub async fn open(
        tx: &DatabaseTransaction,
        origin: &SetOrigin,
        now: Timestamp,
    ) -> Result<Self, AdvisoryError> {
        let state = set::find(tx, &origin.ecosystem).await?;
        let rows: Vec<(i64, String, Timestamp, bool)> = advisory::Entity::find()
            .select_only()
            .columns([
                advisory::Column::Id,
                advisory::Column::OsvId,
                advisory::Column::Modified,
                advisory::Column::Withdrawn,
            ])
            .filter(advisory::Column::Ecosystem.eq(&origin.ecosystem))
            .into_tuple()
            .all(tx)
            .await?;
        let known = rows
            .into_iter()
            .map(|(id, osv_id, modified, withdrawn)| (osv_id, Known { id, modified, withdrawn }))
            .collect();
        Ok(Self {
            known,
            seen: HashSet::new(),
            same_source: state
                .is_some_and(|state| state.source == origin.source && origin.source != set::IMPORTED),
            linker: Linker::default(),
            imported: Imported { ecosystem: origin.ecosystem.clone(), ..Imported::default() },
            now,
        })
    }

    /// Writes a batch. A record that comes twice counts once: the first stays.
    pub async fn write(
        &mut self,
        tx: &DatabaseTransaction,
        records: Vec<ParsedRecord>,
    ) -> Result<(), AdvisoryError> {
        let mut stale = Vec::new();
        let mut changed = Vec::new();
        for record in records {
            if !self.seen.insert(record.osv_id.clone()) {
                continue;
            }
            self.imported.records += u64::from(!record.withdrawn);
            self.imported.newest_modified = self.imported.newest_modified.max(record.modified);
            if let Some(known) = self.known.remove(&record.osv_id) {
                let equal = known.modified == record.modified && known.withdrawn == record.withdrawn;
                if self.same_source && equal {
                    continue;
                }
                self.imported.withdrawn += u64::from(record.withdrawn && !known.withdrawn);
                stale.push(known.id);
            }
            changed.push(record);
        }
        self.imported.changed += changed.len() as u64;
        self.linker.touch_links_of(tx, &stale).await?;
        forget(tx, &stale).await?;
        for chunk in changed.chunks(ROWS) {
            let ids = upsert(tx, &self.imported.ecosystem, chunk).await?;
            insert_packages(tx, chunk, &ids).await?;
            let spoken = chunk
                .iter()
                .filter_map(|record| Some(Spoken { advisory_id: *ids.get(&record.osv_id)?, record }));
            self.linker.link(tx, &spoken.collect::<Vec<_>>(), self.now).await?;
        }
        Ok(())
    }

    /// Takes back what the source no longer has, settles the vulnerabilities and notes the set's state.
    ///
    /// Rows of advisories stay: earlier matches speak of them.
    pub async fn close(
        mut self,
        tx: &DatabaseTransaction,
        origin: &SetOrigin,
    ) -> Result<Imported, AdvisoryError> {
        let gone: Vec<i64> =
            self.known.values().filter(|known| !known.withdrawn).map(|known| known.id).collect();
        self.linker.touch_links_of(tx, &gone).await?;
        forget(tx, &gone).await?;
        for ids in gone.chunks(ROWS) {
            advisory::Entity::update_many()
                .col_expr(advisory::Column::Withdrawn, Expr::value(true))
                .filter(advisory::Column::Id.is_in(ids.iter().copied()))
                .exec(tx)
                .await?;
        }
        self.imported.withdrawn += gone.len() as u64;
        self.linker.settle(tx).await?;
        let state = advisory_set::ActiveModel {
            ecosystem: Set(origin.ecosystem.clone()),
            source: Set(origin.source.clone()),
            etag: Set(origin.etag.clone()),
            fetched_at: Set(self.now),
            newest_modified: Set(self.imported.newest_modified),
            records: Set(i64::try_from(self.imported.records).unwrap_or(i64::MAX)),
            last_error: Set(String::new()),
            last_tried_at: Set(self.now),
            ..Default::default()
        };
        set::save(tx, state).await?;
        Ok(self.imported)
    }
}

/// Drops what the given advisories say, but not the advisories.
async fn forget(tx: &DatabaseTransaction, advisories: &[i64]) -> Result<(), AdvisoryError> {
    for ids in advisories.chunks(ROWS) {
        advisory_package::Entity::delete_many()
            .filter(advisory_package::Column::AdvisoryId.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
        advisory_vulnerability::Entity::delete_many()
            .filter(advisory_vulnerability::Column::AdvisoryId.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Writes the rows of advisories and returns their keys by OSV id.
async fn upsert(
    tx: &DatabaseTransaction,
    ecosystem: &str,
    records: &[ParsedRecord],
) -> Result<HashMap<String, i64>, AdvisoryError> {
    use advisory::Column as C;
    let rows = records.iter().map(|record| advisory::ActiveModel {
        ecosystem: Set(ecosystem.to_owned()),
        osv_id: Set(record.osv_id.clone()),
        modified: Set(record.modified),
        published: Set(record.published),
        withdrawn: Set(record.withdrawn),
        severity: Set(record.rating.severity),
        severity_source: Set(record.rating.source.clone()),
        cvss_score: Set(record.cvss_score),
        cvss_vector: Set(record.cvss_vector.clone()),
        summary: Set(record.summary.clone()),
        details: Set(record.details.clone()),
        url: Set(record.url.clone()),
        ..Default::default()
    });
    let mut insert = advisory::Entity::insert_many(rows).into_query();
    insert
        .on_conflict(
            OnConflict::columns([C::Ecosystem, C::OsvId])
                .update_columns([
                    C::Modified,
                    C::Published,
                    C::Withdrawn,
                    C::Severity,
                    C::SeveritySource,
                    C::CvssScore,
                    C::CvssVector,
                    C::Summary,
                    C::Details,
                    C::Url,
                ])
                .to_owned(),
        )
        .returning(Query::returning().columns([C::Id, C::OsvId]));
    let rows = tx.query_all(&insert).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(1)?, row.try_get_by_index(0)?))).collect()
}

async fn insert_packages(
    tx: &DatabaseTransaction,
    records: &[ParsedRecord],
    ids: &HashMap<String, i64>,
) -> Result<(), AdvisoryError> {
    let mut rows = Vec::new();
    for record in records {
        let Some(id) = ids.get(&record.osv_id) else { continue };
        rows.extend(record.packages.iter().map(|(ecosystem, name, affected)| {
            advisory_package::ActiveModel {
                advisory_id: Set(*id),
                ecosystem: Set(ecosystem.clone()),
                name: Set(name.clone()),
                affected: Set(affected.clone()),
                ..Default::default()
            }
        }));
    }
    for chunk in rows.chunks(ROWS) {
        advisory_package::Entity::insert_many(chunk.iter().cloned()).exec_without_returning(tx).await?;
    }
    Ok(())
}
