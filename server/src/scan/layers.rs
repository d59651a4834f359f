//! Stored layer analyses: one per diff ID, analyser and fingerprint, shared by all images of the fleet.

use std::collections::BTreeMap;
use std::io::Write;

use lazaret_entities::{Timestamp, layer_analysis};
use lazaret_scanner::Digest;
use lazaret_scanner::layer::LayerAnalysis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, Set};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engines::Fingerprints;

/// The analyser of paths and packages.
const PACKAGES: &str = "PACKAGES";
/// Version of what it gives. Raised by hand when the scanner reads more or otherwise, so that layers are read again.
const PACKAGES_FINGERPRINT: &str = "packages-2";
/// The analyser of secrets; its fingerprint is that of the rules.
const SECRETS: &str = "SECRETS";
/// The analyser of malware by rules and hash lists; its fingerprint is theirs.
const MALWARE: &str = "MALWARE";
/// The analyser of malware by clamd; its fingerprint is that of its database.
const CLAMD: &str = "CLAMD";
/// Version of the stored form: JSON, compressed by zstd.
const FORMAT: i32 = 1;
/// Analyses of huge layers hold millions of paths; this level costs little time and a tenth of the space.
const ZSTD_LEVEL: i32 = 3;
/// Diff IDs of one query.
const BATCH: usize = 500;

/// A layer's analysis cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum LayerStoreError {
    /// The database refused.
    #[error("the stored layer analyses cannot be used: {0}")]
    Database(#[from] DbErr),
    /// It cannot be written as JSON or compressed.
    #[error("the analysis of layer {layer} cannot be packed ({reason})")]
    Pack {
        /// The layer's diff ID.
        layer: Digest,
        /// Why.
        reason: String,
    },
}

/// The stored analyses of these layers that are of today's fingerprints. One that cannot be read counts as absent: the
/// layer is read again and the row replaced.
///
/// # Errors
/// When the database cannot be read.
pub async fn load(
    connection: &impl ConnectionTrait,
    diff_ids: &[Digest],
    fingerprints: &Fingerprints,
) -> Result<BTreeMap<Digest, LayerAnalysis>, DbErr> {
    let mut of_today = Condition::any().add(is_of(PACKAGES, PACKAGES_FINGERPRINT));
    for (analyser, fingerprint) in fingerprints.by_analyser() {
        of_today = of_today.add(is_of(analyser, fingerprint));
    }
    let mut analyses = BTreeMap::new();
    for batch in diff_ids.chunks(BATCH) {
        let rows = layer_analysis::Entity::find()
            .filter(layer_analysis::Column::DiffId.is_in(batch.iter().map(ToString::to_string)))
            .filter(layer_analysis::Column::Format.eq(FORMAT))
            .filter(of_today.clone())
            .all(connection)
            .await?;
        let (packages, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.analyser == PACKAGES);
        for row in packages {
            let analysis: Option<LayerAnalysis> = unpacked(&row);
            match analysis {
                Some(analysis) if analysis.diff_id.to_string() == row.diff_id => {
                    analyses.insert(analysis.diff_id, analysis);
                }
                Some(_) => {
                    tracing::warn!(layer = %row.diff_id, "stored analysis is of another layer; reading again");
                }
                None => {}
            }
        }
        for row in others {
            // Without its files a layer is read again, and everything with it.
            let Some(layer) = row.diff_id.parse().ok().and_then(|diff_id| analyses.get_mut(&diff_id)) else {
                continue;
            };
            match row.analyser.as_str() {
                SECRETS => layer.secrets = unpacked(&row),
                MALWARE => layer.malware = unpacked(&row),
                _ => layer.clamd = unpacked(&row),
            }
        }
    }
    Ok(analyses)
}

fn is_of(analyser: &str, fingerprint: &str) -> Condition {
    Condition::all()
        .add(layer_analysis::Column::Analyser.eq(analyser))
        .add(layer_analysis::Column::Fingerprint.eq(fingerprint))
}

impl Fingerprints {
    fn by_analyser(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let wanted = [(SECRETS, &self.secrets), (MALWARE, &self.malware), (CLAMD, &self.clamd)];
        wanted.into_iter().filter_map(|(analyser, fingerprint)| Some((analyser, fingerprint.as_deref()?)))
    }
}

/// An analysis as it is stored.
#[derive(Debug, Clone)]
pub struct Packed {
    diff_id: Digest,
    analyser: &'static str,
    fingerprint: String,
    blob: Vec<u8>,
}

/// Stores analyses in the caller's transaction, in the place of what older rules said of the same layers.
///
/// # Errors
/// When the database refuses one.
pub async fn store(tx: &impl ConnectionTrait, packed: &[Packed], now: Timestamp) -> Result<(), DbErr> {
    for analysis in packed {
        let of_this = layer_analysis::Column::DiffId
            .eq(analysis.diff_id.to_string())
            .and(layer_analysis::Column::Analyser.eq(analysis.analyser));
        layer_analysis::Entity::delete_many()
            .filter(of_this)
            .filter(layer_analysis::Column::Fingerprint.ne(&analysis.fingerprint))
            .exec(tx)
            .await?;
        let row = layer_analysis::ActiveModel {
            diff_id: Set(analysis.diff_id.to_string()),
            analyser: Set(analysis.analyser.to_owned()),
            fingerprint: Set(analysis.fingerprint.clone()),
            format: Set(FORMAT),
            blob: Set(analysis.blob.clone()),
            created_at: Set(now),
            ..Default::default()
        };
        let key = [
            layer_analysis::Column::DiffId,
            layer_analysis::Column::Analyser,
            layer_analysis::Column::Fingerprint,
        ];
        let replace = OnConflict::columns(key)
            .update_columns([
                layer_analysis::Column::Format,
                layer_analysis::Column::Blob,
                layer_analysis::Column::CreatedAt,
            ])
            .to_owned();
        layer_analysis::Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The stored form of analyses, each kind for itself. Done before the transaction that stores them: compressing takes
/// time.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn pack(
    analyses: &BTreeMap<Digest, LayerAnalysis>,
    fingerprints: &Fingerprints,
) -> Result<Vec<Packed>, LayerStoreError> {
    let mut packed = Vec::new();
    for (&diff_id, layer) in analyses {
        let mut add = |analyser, fingerprint: &str, blob: std::io::Result<Vec<u8>>| {
            let blob =
                blob.map_err(|error| LayerStoreError::Pack { layer: diff_id, reason: error.to_string() })?;
            packed.push(Packed { diff_id, analyser, fingerprint: fingerprint.to_owned(), blob });
            Ok::<_, LayerStoreError>(())
        };
        add(PACKAGES, PACKAGES_FINGERPRINT, pack_one(layer))?;
        for (analyser, fingerprint) in fingerprints.by_analyser() {
            let blob = match analyser {
                SECRETS => layer.secrets.as_ref().map(pack_one),
                MALWARE => layer.malware.as_ref().map(pack_one),
                _ => layer.clamd.as_ref().map(pack_one),
            };
            if let Some(blob) = blob {
                add(analyser, fingerprint, blob)?;
            }
        }
    }
    Ok(packed)
}

/// Joins what was read with what was stored of the same layers.
pub fn join(analyses: &mut BTreeMap<Digest, LayerAnalysis>, read: BTreeMap<Digest, LayerAnalysis>) {
    for (diff_id, layer) in read {
        match analyses.get_mut(&diff_id) {
            Some(known) => known.absorb(layer),
            None => drop(analyses.insert(diff_id, layer)),
        }
    }
}

fn pack_one(analysis: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    serde_json::to_writer(&mut encoder, analysis)?;
    encoder.flush()?;
    encoder.finish()
}

fn unpacked<T: DeserializeOwned>(row: &layer_analysis::Model) -> Option<T> {
    let unpack = || -> std::io::Result<T> {
        let decoder = zstd::Decoder::new(row.blob.as_slice())?;
        Ok(serde_json::from_reader(std::io::BufReader::new(decoder))?)
    };
    unpack()
        .inspect_err(|error| {
            let (layer, analyser) = (&row.diff_id, &row.analyser);
            tracing::warn!(%layer, %analyser, %error, "stored analysis unreadable; reading again");
        })
        .ok()
}
