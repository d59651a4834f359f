//! The rule files that the configuration names, and whether they changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the file system says of files: when it stays the same, so do they.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look(Vec<(PathBuf, u64, Option<SystemTime>)>);

/// A rule file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the rule file {} cannot be read: {error}", .path.display())]
pub struct Unreadable {
    path: PathBuf,
    error: io::Error,
}

/// Looks at the files; of a folder at those with one of the endings in it, ordered by name.
///
/// # Errors
/// When one is not there.
pub(super) fn look(paths: &[PathBuf], endings: &[&str]) -> Result<Look, Unreadable> {
    let mut found = Vec::new();
    for path in paths {
        let unreadable = |error| Unreadable { path: path.clone(), error };
        if !path.is_dir() {
            found.push(entry(path)?);
            continue;
        }
        let mut inside = Vec::new();
        for child in fs::read_dir(path).map_err(unreadable)? {
            let child = child.map_err(unreadable)?.path();
            let ending = child.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if endings.contains(&ending) && child.is_file() {
                inside.push(entry(&child)?);
            }
        }
        inside.sort();
        found.extend(inside);
    }
    Ok(Look(found))
}

fn entry(path: &Path) -> Result<(PathBuf, u64, Option<SystemTime>), Unreadable> {
    let metadata = path.metadata().map_err(|error| Unreadable { path: path.to_owned(), error })?;
    Ok((path.to_owned(), metadata.len(), metadata.modified().ok()))
}

impl Look {
    /// Reads the files, each as `source(name, text)`. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn read<T>(&self, source: impl Fn(String, String) -> T) -> Result<Vec<T>, Unreadable> {
        let read = |path: &PathBuf| {
            let bytes = fs::read(path).map_err(|error| Unreadable { path: path.clone(), error })?;
            Ok(source(path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
        };
        self.0.iter().map(|(path, ..)| read(path)).collect()
    }
}
