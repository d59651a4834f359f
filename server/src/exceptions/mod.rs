//! Findings that somebody has looked at: OpenVEX documents and ignore files set them aside, with the reason.

mod ignore_file;
mod openvex;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use lazaret_reports::model::{Allowed, Finding, ScanResult, SetAside, SetAsideReason};

use ignore_file::Entry;
use openvex::Statement;

/// The ignore files that are read when none is named, the first that is there.
pub const IGNORE_FILES: [&str; 2] = [".lazaretignore", ".trivyignore"];
/// Bytes of one document: a person wrote it, or a tool for one image.
const MAX_BYTES: u64 = 64 << 20;

/// Why a document could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ExceptionsError {
    /// It cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {reason}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, where, and how it is written.
        reason: String,
    },
}

/// What was decided about findings.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    statements: Vec<Statement>,
    entries: Vec<Entry>,
}

impl Exceptions {
    /// Adds an OpenVEX document (openvex.dev/ns, versions 0.0.x and 0.2.0).
    ///
    /// # Errors
    /// When the file cannot be read or is no such document.
    pub fn add_vex(&mut self, path: &Path) -> Result<(), ExceptionsError> {
        let statements = openvex::parse(&read(path)?);
        self.statements.extend(statements.map_err(|reason| malformed(path, reason))?);
        // Later statements replace earlier ones, also over documents.
        self.statements.sort_by_key(|statement| statement.at);
        Ok(())
    }

    /// Adds an ignore file: `.trivyignore` lines where the file is called so, else the TOML of `.lazaretignore`.
    ///
    /// # Errors
    /// When the file cannot be read, or an entry in it is not understood: an exception that silently does not hold
    /// would be found out too late.
    pub fn add_ignore_file(&mut self, path: &Path) -> Result<(), ExceptionsError> {
        let bytes = read(path)?;
        let text = String::from_utf8(bytes).map_err(|_| malformed(path, "it is no UTF-8 text".to_owned()))?;
        let lines = path.file_name().is_some_and(|name| name == ".trivyignore");
        let entries = if lines { ignore_file::parse_lines(&text) } else { ignore_file::parse_toml(&text) };
        self.entries.extend(entries.map_err(|reason| malformed(path, reason))?);
        Ok(())
    }

    /// Sets aside what the documents speak of: VEX documents of vulnerabilities, ignore files of all findings. What already does not count keeps its reason.
    pub fn apply(&self, scan: &mut ScanResult, today: Date) {
        let facts = &mut scan.facts;
        for found in facts.vulnerabilities.iter_mut().filter(|found| found.set_aside.is_none()) {
            let by_vex =
                self.statements.iter().rev().find(|statement| statement.concerns(&facts.image, found));
            let by_file = self.entry(Finding::Vulnerability(found), today);
            found.set_aside = match (by_vex.and_then(Statement::verdict), by_file) {
                (Some(statement), _) => Some(SetAside { reason: SetAsideReason::Vex, statement }),
                (None, Some(entry)) => {
                    Some(SetAside { reason: SetAsideReason::Ignored, statement: entry.reason.clone() })
                }
                (None, None) => None,
            };
        }
        for found in facts.secrets.iter_mut().filter(|found| found.allowed.is_none()) {
            found.allowed = self.entry(Finding::Secret(found), today).map(allowed);
        }
        for found in facts.malware.iter_mut().filter(|found| found.allowed.is_none()) {
            found.allowed = self.entry(Finding::Malware(found), today).map(allowed);
        }
    }

    fn entry(&self, found: Finding<'_>, today: Date) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.concerns(found, today))
    }

    /// Entries of ignore files whose date has passed, a sentence each: what they ignored counts again.
    pub fn expired(&self, today: Date) -> Vec<String> {
        let over = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry, entry.expires.filter(|date| *date < today)?)));
        over.map(|(entry, date)| format!("the exception for {} ended on {date}", entry.id)).collect()
    }
}

/// What an ignore file allows. Its author is whoever keeps the file.
fn allowed(entry: &Entry) -> Allowed {
    let expires = entry.expires.and_then(|day| jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
    Allowed { reason: entry.reason.clone(), author: String::new(), expires }
}

fn read(path: &Path) -> Result<Vec<u8>, ExceptionsError> {
    let unreadable = |error| ExceptionsError::Unreadable { path: path.to_owned(), error };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(malformed(path, format!("has {size} bytes, more than the {MAX_BYTES} that are read")));
    }
    std::fs::read(path).map_err(unreadable)
}

fn malformed(path: &Path, reason: String) -> ExceptionsError {
    ExceptionsError::Malformed { path: path.to_owned(), reason }
}
