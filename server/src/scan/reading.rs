//! One reading of layers: what is looked for, within which bounds, and what is known already.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lazaret_scanner::archive::{ArchiveError, Platforms, ReadOptions};
use lazaret_scanner::layer::{Analysers, LayerAnalysis};
use lazaret_scanner::{Digest, Limits};
use tokio_util::sync::CancellationToken;

use super::engines::{EnginesError, Prepared};

/// How much was read.
#[derive(Debug, Clone, Default)]
pub struct BytesRead(Arc<AtomicU64>);

impl BytesRead {
    /// Bytes so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// What is read and how.
#[derive(Clone)]
pub struct Reading {
    /// Bounds on what is read.
    pub limits: Limits,
    /// Which platforms of an image are read.
    pub platforms: Platforms,
    /// What looks into files.
    pub prepared: Prepared,
    /// What each layer lacks of which some analyses are stored.
    pub lacking: BTreeMap<Digest, Analysers>,
    /// Told how much was read.
    pub bytes: BytesRead,
    /// Stops it.
    pub cancelled: CancellationToken,
}

/// What was read.
#[derive(Debug)]
pub struct WasRead<T> {
    /// The contents.
    pub contents: T,
    /// Why clamd was not asked to the end, if it was to be.
    pub clamd_failure: Option<String>,
}

impl Reading {
    /// A reading of what the stored `analyses` lack.
    pub fn of_missing(
        limits: &Limits,
        platforms: &Platforms,
        prepared: &Prepared,
        analyses: &BTreeMap<Digest, LayerAnalysis>,
        cancelled: &CancellationToken,
    ) -> Self {
        let wanted = prepared.wanted();
        Self {
            limits: limits.clone(),
            platforms: platforms.clone(),
            prepared: prepared.clone(),
            lacking: analyses.iter().map(|(diff_id, layer)| (*diff_id, layer.lacks(wanted))).collect(),
            bytes: BytesRead::default(),
            cancelled: cancelled.clone(),
        }
    }

    /// Whether one of these layers lacks something.
    pub fn is_needed<'d>(&self, diff_ids: impl IntoIterator<Item = &'d Digest>) -> bool {
        diff_ids.into_iter().any(|diff_id| !self.missing(diff_id).is_none())
    }

    fn missing(&self, diff_id: &Digest) -> Analysers {
        self.lacking.get(diff_id).copied().unwrap_or_else(|| self.prepared.wanted())
    }

    /// Runs `read`, which blocks, with these options.
    ///
    /// # Errors
    /// When the malware rules cannot be loaded; what `read` says is inside.
    pub fn run<T>(
        &self,
        read: impl FnOnce(&ReadOptions<'_>) -> Result<T, ArchiveError>,
    ) -> Result<Result<WasRead<T>, ArchiveError>, EnginesError> {
        // A stream tells which layer it was when it has passed, so all of it is looked into for what any may lack.
        let wanted = self.prepared.wanted();
        let (read, clamd_failure) = self.prepared.inspect(wanted, |inspectors| {
            read(&ReadOptions {
                limits: self.limits.clone(),
                platforms: self.platforms.clone(),
                missing: &|diff_id| self.missing(diff_id),
                inspectors,
                progress: &|bytes| self.bytes.set(bytes),
                cancelled: &|| self.cancelled.is_cancelled(),
            })
        })?;
        Ok(read.map(|contents| WasRead { contents, clamd_failure }))
    }
}
