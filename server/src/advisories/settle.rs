//! What a vulnerability is rated and said to be, told by its advisories.

use std::collections::{HashMap, HashSet};

use lazaret_entities::{Severity, advisory, advisory_vulnerability, vulnerability, vulnerability_id};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter, QuerySelect,
    RelationTrait,
};

use super::cluster;
use super::error::AdvisoryError;
use super::publisher::authority;

/// What an advisory tells of its vulnerabilities.
struct Word {
    osv_id: String,
    severity: Severity,
    source: String,
    score: Option<f64>,
    summary: String,
}

/// Brings the rows `ids` up to date; of those in `grown` the display id as well. Only rows that change are written.
pub(super) async fn settle(
    tx: &DatabaseTransaction,
    ids: &[i64],
    grown: &HashSet<i64>,
) -> Result<(), AdvisoryError> {
    let mut words = words(tx, ids).await?;
    let mut names = names(tx, ids.iter().copied().filter(|id| grown.contains(id))).await?;
    let rows = vulnerability::Entity::find()
        .filter(vulnerability::Column::Id.is_in(ids.iter().copied()))
        .filter(vulnerability::Column::RedirectId.is_null())
        .all(tx)
        .await?;
    let mut changed = Vec::new();
    for row in rows {
        let mut said = words.remove(&row.id).unwrap_or_default();
        said.sort_by(|a, b| (authority(&a.osv_id), &a.osv_id).cmp(&(authority(&b.osv_id), &b.osv_id)));
        let mut now = row.clone();
        if let Some(names) = names.remove(&row.id) {
            cluster::display(names.iter().map(String::as_str)).clone_into(&mut now.display_id);
            now.malicious = cluster::is_malicious(names.iter().map(String::as_str));
        }
        // Not the highest of all: the most trusted source that gives one. Its score stays with its word.
        let rated = said.iter().find(|word| word.severity != Severity::Unknown);
        now.severity = rated.map(|word| word.severity).unwrap_or_default();
        now.severity_source = rated.map(|word| word.source.clone()).unwrap_or_default();
        now.cvss_score = rated.and_then(|word| word.score);
        if let Some(word) = said.iter().find(|word| !word.summary.is_empty()) {
            now.summary.clone_from(&word.summary);
        }
        if now != row {
            changed.push(now);
        }
    }
    for chunk in changed.chunks(1000) {
        use vulnerability::Column as C;
        let rows = chunk.iter().cloned().map(|row| vulnerability::ActiveModel::from(row).reset_all());
        vulnerability::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(C::Id)
                    .update_columns([
                        C::DisplayId,
                        C::Severity,
                        C::SeveritySource,
                        C::CvssScore,
                        C::Summary,
                        C::Malicious,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn words(tx: &DatabaseTransaction, ids: &[i64]) -> Result<HashMap<i64, Vec<Word>>, AdvisoryError> {
    use advisory::Column as A;
    let rows: Vec<(i64, String, Severity, String, Option<f64>, String)> =
        advisory_vulnerability::Entity::find()
            .select_only()
            .column(advisory_vulnerability::Column::VulnerabilityId)
            .columns([A::OsvId, A::Severity, A::SeveritySource, A::CvssScore, A::Summary])
            .join(JoinType::InnerJoin, advisory_vulnerability::Relation::Advisory.def())
            .filter(advisory_vulnerability::Column::VulnerabilityId.is_in(ids.iter().copied()))
            .filter(A::Withdrawn.eq(false))
            .into_tuple()
            .all(tx)
            .await?;
    let mut words: HashMap<i64, Vec<Word>> = HashMap::new();
    for (id, osv_id, severity, source, score, summary) in rows {
        words.entry(id).or_default().push(Word { osv_id, severity, source, score, summary });
    }
    Ok(words)
}

async fn names(
    tx: &DatabaseTransaction,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Vec<String>>, AdvisoryError> {
    let ids: Vec<i64> = ids.collect();
    let mut names: HashMap<i64, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(names);
    }
    let rows: Vec<(i64, String)> = vulnerability_id::Entity::find()
        .select_only()
        .columns([vulnerability_id::Column::VulnerabilityId, vulnerability_id::Column::Identifier])
        .filter(vulnerability_id::Column::VulnerabilityId.is_in(ids))
        .into_tuple()
        .all(tx)
        .await?;
    for (id, name) in rows {
        names.entry(id).or_default().push(name);
    }
    Ok(names)
}
