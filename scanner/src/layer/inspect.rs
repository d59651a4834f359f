//! What is looked for in the files of a layer beside packages: secrets and malware.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use super::{MalwareAnalysis, MalwareFile, SecretAnalysis, SecretFile, Warning};
use crate::Limits;
use crate::catalog::intact::{Digests, Intact};
use crate::content::Content;
use crate::malware;
use crate::malware::clamd::{Clamd, ClamdError};
use crate::secret::{self, FingerprintKey, Secret};

/// Bytes of a large file that are searched for secrets at once.
const WINDOW: usize = 4 << 20;
/// Bytes that two windows share, so that a secret on their border is whole in one of them.
const OVERLAP: usize = 64 << 10;

/// Kinds of analyses that are made of a layer, each kept for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Analysers {
    /// Files and packages.
    pub packages: bool,
    /// Secrets.
    pub secrets: bool,
    /// Malware by rules and hash lists.
    pub malware: bool,
    /// Malware by clamd.
    pub clamd: bool,
}

impl Analysers {
    /// None of them.
    pub const NONE: Self = Self { packages: false, secrets: false, malware: false, clamd: false };
    /// All of them.
    pub const ALL: Self = Self { packages: true, secrets: true, malware: true, clamd: true };

    /// Whether no analysis is made.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// The engines that look into files. An analysis without its engine is not made.
#[derive(Clone, Copy, Default)]
pub struct Inspectors<'a> {
    /// Searches for secrets.
    pub secrets: Option<Secrets<'a>>,
    /// Looks for malware by rules and hash lists.
    pub malware: Option<&'a malware::Rules>,
    /// Asks clamd.
    pub clamd: Option<&'a AskClamd<'a>>,
}

/// What a search for secrets needs.
#[derive(Debug, Clone, Copy)]
pub struct Secrets<'a> {
    /// The rules.
    pub rules: &'a secret::Rules,
    /// The key of fingerprints.
    pub key: &'a FingerprintKey,
}

/// A clamd that is asked until it fails: one that hangs must not be waited for at each of a million files.
pub struct AskClamd<'a> {
    clamd: Clamd<'a>,
    rules: Option<&'a malware::Rules>,
    failure: RefCell<Option<ClamdError>>,
}

impl<'a> AskClamd<'a> {
    /// Asks this one. Files that `rules` allow are passed over, whatever it says of them.
    pub fn new(clamd: Clamd<'a>, rules: Option<&'a malware::Rules>) -> Self {
        Self { clamd, rules, failure: RefCell::new(None) }
    }

    /// Why it was not asked to the end. Layers that were read since then have no analysis by it.
    pub fn into_failure(self) -> Option<ClamdError> {
        self.failure.into_inner()
    }
}

/// What the inspectors found in one layer so far.
pub(super) struct Inspection<'a> {
    limits: &'a Limits,
    secrets: Option<(Secrets<'a>, SecretsFound)>,
    malware: Option<(malware::Scanner<'a>, MalwareFound)>,
    clamd: Option<(&'a AskClamd<'a>, MalwareFound)>,
}

#[derive(Default)]
struct SecretsFound {
    files: BTreeMap<String, (Vec<Secret>, Digests)>,
    warnings: Vec<Warning>,
}

#[derive(Default)]
struct MalwareFound {
    files: BTreeMap<String, Vec<MalwareFile>>,
    warnings: Vec<Warning>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(inspectors: &Inspectors<'a>, wanted: Analysers, limits: &'a Limits) -> Self {
        let secrets = inspectors.secrets.filter(|_| wanted.secrets);
        let malware = inspectors.malware.filter(|_| wanted.malware);
        let clamd = inspectors.clamd.filter(|_| wanted.clamd);
        Self {
            limits,
            secrets: secrets.map(|secrets| (secrets, SecretsFound::default())),
            malware: malware.map(|rules| (malware::Scanner::new(rules), MalwareFound::default())),
            clamd: clamd.map(|clamd| (clamd, MalwareFound::default())),
        }
    }

    /// Whether any file may be wanted.
    pub(super) fn is_idle(&self) -> bool {
        self.secrets.is_none() && self.malware.is_none() && self.clamd.is_none()
    }

    /// Whether a file is wanted whose content begins with `head`.
    pub(super) fn wants(&self, path: &str, head: &[u8]) -> bool {
        let for_malware = !head.is_empty() && (self.malware.is_some() || self.clamd.is_some());
        for_malware || self.secrets.as_ref().is_some_and(|(secrets, _)| secrets.rules.is_searched(path, head))
    }

    /// Looks into a file, and forgets what was found in one of the same path before: the last one counts.
    pub(super) fn look(&mut self, path: &str, content: &mut Content) -> io::Result<()> {
        self.forget(path);
        if let Some((secrets, found)) = &mut self.secrets {
            let secrets = search(*secrets, path, content)?;
            if !secrets.is_empty() {
                content.rewind()?;
                found.files.insert(path.to_owned(), (secrets, Digests::of(content)?));
            }
        }
        if let Some((scanner, found)) = &mut self.malware {
            content.rewind()?;
            let (files, warnings) = scanner.scan(path, content, self.limits);
            found.add(path, files, warnings);
        }
        if let Some((ask, found)) = &mut self.clamd
            && ask.failure.borrow().is_none()
        {
            content.rewind()?;
            match ask.clamd.scan(path, content) {
                Ok((mut files, warnings)) => {
                    files.retain(|file| !ask.rules.is_some_and(|rules| rules.allows(file)));
                    found.add(path, files, warnings);
                }
                Err(error) => *ask.failure.borrow_mut() = Some(error),
            }
        }
        content.rewind()
    }

    /// Says of a file that nobody looked into it.
    pub(super) fn pass_over(&mut self, path: &str, reason: &str) {
        self.forget(path);
        let warning = |what| Warning { path: path.to_owned(), message: format!("{reason}; {what}") };
        if let Some((_, found)) = &mut self.secrets {
            found.warnings.push(warning("it was not searched for secrets"));
        }
        let malware = self.malware.as_mut().map(|(_, found)| found);
        let clamd = self.clamd.as_mut().map(|(_, found)| found);
        for found in malware.into_iter().chain(clamd) {
            found.warnings.push(warning("it was not searched for malware"));
        }
    }

    /// Forgets what was found at `path`.
    pub(super) fn forget(&mut self, path: &str) {
        if let Some((_, found)) = &mut self.secrets {
            found.files.remove(path);
        }
        if let Some((_, found)) = &mut self.malware {
            found.files.remove(path);
        }
        if let Some((_, found)) = &mut self.clamd {
            found.files.remove(path);
        }
    }

    /// What was found. A secret counts only in a file that is not `intact`: as the package of the distribution brought it.
    pub(super) fn finish(self, intact: &Intact) -> Inspected {
        let secrets = self.secrets.map(|(_, found)| SecretAnalysis {
            files: found
                .files
                .into_iter()
                .filter(|(path, (_, digests))| !intact.contains(path, digests))
                .map(|(path, (secrets, _))| SecretFile { path, secrets })
                .collect(),
            warnings: found.warnings,
        });
        // What clamd saw of a layer before it failed is no analysis of the layer.
        let clamd = self.clamd.filter(|(ask, _)| ask.failure.borrow().is_none());
        Inspected {
            secrets,
            malware: self.malware.map(|(_, found)| found.finish()),
            clamd: clamd.map(|(_, found)| found.finish()),
        }
    }
}

/// The analyses of one layer that were made beside that of its packages.
pub(super) struct Inspected {
    pub(super) secrets: Option<SecretAnalysis>,
    pub(super) malware: Option<MalwareAnalysis>,
    pub(super) clamd: Option<MalwareAnalysis>,
}

impl MalwareFound {
    fn add(&mut self, path: &str, files: Vec<MalwareFile>, warnings: Vec<Warning>) {
        if !files.is_empty() {
            self.files.insert(path.to_owned(), files);
        }
        self.warnings.extend(warnings);
    }

    fn finish(self) -> MalwareAnalysis {
        MalwareAnalysis { files: self.files.into_values().flatten().collect(), warnings: self.warnings }
    }
}

/// The secrets of a file, each once, ordered by line. A file too large for memory is searched window by window.
fn search(secrets: Secrets<'_>, path: &str, content: &mut Content) -> io::Result<Vec<Secret>> {
    if let Some(bytes) = content.in_memory() {
        return Ok(secrets.rules.search(secrets.key, path, bytes, 1));
    }
    let mut found: BTreeMap<(String, String), Secret> = BTreeMap::new();
    let mut window = Vec::with_capacity(WINDOW);
    let mut line = 1;
    content.rewind()?;
    loop {
        let room = (WINDOW - window.len()) as u64;
        let read = content.by_ref().take(room).read_to_end(&mut window)?;
        for secret in secrets.rules.search(secrets.key, path, &window, line) {
            found.entry((secret.rule.clone(), secret.fingerprint.clone())).or_insert(secret);
        }
        if read == 0 || (read as u64) < room {
            break;
        }
        let done = window.len() - OVERLAP;
        line += memchr::memchr_iter(b'\n', &window[..done]).count() as u64;
        window.drain(..done);
    }
    let mut found: Vec<Secret> = found.into_values().collect();
    found.sort();
    Ok(found)
}
