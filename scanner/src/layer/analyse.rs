//! The pass over a layer's tar.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use tar::EntryType;

use super::hashed::Hashed;
use super::inspect::{Analysers, Inspection, Inspectors};
use super::logged::Logged;
use super::path::{Marker, inside, marker};
use super::{FileEntry, FileKind, LayerAnalysis, LayerError, OsReleaseFile, Warning};
use crate::catalog::intact::Intact;
use crate::catalog::{self, Format, PackageFile, executable};
use crate::content::{Content, ContentError};
use crate::image::RELEASE_FILES;
use crate::tarball::{Member, TarReader};
use crate::{Digest, Limits};

/// Warnings that are kept of one layer; a hostile one could have millions.
const MAX_WARNINGS: usize = 1_000;
/// Bytes of a file that inspectors are shown to decide by.
const HEAD_BYTES: u64 = 8 << 10;

/// Why a file is read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// It tells of packages.
    Packages(Format),
    /// It has the last changes of a file that tells of packages.
    Log(Format),
    /// It tells of the distribution.
    OsRelease,
}

/// Whether the content at `path` is wanted, and as what.
pub(crate) fn want(path: &str) -> Option<Want> {
    if RELEASE_FILES.contains(&path) {
        return Some(Want::OsRelease);
    }
    let log = || catalog::log_of(path).map(|(format, _)| Want::Log(format));
    catalog::format_of(path).map(Want::Packages).or_else(log)
}

/// Reads an uncompressed layer once, from the first byte to the last, and never writes a file.
///
/// Entries whose name leads out of the image are skipped with a warning. Files that are wanted and cannot be read
/// are warnings too; only a tar that cannot be followed, or a limit of the whole layer, is an error.
pub fn analyse(tar: impl Read, limits: &Limits) -> Result<LayerAnalysis, LayerError> {
    analyse_with(tar, limits, &Inspectors::default(), Analysers::NONE)
}

/// Reads a layer as [`analyse`] does, and looks into its files for what is `wanted` and has an inspector.
pub fn analyse_with(
    tar: impl Read,
    limits: &Limits,
    inspectors: &Inspectors<'_>,
    wanted: Analysers,
) -> Result<LayerAnalysis, LayerError> {
    let mut reader = TarReader::new(Hashed::new(tar, limits.layer_bytes)?);
    let mut pass = Pass::new(limits, Inspection::new(inspectors, wanted, limits));
    while let Some(member) = reader.advance()? {
        pass.entry(&member, &mut reader)?;
    }
    // What follows the end marker belongs to the diff ID too.
    let (diff_id, size) = reader.into_inner().finish()?;
    Ok(pass.finish(diff_id, size))
}

/// Reads a layer again for exactly the `wanted` paths, and adds what they tell to its analysis.
pub(crate) fn read_again(
    tar: impl Read,
    limits: &Limits,
    wanted: &BTreeMap<String, (String, Want)>,
    analysis: &mut LayerAnalysis,
) -> Result<(), LayerError> {
    let mut reader = TarReader::new(BufReader::with_capacity(64 << 10, tar));
    let mut found = Found::default();
    while let Some(member) = reader.advance()? {
        let Some(path) = inside(&member.path) else { continue };
        if let Some((name, want)) = wanted.get(&path)
            && is_file(member.kind)
        {
            found.read(&path, name, *want, &member, &mut reader, limits)?;
        }
    }
    found.add_to(analysis, limits);
    Ok(())
}

/// What was read whole, by path: a name that comes twice in a tar counts as its last entry.
#[derive(Default)]
pub(super) struct Found {
    package_files: BTreeMap<String, PackageFile>,
    os_releases: BTreeMap<String, OsReleaseFile>,
    logged: Logged,
    /// The files that packages of the distribution brought, as far as this layer tells.
    intact: Intact,
    warnings: Vec<Warning>,
    /// Memory for one file after another.
    buffer: Vec<u8>,
}

impl Found {
    /// Reads the current entry, which lies at `path` and is wanted as the content of `name`.
    pub(super) fn read(
        &mut self,
        path: &str,
        name: &str,
        want: Want,
        member: &Member,
        reader: &mut impl Read,
        limits: &Limits,
    ) -> Result<(), LayerError> {
        self.forget(path);
        if member.sparse {
            self.warn(
                path,
                "is stored as a sparse file, which is not read; what it lists is not covered".to_owned(),
            );
            return Ok(());
        }
        match Content::hold(reader, member.size, limits) {
            Ok(content) => self.take(path, name, want, content, limits),
            Err(ContentError::Read(error)) => Err(error.into()),
            Err(error) => {
                self.warn(path, format!("{error}; what it lists is not covered"));
                Ok(())
            }
        }
    }

    /// Takes the content that lies at `path` and is wanted as that of `name`.
    fn take(
        &mut self,
        path: &str,
        name: &str,
        want: Want,
        content: Content,
        limits: &Limits,
    ) -> Result<(), LayerError> {
        match want {
            Want::OsRelease => {
                let text = String::from_utf8_lossy(&content.into_bytes()?).into_owned();
                self.os_releases.insert(path.to_owned(), OsReleaseFile { path: path.to_owned(), text });
            }
            Want::Log(format) => {
                if let Some((_, database)) = catalog::log_of(path) {
                    self.logged.log(database, format, content);
                }
            }
            Want::Packages(format) if format.log_suffix().is_some() => {
                self.logged.database(path, name, format, content);
            }
            Want::Packages(format) => {
                let (mut file, warnings) =
                    catalog::parse_with_log(format, name, content, None, limits, &mut self.intact);
                path.clone_into(&mut file.path);
                for warning in warnings {
                    self.warn(path, warning.message);
                }
                if !(catalog::is_addition(format) && file.packages.is_empty() && file.owned.is_empty()) {
                    self.package_files.insert(path.to_owned(), file);
                }
            }
        }
        Ok(())
    }

    /// Reads the current entry, which lies at `path`, as far as it is an executable that tells of packages. Most files
    /// that may be run are none or tell of nothing: they make no warnings.
    fn read_executable(
        &mut self,
        path: &str,
        member: &Member,
        reader: &mut impl Read,
        limits: &Limits,
    ) -> Result<(), LayerError> {
        let mut head = [0; executable::MAGIC_BYTES];
        if member.sparse || member.size < head.len() as u64 {
            return Ok(());
        }
        reader.read_exact(&mut head)?;
        if !executable::is_executable(head) {
            return Ok(());
        }
        match Content::hold_in(&mut self.buffer, &mut head.chain(reader), member.size, limits) {
            Ok(mut content) => {
                self.take_executable(path, &mut content, limits);
                content.give_back(&mut self.buffer);
            }
            Err(ContentError::Read(error)) => return Err(error.into()),
            Err(error) => self.warn(path, unread_program(&error)),
        }
        Ok(())
    }

    /// Takes an executable as far as it tells of packages.
    fn take_executable(&mut self, path: &str, content: &mut Content, limits: &Limits) {
        let (file, warnings) = executable::read(path, content, limits);
        self.package_files.extend(file.map(|file| (path.to_owned(), file)));
        for warning in warnings {
            self.warn(path, warning.message);
        }
    }

    /// Reads what had to wait for what else the layer holds.
    fn settle(&mut self, limits: &Limits) {
        let (files, warnings) = std::mem::take(&mut self.logged).read(limits, &mut self.intact);
        self.package_files.extend(files.into_iter().map(|file| (file.path.clone(), file)));
        for warning in warnings {
            self.warn(&warning.path, warning.message);
        }
    }

    /// Adds what was read to the analysis of the same layer.
    pub(super) fn add_to(mut self, analysis: &mut LayerAnalysis, limits: &Limits) {
        self.settle(limits);
        let known = std::mem::take(&mut analysis.package_files);
        self.package_files.extend(known.into_iter().map(|file| (file.path.clone(), file)));
        analysis.package_files = self.package_files.into_values().collect();
        let known = std::mem::take(&mut analysis.os_releases);
        self.os_releases.extend(known.into_iter().map(|file| (file.path.clone(), file)));
        analysis.os_releases = self.os_releases.into_values().collect();
        analysis.warnings.append(&mut self.warnings);
        analysis.warnings.sort();
        analysis.warnings.dedup();
    }

    fn forget(&mut self, path: &str) {
        self.package_files.remove(path);
        self.os_releases.remove(path);
        self.logged.forget(path);
    }

    pub(super) fn warn(&mut self, path: &str, message: String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Warning { path: path.to_owned(), message });
        } else if self.warnings.len() == MAX_WARNINGS {
            let message = format!("more than {MAX_WARNINGS} warnings in this layer; the rest are left out");
            self.warnings.push(Warning { path: String::new(), message });
        }
    }
}

/// What the entries of one layer have given so far.
pub(super) struct Pass<'a> {
    limits: &'a Limits,
    entries: u64,
    files: BTreeMap<String, (FileKind, u64)>,
    markers: Vec<(String, FileKind)>,
    pub(super) found: Found,
    pub(super) inspection: Inspection<'a>,
    /// Memory for the first bytes of one file after another.
    head: Vec<u8>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(limits: &'a Limits, inspection: Inspection<'a>) -> Self {
        Self {
            limits,
            entries: 0,
            files: BTreeMap::new(),
            markers: Vec::new(),
            found: Found::default(),
            inspection,
            head: Vec::new(),
        }
    }

    fn entry(&mut self, member: &Member, reader: &mut impl Read) -> Result<(), LayerError> {
        let Some(path) = self.admit(member)? else { return Ok(()) };
        match marker(&path) {
            Some(Marker::Whiteout(path)) => self.markers.push((path, FileKind::Whiteout)),
            Some(Marker::Opaque(path)) => self.markers.push((path, FileKind::Opaque)),
            Some(Marker::Bookkeeping) => {}
            Some(Marker::Hostile) => {
                self.found.warn(&path, "removes the folder it is in; the entry is skipped".to_owned());
            }
            None => self.ordinary(&path, member, reader)?,
        }
        Ok(())
    }

    /// Counts an entry; its path inside the layer, unless it is skipped.
    pub(super) fn admit(&mut self, member: &Member) -> Result<Option<String>, LayerError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(LayerError::LimitExceeded(format!(
                "the layer has more than {} entries",
                self.limits.entries
            )));
        }
        if member.path.len() > self.limits.path_bytes {
            let start = String::from_utf8_lossy(&member.path[..self.limits.path_bytes.min(64)]).into_owned();
            let message = format!(
                "begins a path of {} bytes, more than the {} that are accepted; the entry is skipped",
                member.path.len(),
                self.limits.path_bytes
            );
            self.found.warn(&start, message);
            return Ok(None);
        }
        let path = inside(&member.path);
        if path.is_none() {
            let name = String::from_utf8_lossy(&member.path).into_owned();
            self.found.warn(&name, "leads out of the image by `..`; the entry is skipped".to_owned());
        }
        Ok(path)
    }

    /// Takes an entry that adds something at `path`.
    pub(super) fn ordinary(
        &mut self,
        path: &str,
        member: &Member,
        reader: &mut impl Read,
    ) -> Result<(), LayerError> {
        let target = || {
            let end = member.link.len().min(self.limits.path_bytes);
            String::from_utf8_lossy(&member.link[..end]).into_owned()
        };
        let kind = match member.kind {
            // Before POSIX a directory was a file whose name ends with a slash.
            EntryType::Regular if member.path.ends_with(b"/") => FileKind::Directory,
            kind if is_file(kind) => FileKind::File,
            EntryType::Directory => FileKind::Directory,
            EntryType::Symlink => FileKind::Symlink(target()),
            EntryType::Link => {
                let Some(target) = inside(&member.link) else {
                    self.found.warn(path, "is a link that leads out of the image; it is skipped".to_owned());
                    return Ok(());
                };
                FileKind::Hardlink(target)
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => FileKind::Special,
            // Volume labels and the like name no file.
            _ => return Ok(()),
        };
        if path.is_empty() {
            return Ok(());
        }
        if kind != FileKind::Directory && matches!(self.files.get(path), Some((FileKind::Directory, _))) {
            self.drop_below(path);
        }
        let is_content = kind == FileKind::File;
        self.files.insert(path.to_owned(), (kind, member.file_size));
        self.found.forget(path);
        self.inspection.forget(path);
        if !is_content {
            return Ok(());
        }
        let wanted = want(path);
        if !self.inspection.is_idle() {
            return self.inspected(path, wanted, member, reader);
        }
        match wanted {
            Some(want) => self.found.read(path, path, want, member, reader, self.limits),
            None if is_executable(path, member) => {
                self.found.read_executable(path, member, reader, self.limits)
            }
            None => Ok(()),
        }
    }

    /// Takes a file that inspectors may want to look into; whoever else wants it gets what they were shown.
    fn inspected(
        &mut self,
        path: &str,
        wanted: Option<Want>,
        member: &Member,
        reader: &mut impl Read,
    ) -> Result<(), LayerError> {
        if member.sparse {
            self.inspection.pass_over(path, "is stored as a sparse file");
            return match wanted {
                Some(want) => self.found.read(path, path, want, member, reader, self.limits),
                None => Ok(()),
            };
        }
        let mut head = std::mem::take(&mut self.head);
        head.clear();
        reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let program = wanted.is_none()
            && is_executable(path, member)
            && head.first_chunk().is_some_and(|magic| executable::is_executable(*magic));
        let inspect = self.inspection.wants(path, &head);
        if wanted.is_some() || program || inspect {
            let mut whole = head.as_slice().chain(reader);
            match Content::hold_in(&mut self.found.buffer, &mut whole, member.size, self.limits) {
                Ok(mut content) => {
                    if inspect {
                        self.inspection.look(path, &mut content)?;
                    }
                    if program {
                        self.found.take_executable(path, &mut content, self.limits);
                    }
                    match wanted {
                        Some(want) => self.found.take(path, path, want, content, self.limits)?,
                        None => content.give_back(&mut self.found.buffer),
                    }
                }
                Err(ContentError::Read(error)) => return Err(error.into()),
                Err(error) => {
                    if inspect {
                        self.inspection.pass_over(path, &error.to_string());
                    }
                    if wanted.is_some() {
                        self.found.warn(path, format!("{error}; what it lists is not covered"));
                    } else if program {
                        self.found.warn(path, unread_program(&error));
                    }
                }
            }
        }
        self.head = head;
        Ok(())
    }

    /// The same layer put a directory here before: what it had below is gone.
    fn drop_below(&mut self, path: &str) {
        let prefix = format!("{path}/");
        let below: Vec<String> = self
            .files
            .range(prefix.clone()..)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&prefix))
            .cloned()
            .collect();
        for path in below {
            self.files.remove(&path);
            self.found.forget(&path);
            self.inspection.forget(&path);
        }
    }

    pub(super) fn finish(mut self, diff_id: Digest, size: u64) -> LayerAnalysis {
        self.found.settle(self.limits);
        let mut files: Vec<FileEntry> =
            self.files.into_iter().map(|(path, (kind, size))| FileEntry { path, kind, size }).collect();
        files.extend(self.markers.into_iter().map(|(path, kind)| FileEntry { path, kind, size: 0 }));
        // Stable: removals come after what the layer itself puts at the same path.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup();
        let mut warnings = self.found.warnings;
        warnings.sort();
        warnings.dedup();
        let inspected = self.inspection.finish(&self.found.intact);
        LayerAnalysis {
            diff_id,
            size,
            files,
            package_files: self.found.package_files.into_values().collect(),
            os_releases: self.found.os_releases.into_values().collect(),
            warnings,
            secrets: inspected.secrets,
            malware: inspected.malware,
            clamd: inspected.clamd,
        }
    }
}

fn is_executable(path: &str, member: &Member) -> bool {
    executable::may_be_executable(path, member.mode)
}

fn unread_program(error: &ContentError) -> String {
    format!("is a program that {error}; the modules that it may list are not covered")
}

fn is_file(kind: EntryType) -> bool {
    matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse)
}
