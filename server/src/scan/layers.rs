//! Stored layer analyses: one per diff ID, analyser and fingerprint, shared by all images of the fleet.

use std::collections::BTreeMap;
use std::io::Write;

use lazaret_entities::{Timestamp, layer_analysis};
use lazaret_scanner::Digest;
use lazaret_scanner::layer::LayerAnalysis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};

/// The analyser whose results are stored here: the paths of a layer and its packages.
pub const ANALYSER: &str = "PACKAGES";
/// Version of what the analyser gives. Raised by hand when the scanner reads more or otherwise, so that layers are read
/// again.
pub const FINGERPRINT: &str = "packages-2";
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

/// The stored analyses of today's fingerprint for these layers. One that cannot be read counts as absent: the layer is
/// read again and the row replaced.
///
/// # Errors
/// When the database cannot be read.
pub async fn load(
    connection: &impl ConnectionTrait,
    diff_ids: &[Digest],
) -> Result<BTreeMap<Digest, LayerAnalysis>, DbErr> {
    let mut analyses = BTreeMap::new();
    for batch in diff_ids.chunks(BATCH) {
        let rows = layer_analysis::Entity::find()
            .filter(layer_analysis::Column::DiffId.is_in(batch.iter().map(ToString::to_string)))
            .filter(layer_analysis::Column::Analyser.eq(ANALYSER))
            .filter(layer_analysis::Column::Fingerprint.eq(FINGERPRINT))
            .filter(layer_analysis::Column::Format.eq(FORMAT))
            .all(connection)
            .await?;
        for row in rows {
            match unpack(&row.blob) {
                Ok(analysis) if analysis.diff_id.to_string() == row.diff_id => {
                    analyses.insert(analysis.diff_id, analysis);
                }
                Ok(_) => {
                    tracing::warn!(layer = %row.diff_id, "stored analysis is of another layer; reading again");
                }
                Err(error) => {
                    tracing::warn!(layer = %row.diff_id, %error, "stored analysis unreadable; reading again");
                }
            }
        }
    }
    Ok(analyses)
}

/// Stores analyses in the caller's transaction, replacing what was there.
///
/// # Errors
/// When one cannot be packed, or the database refuses it.
pub async fn store(
    tx: &impl ConnectionTrait,
    packed: &BTreeMap<Digest, Vec<u8>>,
    now: Timestamp,
) -> Result<(), DbErr> {
    for (diff_id, blob) in packed {
        let row = layer_analysis::ActiveModel {
            diff_id: Set(diff_id.to_string()),
            analyser: Set(ANALYSER.to_owned()),
            fingerprint: Set(FINGERPRINT.to_owned()),
            format: Set(FORMAT),
            blob: Set(blob.clone()),
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

/// The stored form of analyses. Done before the transaction that stores them: compressing takes time.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn pack(
    analyses: &BTreeMap<Digest, LayerAnalysis>,
) -> Result<BTreeMap<Digest, Vec<u8>>, LayerStoreError> {
    let pack_one = |analysis: &LayerAnalysis| -> std::io::Result<Vec<u8>> {
        let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
        serde_json::to_writer(&mut encoder, analysis)?;
        encoder.flush()?;
        encoder.finish()
    };
    analyses
        .iter()
        .map(|(layer, analysis)| {
            let blob = pack_one(analysis)
                .map_err(|error| LayerStoreError::Pack { layer: *layer, reason: error.to_string() })?;
            Ok((*layer, blob))
        })
        .collect()
}

fn unpack(blob: &[u8]) -> Result<LayerAnalysis, std::io::Error> {
    let decoder = zstd::Decoder::new(blob)?;
    Ok(serde_json::from_reader(std::io::BufReader::new(decoder))?)
}
