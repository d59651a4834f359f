//! `advisories import`: files that a person names.

use std::collections::BTreeMap;
use std::path::Path;

use lazaret_scanner::advisory;

use super::ecosystem::base;
use super::ensure::{Refreshed, follow_up};
use super::error::AdvisoryError;
use super::import::{ProgressSink, SetOrigin, import_files};
use super::records;
use super::set;
use super::source::Files;
use crate::store::Store;

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
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut records = 0;
        records::visit(&files, &label, &mut |_, bytes, _| {
            if let Some(record) = bytes.ok().and_then(|bytes| advisory::parse(bytes).ok()) {
                let mut named: Vec<&str> = record
                    .affected
                    .iter()
                    .filter_map(|entry| entry.package.as_ref())
                    .map(|p| base(&p.ecosystem))
                    .collect();
                named.sort_unstable();
                named.dedup();
                records += u64::from(!named.is_empty());
                for name in named {
                    *counts.entry(name.to_owned()).or_default() += 1;
                }
            }
            true
        })
        .map(|()| (counts, records, label))
    });
    let (counts, records, label) =
        counting.await.map_err(|error| AdvisoryError::Stopped(error.to_string()))??;
    if let Some(folder) = folder.filter(|folder| counts.contains_key(folder)) {
        return Ok(vec![folder]);
    }
    if let Some(single) = counts.iter().find(|(_, count)| **count == records) {
        return Ok(vec![single.0.clone()]);
    }
    if counts.is_empty() {
        return Err(AdvisoryError::NoRecords { ecosystem: label, read: records });
    }
    Ok(counts.into_keys().collect())
}
