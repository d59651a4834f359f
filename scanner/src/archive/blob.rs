//! One layer blob: packed or not, hashed as it lies and as it unpacks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::ArchiveError;
use super::manifest::LayerRef;
use crate::bounded::{Form, Sniffed, uncompressed};
use crate::image::Unread;
use crate::layer::{self, Analysers, Inspectors, LayerAnalysis};
use crate::{Digest, Limits};

/// A layer blob that was read.
pub(super) struct Blob {
    /// Digest of the bytes as they lie in the archive.
    pub digest: Digest,
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// What it holds; taken out when somebody wants it.
    pub analysis: Option<LayerAnalysis>,
}

impl Blob {
    /// Reads and analyses the layer that lies at `place`.
    pub(super) fn read(
        place: &str,
        reader: impl Read,
        limits: &Limits,
        inspectors: &Inspectors<'_>,
        wanted: Analysers,
    ) -> Result<Self, ArchiveError> {
        let io_error = |error| ArchiveError::from_io(place, error);
        let sniffed = Sniffed::new(reader).map_err(io_error)?;
        check_form(place, sniffed.form())?;
        let packed = matches!(sniffed.form(), Form::Gzip | Form::Zstd);
        let (digest, analysis) = if packed {
            let hasher = Rc::new(RefCell::new(Sha256::new()));
            let hashed = Hashed { reader: sniffed, hasher: Rc::clone(&hasher) };
            let hashed = Sniffed::new(hashed).map_err(io_error)?;
            let unpacked = uncompressed(hashed, limits).map_err(io_error)?;
            let analysis = layer::analyse_with(unpacked, limits, inspectors, wanted);
            (Some(Digest::from_hasher(hasher.take())), analysis)
        } else {
            (None, layer::analyse_with(sniffed, limits, inspectors, wanted))
        };
        let analysis = analysis.map_err(|error| ArchiveError::from_layer(place, error))?;
        let diff_id = analysis.diff_id;
        Ok(Self { digest: digest.unwrap_or(diff_id), diff_id, analysis: Some(analysis) })
    }

    /// Checks that the blob is what manifest and configuration promise.
    pub(super) fn verify(&self, layer: &LayerRef) -> Result<(), ArchiveError> {
        if let Some(expected) = layer.blob
            && expected != self.digest
        {
            let place = format!("layer blob {}", layer.name);
            return Err(ArchiveError::DigestMismatch { place, expected, actual: self.digest });
        }
        if layer.diff_id != self.diff_id {
            let place = format!("the uncompressed layer {}", layer.name);
            return Err(ArchiveError::DigestMismatch {
                place,
                expected: layer.diff_id,
                actual: self.diff_id,
            });
        }
        Ok(())
    }
}

/// Reads the layer at `place` again for the files in `wanted`.
pub(super) fn read_again(
    place: &str,
    reader: impl Read,
    limits: &Limits,
    wanted: &[Unread],
    analysis: &mut LayerAnalysis,
) -> Result<(), ArchiveError> {
    let io_error = |error| ArchiveError::from_io(place, error);
    let unpacked = uncompressed(Sniffed::new(reader).map_err(io_error)?, limits).map_err(io_error)?;
    let wanted: BTreeMap<_, _> =
        wanted.iter().map(|file| (file.path.clone(), (file.name.clone(), file.want))).collect();
    layer::read_again(unpacked, limits, &wanted, analysis)
        .map_err(|error| ArchiveError::from_layer(place, error))
}

fn check_form(place: &str, form: Form) -> Result<(), ArchiveError> {
    match form {
        Form::Gzip | Form::Zstd | Form::Tar | Form::Empty => Ok(()),
        Form::Foreign(name) => {
            Err(ArchiveError::UnsupportedMediaType { place: place.to_owned(), media_type: name.to_owned() })
        }
        Form::Json | Form::Unknown => Err(ArchiveError::Malformed {
            place: place.to_owned(),
            reason: "it is no tar, neither plain nor packed by gzip or zstd".to_owned(),
        }),
    }
}

struct Hashed<R> {
    reader: R,
    hasher: Rc<RefCell<Sha256>>,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hasher.borrow_mut().update(&buffer[..read]);
        Ok(read)
    }
}
