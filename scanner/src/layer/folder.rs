//! A folder read as a layer, without making a tar of it.
//!
//! No link is followed, only files that somebody wants are opened, and what a mount of the kernel shows is left out.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tar::EntryType;

use super::analyse::{Found, Pass};
use super::inspect::{Analysers, Inspection, Inspectors};
use super::{LayerAnalysis, LayerError, Want};
use crate::bounded::stop_of;
use crate::meter::Meter;
use crate::tarball::Member;
use crate::{Digest, Limits};

/// Where a running system mounts what its kernel and its services make up: no files that anybody installed.
const MOUNTS: [&str; 4] = ["dev", "proc", "run", "sys"];

/// A folder while it is read.
///
/// It has no tar and so no diff ID. In its place stands a digest over what was looked at: the listing, with kinds,
/// sizes and links, and the bytes of the files that were read.
pub(crate) struct Folder<'a> {
    root: &'a Path,
    device: u64,
    limits: &'a Limits,
    meter: &'a Meter<'a>,
    inspectors: &'a Inspectors<'a>,
    seen: RefCell<Sha256>,
}

impl<'a> Folder<'a> {
    /// The folder at `root`, which may be named by a link.
    pub(crate) fn open(
        root: &'a Path,
        limits: &'a Limits,
        meter: &'a Meter<'a>,
        inspectors: &'a Inspectors<'a>,
    ) -> io::Result<Self> {
        let metadata = root.metadata()?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { root, device: metadata.dev(), limits, meter, inspectors, seen: RefCell::default() })
    }

    /// Walks the folder once, in the order of names.
    pub(crate) fn analyse(&self) -> Result<LayerAnalysis, LayerError> {
        let inspection = Inspection::new(self.inspectors, Analysers::ALL, self.limits);
        let mut pass = Pass::new(self.limits, inspection);
        let mut size = 0;
        let mut pending = self.children(Path::new("")).map_err(LayerError::Io)?;
        while let Some(relative) = pending.pop() {
            self.meter.check().map_err(io::Error::from)?;
            let name = String::from_utf8_lossy(relative.as_os_str().as_bytes()).into_owned();
            let member = match self.member(&relative) {
                Ok(member) => member,
                // Others may work in the folder meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    pass.found.warn(&name, format!("cannot be read ({error}); it is not covered"));
                    continue;
                }
            };
            let Some(path) = pass.admit(&member)? else { continue };
            self.note(&member);
            size += member.size;
            let is_folder = member.kind == EntryType::Directory;
            match pass.ordinary(&path, &member, &mut self.content(&relative)) {
                Err(LayerError::Io(error)) if stop_of(&error).is_none() => {
                    let message = format!("cannot be read ({error}); what it lists is not covered");
                    pass.found.warn(&name, message);
                    pass.inspection.pass_over(&path, &format!("cannot be read ({error})"));
                }
                taken => taken?,
            }
            if !is_folder || self.is_mount(&relative) {
                continue;
            }
            match self.children(&relative) {
                Ok(children) => pending.extend(children),
                Err(error) => {
                    let message = format!("is a folder that cannot be listed ({error}); it is not covered");
                    pass.found.warn(&name, message);
                }
            }
        }
        Ok(pass.finish(self.digest(), size))
    }

    /// Reads the file at `path`, which a link names as `name`, and adds what it tells.
    pub(crate) fn read_again(
        &self,
        path: &str,
        name: &str,
        want: Want,
        analysis: &mut LayerAnalysis,
    ) -> Result<(), LayerError> {
        let relative = Path::new(path);
        let mut found = Found::default();
        let read = self.member(relative).map_err(LayerError::Io).and_then(|member| {
            found.read(path, name, want, &member, &mut self.content(relative), self.limits)
        });
        match read {
            Err(LayerError::Io(error)) if stop_of(&error).is_none() => {
                found.warn(path, format!("cannot be read ({error}); what it lists is not covered"));
            }
            read => read?,
        }
        found.add_to(analysis, self.limits);
        analysis.diff_id = self.digest();
        Ok(())
    }

    /// What lies in a folder, the last name first.
    fn children(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let most = usize::try_from(self.limits.entries).unwrap_or(usize::MAX).saturating_add(1);
        let listed = fs::read_dir(self.root.join(folder))?.take(most);
        let mut names: Vec<OsString> =
            listed.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names.into_iter().map(|name| folder.join(name)).collect())
    }

    fn member(&self, relative: &Path) -> io::Result<Member> {
        let path = self.root.join(relative);
        let metadata = path.symlink_metadata()?;
        let kind = kind(&metadata);
        let link = if kind == EntryType::Symlink { path.read_link()? } else { PathBuf::new() };
        let size = if kind == EntryType::Regular { metadata.len() } else { 0 };
        Ok(Member {
            path: relative.as_os_str().as_bytes().to_vec(),
            link: link.into_os_string().as_bytes().to_vec(),
            kind,
            mode: metadata.mode(),
            size,
            file_size: size,
            sparse: false,
            offset: 0,
        })
    }

    fn content(&self, relative: &Path) -> Opened<'_> {
        Opened { folder: self, path: self.root.join(relative), file: None }
    }

    /// Whether something else is mounted at a place where running systems have no files of their own.
    fn is_mount(&self, relative: &Path) -> bool {
        MOUNTS.iter().any(|mount| relative == Path::new(mount))
            && self.root.join(relative).symlink_metadata().is_ok_and(|found| found.dev() != self.device)
    }

    fn note(&self, member: &Member) {
        let mut seen = self.seen.borrow_mut();
        for field in [&member.path, &member.link] {
            seen.update((field.len() as u64).to_le_bytes());
            seen.update(field);
        }
        seen.update([member.kind.as_byte()]);
        seen.update(member.size.to_le_bytes());
    }

    fn digest(&self) -> Digest {
        Digest::from_hasher(self.seen.borrow().clone())
    }
}

fn kind(metadata: &Metadata) -> EntryType {
    let kind = metadata.file_type();
    if kind.is_file() {
        EntryType::Regular
    } else if kind.is_dir() {
        EntryType::Directory
    } else if kind.is_symlink() {
        EntryType::Symlink
    } else {
        // A device, fifo or socket: it is listed and never opened.
        EntryType::Fifo
    }
}

/// The content of a file, which is opened when the first byte is asked for.
struct Opened<'a> {
    folder: &'a Folder<'a>,
    path: PathBuf,
    file: Option<io::Take<File>>,
}

impl Opened<'_> {
    fn file(&mut self) -> io::Result<&mut io::Take<File>> {
        if self.file.is_none() {
            let listed = self.path.symlink_metadata()?;
            let file = File::open(&self.path)?;
            let opened = file.metadata()?;
            // Somebody may have put a link in its place.
            if !opened.is_file() || (opened.dev(), opened.ino()) != (listed.dev(), listed.ino()) {
                return Err(io::Error::other("it was replaced while the folder was read"));
            }
            // A file that grows meanwhile is read as far as it went.
            self.file = Some(file.take(opened.len()));
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = self.folder.meter;
        let read = meter.wrap(self.file()?).read(buffer)?;
        self.folder.seen.borrow_mut().update(&buffer[..read]);
        Ok(read)
    }
}
