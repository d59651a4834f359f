//! Brings the records of one ecosystem into the store: all of them or none.
//!
//! A thread reads and parses, the transaction writes what it sends in batches; a short channel between them bounds
//! what is in memory.

use std::io::{Read, Seek};
use std::sync::Arc;

use lazaret_entities::Timestamp;
use lazaret_scanner::advisory;
use tokio::sync::mpsc;

use super::error::AdvisoryError;
use super::parsed::ParsedRecord;
use super::records;
use super::source::Files;
use super::write::Writer;
use crate::store::Store;

/// Records of one batch, and bytes after which it is cut earlier.
const BATCH_RECORDS: usize = 400;
const BATCH_BYTES: usize = 4 << 20;
/// Batches between reader and writer.
const BATCHES_AHEAD: usize = 2;
/// A set with more damaged records than one in this many is refused.
const TOLERATED_BAD: u64 = 100;

/// How far an import or download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of a set's zip that have come, and how many there are when the source says so.
    Downloaded {
        /// Base name of the set's ecosystem.
        ecosystem: String,
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all.
        total: Option<u64>,
    },
    /// Records of a set that were written.
    Imported {
        /// Base name of the set's ecosystem.
        ecosystem: String,
        /// Record files so far.
        records: u64,
        /// Record files in all.
        total: u64,
    },
    /// A set is done.
    Finished {
        /// Base name of the set's ecosystem.
        ecosystem: String,
    },
}

/// Is told how far an import is; from any thread.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// A sink that drops what it is told.
pub fn no_progress() -> ProgressSink {
    Arc::new(|_| ())
}

/// Which set is imported, and from where.
#[derive(Debug, Clone, Default)]
pub struct SetOrigin {
    /// Base name of the ecosystem.
    pub ecosystem: String,
    /// Base address or folder, or `import` for a set that was imported by hand.
    pub source: String,
    /// Entity tag of the zip, empty for none.
    pub etag: String,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Base name of the ecosystem.
    pub ecosystem: String,
    /// Records that the set has now, without those withdrawn.
    pub records: u64,
    /// Records that are new or changed.
    pub changed: u64,
    /// Records that the source no longer has, or took back since.
    pub withdrawn: u64,
    /// Records that could not be read, and the first of them with the reason.
    pub unreadable: u64,
    /// The first record that could not be read, with the reason.
    pub first_unreadable: String,
    /// The newest change of any record, zero when there is none.
    pub newest_modified: Timestamp,
}

/// What the reading thread hands over.
pub(super) struct Batch {
    pub records: Vec<ParsedRecord>,
    /// Record files read so far and in all.
    pub done: u64,
    pub total: u64,
}

/// What the reading thread saw.
#[derive(Debug, Default)]
struct Seen {
    read: u64,
    used: u64,
    bad: u64,
    first_bad: String,
}

/// Imports a zip of `<ID>.json` members as the whole set of an ecosystem.
pub async fn import_zip(
    store: &Store,
    origin: SetOrigin,
    zip: impl Read + Seek + Send + 'static,
    progress: ProgressSink,
) -> Result<Imported, AdvisoryError> {
    let ecosystem = origin.ecosystem.clone();
    let read = move |visit: &mut records::Visit<'_>| records::visit_zip(zip, &ecosystem, visit);
    import(store, origin, read, progress).await
}

/// Imports the records of a zip or folder as the whole set of an ecosystem.
pub async fn import_files(
    store: &Store,
    origin: SetOrigin,
    files: Files,
    progress: ProgressSink,
) -> Result<Imported, AdvisoryError> {
    let ecosystem = origin.ecosystem.clone();
    let read = move |visit: &mut records::Visit<'_>| records::visit(&files, &ecosystem, visit);
    import(store, origin, read, progress).await
}

async fn import(
    store: &Store,
    origin: SetOrigin,
    read: impl FnOnce(&mut records::Visit<'_>) -> Result<(), AdvisoryError> + Send + 'static,
    progress: ProgressSink,
) -> Result<Imported, AdvisoryError> {
    let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
    let ecosystem = origin.ecosystem.clone();
    let reader = tokio::task::spawn_blocking(move || {
        let mut seen = Seen::default();
        send_batches(&ecosystem, read, &sender, &mut seen).map(|()| seen)
    });
    let now = store.clock().now();
    store
        .write_tx(move |tx| {
            Box::pin(async move {
                let mut writer = Writer::open(tx, &origin, now).await?;
                while let Some(Batch { records, done, total }) = batches.recv().await {
                    writer.write(tx, records).await?;
                    progress(Progress::Imported {
                        ecosystem: origin.ecosystem.clone(),
                        records: done,
                        total,
                    });
                }
                // Whatever the reader met, an error here takes back the whole transaction.
                let seen = reader.await.map_err(|error| AdvisoryError::Stopped(error.to_string()))??;
                seen.judge(&origin.ecosystem)?;
                let mut imported = writer.close(tx, &origin).await?;
                imported.unreadable = seen.bad;
                imported.first_unreadable = seen.first_bad;
                progress(Progress::Finished { ecosystem: origin.ecosystem.clone() });
                Ok(imported)
            })
        })
        .await
}

fn send_batches(
    ecosystem: &str,
    read: impl FnOnce(&mut records::Visit<'_>) -> Result<(), AdvisoryError>,
    sender: &mpsc::Sender<Batch>,
    seen: &mut Seen,
) -> Result<(), AdvisoryError> {
    let mut batch = Vec::new();
    let mut weight = 0;
    let mut all = 0;
    read(&mut |name, bytes, total| {
        seen.read += 1;
        all = total;
        let record = bytes.and_then(|bytes| advisory::parse(bytes).map_err(|error| error.to_string()));
        let parsed = record
            .and_then(|record| ParsedRecord::new(&record, ecosystem).map_err(|error| error.to_string()));
        match parsed {
            Ok(Some(parsed)) => {
                seen.used += 1;
                weight += parsed.weight();
                batch.push(parsed);
            }
            Ok(None) => {}
            Err(reason) => {
                seen.bad += 1;
                if seen.first_bad.is_empty() {
                    seen.first_bad = format!("{name}: {reason}");
                }
            }
        }
        if batch.len() < BATCH_RECORDS && weight < BATCH_BYTES {
            return true;
        }
        weight = 0;
        // A closed channel means that the writer failed, which it says itself.
        sender.blocking_send(Batch { records: std::mem::take(&mut batch), done: seen.read, total }).is_ok()
    })?;
    if !batch.is_empty() {
        let _ = sender.blocking_send(Batch { records: batch, done: seen.read, total: all });
    }
    Ok(())
}

impl Seen {
    /// A single damaged record must not keep an ecosystem from being renewed; many mean that the source is wrong.
    fn judge(&self, ecosystem: &str) -> Result<(), AdvisoryError> {
        let ecosystem = ecosystem.to_owned();
        if self.bad * TOLERATED_BAD > self.read && self.bad > 1 {
            let first = self.first_bad.clone();
            return Err(AdvisoryError::BadRecords { ecosystem, bad: self.bad, read: self.read, first });
        }
        if self.used == 0 {
            return Err(AdvisoryError::NoRecords { ecosystem, read: self.read });
        }
        Ok(())
    }
}
