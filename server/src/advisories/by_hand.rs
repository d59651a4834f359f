//! `advisories import`: files that a person names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lazaret_scanner::advisory;

use super::ensure::{Refreshed, follow_up};
use super::error::AdvisoryError;
use super::import::{ProgressSink, SetOrigin, import_files};
use super::records;
use super::set;
use super::source::Files;
use crate::store::Store;
use lazaret_scanner::ecosystem::base;

/// Imports what lies at `path` (a zip, a folder with a zip or with records, or a folder of such folders), each
/// ecosystem in a transaction of its own. `ecosystem` says which one when the files alone do not.
///
/// An imported set counts as present and is not replaced by the configured source unless somebody asks for it.
pub async fn import_path(
    store: &Store,
    path: &Path,
    ecosystem: Option<&str>,
    progress: &ProgressSink,
) -> Result<Vec<Refreshed>, AdvisoryError> {
    let mut done = Vec::new();
    for (folder, files) in Files::below(path)? {
        let ecosystems = match ecosystem {
            Some(named) => vec![base(named).to_owned()],
            None => ecosystems_in(files.clone(), folder).await?,
        };
        for ecosystem in ecosystems {
            let origin = SetOrigin { ecosystem, source: set::IMPORTED.to_owned(), etag: String::new() };
            let imported = import_files(store, origin, files.clone(), progress.clone()).await?;
            done.push(follow_up(store, imported).await?);
        }
    }
    Ok(done)
}

/// Which sets the files are: the one that their folder is named after, or the one that every record names, else all
/// that are named. A record of several ecosystems lies in each of their zips, so a name alone makes no set.
async fn ecosystems_in(files: Files, folder: Option<String>) -> Result<Vec<String>, AdvisoryError> {
    let label = files.path().display().to_string();
    let counting = tokio::task::spawn_blocking(move || {
        let mut named = Named { folder, ..Named::default() };
        records::visit(&files, &label, &mut |_, bytes, _| {
            if let Some(record) = bytes.ok().and_then(|bytes| advisory::parse(bytes).ok()) {
                named.count(&record);
            }
            // Once a record says what the folder says, the rest need not be read for this.
            !named.folder_is_named()
        })
        .map(|()| (named, label))
    });
    let (named, label) = counting.await.map_err(|error| AdvisoryError::Stopped(error.to_string()))??;
    if named.counts.is_empty() {
        return Err(AdvisoryError::NoRecords { ecosystem: label, read: named.records });
    }
    if named.folder_is_named() {
        return Ok(named.folder.into_iter().collect());
    }
    let single =
        named.counts.iter().find(|(_, count)| **count == named.records).map(|(name, _)| name.clone());
    Ok(single.map_or_else(|| named.counts.into_keys().collect(), |single| vec![single]))
}

/// The ecosystems that records name.
#[derive(Debug, Default)]
struct Named {
    folder: Option<String>,
    /// Records that name any.
    records: u64,
    /// Records by base name.
    counts: BTreeMap<String, u64>,
}

impl Named {
    fn count(&mut self, record: &advisory::Record) {
        let packages = record.affected.iter().filter_map(|entry| entry.package.as_ref());
        let names: BTreeSet<&str> = packages.map(|package| base(&package.ecosystem)).collect();
        self.records += u64::from(!names.is_empty());
        for name in names {
            *self.counts.entry(name.to_owned()).or_default() += 1;
        }
    }

    fn folder_is_named(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| self.counts.contains_key(folder))
    }
}
