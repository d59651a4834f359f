//! Archives that are read from end to end: a stream of an engine, a packed file.
//!
//! Manifests may come last, so every blob that can be a layer is analysed as it passes by; what no image names in the
//! end is dropped, and an error in it with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::blob::{self, Blob};
use super::manifest::{self, Plan, Shelf, document_bytes};
use super::random::{check_entries, check_form, follow, link_target, too_large};
use super::{ArchiveError, Open, Platforms, ReadOptions};
use crate::bounded::{Form, Sniffed, uncompressed};
use crate::image::Unread;
use crate::layer::{Analysers, LayerAnalysis, inside};
use crate::meter::Meter;
use crate::tarball::TarReader;
use crate::{Digest, Limits};

/// An archive that can only be read from the start.
pub(super) struct StreamArchive<'a> {
    origin: Origin<'a>,
    limits: &'a Limits,
    meter: &'a Meter<'a>,
}

enum Origin<'a> {
    Stream(&'a Open<'a>),
    File(&'a Path),
}

impl<'a> StreamArchive<'a> {
    pub(super) fn of_stream(open: &'a Open<'a>, limits: &'a Limits, meter: &'a Meter<'a>) -> Self {
        Self { origin: Origin::Stream(open), limits, meter }
    }

    pub(super) fn of_file(path: &'a Path, limits: &'a Limits, meter: &'a Meter<'a>) -> Self {
        Self { origin: Origin::File(path), limits, meter }
    }

    fn place(&self) -> String {
        match self.origin {
            Origin::Stream(_) => "the image stream".to_owned(),
            Origin::File(path) => path.display().to_string(),
        }
    }

    fn open(&self) -> Result<TarReader<Box<dyn Read + 'a>>, ArchiveError> {
        let place = self.place();
        let io_error = |error| ArchiveError::from_io(&place, error);
        let raw: Box<dyn Read + 'a> = match self.origin {
            Origin::Stream(open) => open().map_err(io_error)?,
            Origin::File(path) => Box::new(File::open(path).map_err(io_error)?),
        };
        let raw = BufReader::with_capacity(64 << 10, self.meter.wrap(raw));
        let packed = Sniffed::new(raw).map_err(io_error)?;
        check_form(packed.form())?;
        let plain = Sniffed::new(uncompressed(packed, self.limits).map_err(io_error)?).map_err(io_error)?;
        match plain.form() {
            Form::Tar => Ok(TarReader::new(Box::new(plain))),
            Form::Empty => Err(ArchiveError::NotAnImage("it is empty".to_owned())),
            _ => Err(ArchiveError::NotAnImage("what is packed in it is no tar".to_owned())),
        }
    }

    /// Reads everything. With options layers are analysed; else they are passed over.
    pub(super) fn pass(&self, options: Option<&ReadOptions<'_>>) -> Result<Passed, ArchiveError> {
        let mut tar = self.open()?;
        let mut passed = Passed::default();
        let mut entries = 0;
        while let Some(member) =
            tar.advance().map_err(|error| ArchiveError::from_tar(&self.place(), error))?
        {
            entries += 1;
            check_entries(entries, self.limits)?;
            let Some(name) = inside(&member.path) else { continue };
            if let Some(target) = link_target(&name, &member) {
                passed.links.insert(name, target);
            } else if member.kind.is_file() || member.kind.is_contiguous() {
                passed.sizes.insert(name.clone(), member.size);
                self.member(&mut passed, name, member.size, &mut tar, options)?;
            }
        }
        self.finish(tar)?;
        Ok(passed)
    }

    fn member<R: Read>(
        &self,
        passed: &mut Passed,
        name: String,
        size: u64,
        tar: &mut TarReader<R>,
        options: Option<&ReadOptions<'_>>,
    ) -> Result<(), ArchiveError> {
        let io_error = |error| ArchiveError::from_io(&self.place(), error);
        let mut sniffed = Sniffed::new(tar).map_err(io_error)?;
        if sniffed.form() == Form::Json {
            let most = document_bytes(self.limits);
            // All documents together get what one file may have; hostile archives could list millions.
            if size > most || passed.document_bytes + size > self.limits.file_bytes {
                passed.too_large.insert(name, most);
                return Ok(());
            }
            let mut bytes = Vec::new();
            sniffed.read_to_end(&mut bytes).map_err(io_error)?;
            passed.document_bytes += size;
            passed.documents.insert(name, bytes);
        } else if let Some(options) = options {
            // Its diff ID shows when it was read.
            let mut blob = Blob::read(&name, sniffed, self.limits, &options.inspectors, Analysers::ALL);
            match &mut blob {
                Ok(blob) if (options.missing)(&blob.diff_id).is_none() => blob.analysis = None,
                Err(error) if error.is_final() => return blob.map(drop),
                _ => {}
            }
            passed.blobs.insert(name, blob);
        }
        Ok(())
    }

    /// Reads layers again for the files that links name.
    pub(super) fn read_again(
        &self,
        passed: &Passed,
        plans: &[Plan],
        wanted: &BTreeMap<Digest, Vec<Unread>>,
        layers: &mut BTreeMap<Digest, LayerAnalysis>,
    ) -> Result<(), ArchiveError> {
        let mut places: BTreeMap<&str, &Digest> = BTreeMap::new();
        for diff_id in wanted.keys() {
            let found = plans.iter().flat_map(|plan| &plan.layers).find(|layer| layer.diff_id == *diff_id);
            places.extend(found.and_then(|layer| Some((layer.location.as_deref()?, diff_id))));
        }
        if places.is_empty() {
            return Ok(());
        }
        let mut tar = self.open()?;
        while let Some(member) =
            tar.advance().map_err(|error| ArchiveError::from_tar(&self.place(), error))?
        {
            let Some(name) = inside(&member.path).filter(|name| passed.sizes.contains_key(name)) else {
                continue;
            };
            if let Some(diff_id) = places.get(name.as_str())
                && let (Some(files), Some(analysis)) = (wanted.get(*diff_id), layers.get_mut(*diff_id))
            {
                blob::read_again(&name, &mut tar, self.limits, files, analysis)?;
            }
        }
        Ok(())
    }

    /// Reads to the end of the stream, so that a packed archive's own checksum is checked and an engine is not cut off.
    fn finish<R: Read>(&self, tar: TarReader<R>) -> Result<(), ArchiveError> {
        if !tar.finished() {
            return Err(ArchiveError::Truncated(self.place()));
        }
        io::copy(&mut tar.into_inner(), &mut io::sink())
            .map(drop)
            .map_err(|error| ArchiveError::from_io(&self.place(), error))
    }
}

/// What passed by.
#[derive(Default)]
pub(super) struct Passed {
    documents: BTreeMap<String, Vec<u8>>,
    document_bytes: u64,
    too_large: BTreeMap<String, u64>,
    blobs: BTreeMap<String, Result<Blob, ArchiveError>>,
    sizes: BTreeMap<String, u64>,
    links: BTreeMap<String, String>,
}

impl Passed {
    pub(super) fn plans(&self, limits: &Limits, platforms: &Platforms) -> Result<Vec<Plan>, ArchiveError> {
        manifest::plans(self, limits, platforms)
    }

    /// The layers of the images, verified.
    pub(super) fn take_layers(
        &mut self,
        plans: &[Plan],
        missing: &dyn Fn(&Digest) -> Analysers,
    ) -> Result<BTreeMap<Digest, LayerAnalysis>, ArchiveError> {
        let mut layers = BTreeMap::new();
        for plan in plans {
            for layer in &plan.layers {
                if layer.location.is_none() && missing(&layer.diff_id).is_none() {
                    continue;
                }
                let location = layer.location(plan)?;
                match self.blobs.get_mut(location) {
                    Some(Ok(blob)) => {
                        blob.verify(layer)?;
                        layers.extend(blob.analysis.take().map(|analysis| (layer.diff_id, analysis)));
                        continue;
                    }
                    Some(Err(_)) => {}
                    None => {
                        return Err(ArchiveError::Malformed {
                            place: format!("layer {}", layer.name),
                            reason: "it is JSON, not a tar".to_owned(),
                        });
                    }
                }
                let location = location.to_owned();
                if let Some(Err(error)) = self.blobs.remove(&location) {
                    return Err(error);
                }
            }
        }
        Ok(layers)
    }
}

impl Shelf for Passed {
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some((location, _)) = self.locate(name) else { return Ok(None) };
        if let Some(most) = self.too_large.get(&location) {
            return Err(too_large(name, *most));
        }
        match self.documents.get(&location) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => {
                Err(ArchiveError::Malformed { place: name.to_owned(), reason: "it is no JSON".to_owned() })
            }
        }
    }

    fn locate(&self, name: &str) -> Option<(String, u64)> {
        let name = follow(inside(name.as_bytes())?, &self.links)?;
        self.sizes.get(&name).map(|size| (name.clone(), *size))
    }
}
