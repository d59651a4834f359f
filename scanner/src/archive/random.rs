//! Archives that can be sought in: a plain tar file, a folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::blob::{self, Blob};
use super::manifest::{self, Plan, Shelf, document_bytes};
use super::remote::{self, Remote};
use super::{ArchiveError, Platforms, ReadOptions};
use crate::bounded::{Form, Sniffed};
use crate::image::Unread;
use crate::layer::{LayerAnalysis, inside};
use crate::meter::Meter;
use crate::tarball::TarReader;
use crate::{Digest, Limits};

/// Links from one file of an archive to another that are followed.
pub(super) const MAX_LINKS: usize = 8;

/// An archive whose files can be opened by name.
pub(super) struct RandomArchive<'a> {
    form: Files<'a>,
    limits: &'a Limits,
    meter: &'a Meter<'a>,
}

enum Files<'a> {
    Tar { path: PathBuf, members: BTreeMap<String, Span>, links: BTreeMap<String, String> },
    Folder(PathBuf),
    Registry(&'a Remote<'a>),
}

/// Where a file's bytes lie in the tar.
#[derive(Clone, Copy)]
struct Span {
    offset: u64,
    size: u64,
}

impl<'a> RandomArchive<'a> {
    /// Lists a plain tar; `None` when the file is packed or no regular file, so that it has to be read as a stream.
    pub(super) fn of_file(
        path: &Path,
        limits: &'a Limits,
        meter: &'a Meter<'a>,
    ) -> Result<Option<Self>, ArchiveError> {
        let place = path.display().to_string();
        let io_error = |error| ArchiveError::from_io(&place, error);
        let mut file = File::open(path).map_err(io_error)?;
        if !file.metadata().map_err(io_error)?.is_file() {
            return Ok(None);
        }
        let form = Sniffed::new(&mut file).map_err(io_error)?.form();
        check_form(form)?;
        if form != Form::Tar {
            return Ok(None);
        }
        file.rewind().map_err(io_error)?;
        let mut tar = TarReader::seeking(BufReader::new(file));
        let (mut members, mut links) = (BTreeMap::new(), BTreeMap::new());
        let mut entries = 0;
        while let Some(member) = tar.advance().map_err(|error| ArchiveError::from_tar(&place, error))? {
            entries += 1;
            check_entries(entries, limits)?;
            let Some(name) = inside(&member.path) else { continue };
            if let Some(target) = link_target(&name, &member) {
                links.insert(name, target);
            } else if member.kind.is_file() || member.kind.is_contiguous() {
                members.insert(name, Span { offset: member.offset, size: member.size });
            }
        }
        if !tar.finished() {
            return Err(ArchiveError::Truncated(place));
        }
        let form = Files::Tar { path: path.to_owned(), members, links };
        Ok(Some(Self { form, limits, meter }))
    }

    /// A folder with the files of an archive.
    pub(super) fn of_folder(
        folder: &Path,
        limits: &'a Limits,
        meter: &'a Meter<'a>,
    ) -> Result<Self, ArchiveError> {
        let root = folder.canonicalize();
        let root = root.map_err(|error| ArchiveError::from_io(&folder.display().to_string(), error))?;
        Ok(Self { form: Files::Folder(root), limits, meter })
    }

    /// An image of a registry.
    pub(super) fn of_registry(remote: &'a Remote<'a>, limits: &'a Limits, meter: &'a Meter<'a>) -> Self {
        Self { form: Files::Registry(remote), limits, meter }
    }

    pub(super) fn plans(&self, platforms: &Platforms) -> Result<Vec<Plan>, ArchiveError> {
        let mut plans = manifest::plans(self, self.limits, platforms)?;
        if let Files::Registry(remote) = &self.form {
            // Names in its index are those of the place where it was made.
            for plan in &mut plans {
                plan.image.tags = vec![remote.reference.to_owned()];
            }
        }
        Ok(plans)
    }

    /// Reads each layer once of which the caller lacks an analysis.
    pub(super) fn layers(
        &self,
        plans: &[Plan],
        options: &ReadOptions<'_>,
    ) -> Result<BTreeMap<Digest, LayerAnalysis>, ArchiveError> {
        let mut layers = BTreeMap::new();
        for plan in plans {
            for layer in &plan.layers {
                let wanted = (options.missing)(&layer.diff_id);
                if layers.contains_key(&layer.diff_id) || wanted.is_none() {
                    continue;
                }
                let location = layer.location(plan)?;
                let opened = self.open(location).map_err(|error| match error {
                    ArchiveError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                        layer.missing(plan)
                    }
                    error => error,
                })?;
                let mut blob = Blob::read(&layer.name, opened, self.limits, &options.inspectors, wanted)?;
                blob.verify(layer)?;
                layers.extend(blob.analysis.take().map(|analysis| (layer.diff_id, analysis)));
            }
        }
        Ok(layers)
    }

    /// Reads layers again for the files that links name.
    pub(super) fn read_again(
        &self,
        plans: &[Plan],
        wanted: &BTreeMap<Digest, Vec<Unread>>,
        layers: &mut BTreeMap<Digest, LayerAnalysis>,
    ) -> Result<(), ArchiveError> {
        for (diff_id, files) in wanted {
            let found = plans
                .iter()
                .flat_map(|plan| plan.layers.iter().map(move |layer| (plan, layer)))
                .find(|(_, layer)| layer.diff_id == *diff_id);
            if let (Some((plan, layer)), Some(analysis)) = (found, layers.get_mut(diff_id)) {
                let reader = self.open(layer.location(plan)?)?;
                blob::read_again(&layer.name, reader, self.limits, files, analysis)?;
            }
        }
        Ok(())
    }

    fn open(&self, location: &str) -> Result<Box<dyn Read + 'a>, ArchiveError> {
        let io_error = |error| ArchiveError::from_io(location, error);
        match &self.form {
            Files::Registry(remote) => {
                let reader = remote.open(location).map_err(io_error)?;
                Ok(Box::new(self.meter.wrap(reader)))
            }
            Files::Folder(root) => {
                let file = File::open(root.join(location)).map_err(io_error)?;
                Ok(Box::new(self.meter.wrap(file)))
            }
            Files::Tar { path, members, .. } => {
                let Some(span) = members.get(location) else {
                    return Err(ArchiveError::MissingBlob(location.to_owned()));
                };
                let mut file = File::open(path).map_err(io_error)?;
                file.seek(SeekFrom::Start(span.offset)).map_err(io_error)?;
                Ok(Box::new(self.meter.wrap(file.take(span.size))))
            }
        }
    }
}

impl Shelf for RandomArchive<'_> {
    fn manifest(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        match &self.form {
            Files::Registry(remote) => remote.manifest(name, self.limits),
            _ => self.document(name),
        }
    }

    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        if let Files::Registry(remote) = &self.form
            && name == "index.json"
        {
            return Ok(Some(remote.index()));
        }
        let Some((location, size)) = self.locate(name) else { return Ok(None) };
        let most = document_bytes(self.limits);
        let mut bytes = Vec::new();
        let read = self.open(&location)?.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| ArchiveError::from_io(name, error))?;
        if size > most || bytes.len() as u64 > most {
            return Err(too_large(name, most));
        }
        Ok(Some(bytes))
    }

    fn locate(&self, name: &str) -> Option<(String, u64)> {
        let name = inside(name.as_bytes())?;
        match &self.form {
            // Whether it is there shows when it is fetched.
            Files::Registry(_) => remote::digest_of(&name).map(|_| (name, 0)),
            Files::Tar { members, links, .. } => {
                let name = follow(name, links)?;
                members.get(&name).map(|span| (name.clone(), span.size))
            }
            Files::Folder(root) => {
                // A link in the folder must not lead to a file outside of it.
                let path = root.join(name).canonicalize().ok()?;
                let location = path.strip_prefix(root).ok()?.to_str()?.to_owned();
                let metadata = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
                Some((location, metadata.len()))
            }
        }
    }
}

/// The file that a name leads to over links.
pub(super) fn follow(mut name: String, links: &BTreeMap<String, String>) -> Option<String> {
    for _ in 0..MAX_LINKS {
        match links.get(&name) {
            Some(target) => name.clone_from(target),
            None => return Some(name),
        }
    }
    None
}

/// Where a link entry of the archive leads, as a name in it.
pub(super) fn link_target(name: &str, member: &crate::tarball::Member) -> Option<String> {
    let target = String::from_utf8_lossy(&member.link).into_owned();
    if member.kind.is_hard_link() {
        return inside(target.as_bytes());
    }
    if !member.kind.is_symlink() {
        return None;
    }
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { name.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Refuses what cannot be an archive.
pub(super) fn check_form(form: Form) -> Result<(), ArchiveError> {
    match form {
        Form::Tar | Form::Gzip | Form::Zstd => Ok(()),
        Form::Empty => Err(ArchiveError::NotAnImage("it is empty".to_owned())),
        Form::Json => Err(ArchiveError::NotAnImage("it is a JSON file".to_owned())),
        Form::Foreign(name) => Err(ArchiveError::UnsupportedMediaType {
            place: "the archive".to_owned(),
            media_type: name.to_owned(),
        }),
        Form::Unknown => Err(ArchiveError::NotAnImage("it is no tar".to_owned())),
    }
}

pub(super) fn check_entries(entries: u64, limits: &Limits) -> Result<(), ArchiveError> {
    if entries > limits.entries {
        let limit = format!("it has more than {} entries", limits.entries);
        return Err(ArchiveError::LimitExceeded { place: "the archive".to_owned(), limit });
    }
    Ok(())
}

pub(super) fn too_large(name: &str, most: u64) -> ArchiveError {
    let limit = format!("it has more than the {most} bytes that are read of a manifest or configuration");
    ArchiveError::LimitExceeded { place: name.to_owned(), limit }
}
