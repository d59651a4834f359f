//! Image archives: `docker save` of all generations and OCI layouts, as a tar or a folder, read as a stream.
//!
//! Digests of blobs and of uncompressed layers are checked on the way. A plain tar file is sought in, so that only
//! the layers that are needed are read; a compressed file or a stream is read from end to end.

mod blob;
mod docker;
mod error;
mod manifest;
mod oci;
mod platform;
mod random;
mod remote;
pub mod root;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

pub use error::ArchiveError;
pub use platform::{InvalidPlatform, Platform, Platforms};
pub use remote::{Fetch, Remote};

use crate::image::{ImageConfig, Unread, unread};
use crate::layer::{Analysers, Inspectors, LayerAnalysis};
use crate::meter::Meter;
use crate::{Digest, Limits};
use manifest::Plan;
use platform::choose;

/// Opens the bytes of an archive anew.
pub type Open<'a> = dyn Fn() -> io::Result<Box<dyn Read>> + Sync + 'a;

/// Where an archive comes from.
pub enum Source<'a> {
    /// A stream, such as an engine's export. It is opened a second time when a link names content that passed by.
    Stream(&'a Open<'a>),
    /// A tar file: plain, gzip or zstd.
    File(PathBuf),
    /// A folder with an OCI layout or an unpacked `docker save` archive.
    Folder(PathBuf),
    /// An image of a registry.
    Registry(Remote<'a>),
}

/// How an archive is read.
pub struct ReadOptions<'a> {
    /// What is accepted.
    pub limits: Limits,
    /// Which platforms of an image are read.
    pub platforms: Platforms,
    /// The analyses of a layer that the caller lacks. One that lacks none is skipped where the archive allows, and is never
    /// in the result; what else is read has its files and packages always.
    pub missing: &'a dyn Fn(&Digest) -> Analysers,
    /// What looks into the files of layers.
    pub inspectors: Inspectors<'a>,
    /// Told the bytes read so far, about once a megabyte. Those of a second reading count too.
    pub progress: &'a dyn Fn(u64),
    /// Asked about once a megabyte; `true` ends reading with [`ArchiveError::Cancelled`].
    pub cancelled: &'a dyn Fn() -> bool,
}

impl ReadOptions<'static> {
    /// Default limits, nothing known, no inspectors, no progress, never cancelled.
    pub fn new() -> Self {
        Self {
            limits: Limits::default(),
            platforms: Platforms::All,
            missing: &|_| Analysers::ALL,
            inspectors: Inspectors::default(),
            progress: &|_| (),
            cancelled: &|| false,
        }
    }
}

impl Default for ReadOptions<'static> {
    fn default() -> Self {
        Self::new()
    }
}

/// An image in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveImage {
    /// Digest of the configuration: the image's identity.
    pub id: Digest,
    /// The configuration, read.
    pub config: ImageConfig,
    /// The configuration, as it is in the archive.
    pub config_json: Vec<u8>,
    /// References that the archive gives to it.
    pub tags: Vec<String>,
    /// Digest of the manifest, where the archive has one.
    pub manifest_digest: Option<Digest>,
    /// Bytes of its layers: uncompressed where they were read, else as they lie in the archive.
    pub size: u64,
}

/// What was read from an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its images, in its order.
    pub images: Vec<ArchiveImage>,
    /// The layers of all images by diff ID, without those that the caller knows.
    pub layers: BTreeMap<Digest, LayerAnalysis>,
}

/// Reads all images of an archive and analyses their layers.
pub fn read(source: &Source<'_>, options: &ReadOptions<'_>) -> Result<Contents, ArchiveError> {
    let meter = Meter::new(options.progress, options.cancelled);
    let mut archive = Archive::open(source, &options.limits, &meter)?;
    match &mut archive {
        Archive::Random(archive) => {
            let plans = choose(archive.plans(&options.platforms)?, &options.platforms)?;
            let mut layers = archive.layers(&plans, options)?;
            let wanted = wanted(&plans, &layers);
            archive.read_again(&plans, &wanted, &mut layers)?;
            Ok(contents(plans, layers))
        }
        Archive::Stream(archive) => {
            let mut passed = archive.pass(Some(options))?;
            let plans = choose(passed.plans(&options.limits, &options.platforms)?, &options.platforms)?;
            let mut layers = passed.take_layers(&plans, options.missing)?;
            let wanted = wanted(&plans, &layers);
            archive.read_again(&passed, &plans, &wanted, &mut layers)?;
            Ok(contents(plans, layers))
        }
    }
}

/// Lists the images of an archive without analysing their layers. Cheap for a plain tar file and a folder; a
/// compressed file or a stream is read from end to end.
pub fn index(
    source: &Source<'_>,
    limits: &Limits,
    platforms: &Platforms,
) -> Result<Vec<ArchiveImage>, ArchiveError> {
    let meter = Meter::new(&|_| (), &|| false);
    let plans = match Archive::open(source, limits, &meter)? {
        Archive::Random(archive) => archive.plans(platforms)?,
        Archive::Stream(archive) => archive.pass(None)?.plans(limits, platforms)?,
    };
    Ok(choose(plans, platforms)?.into_iter().map(|plan| plan.image).collect())
}

/// An archive that can be sought in, or one that can only be read from the start.
enum Archive<'a> {
    Random(random::RandomArchive<'a>),
    Stream(stream::StreamArchive<'a>),
}

impl<'a> Archive<'a> {
    fn open(source: &'a Source<'a>, limits: &'a Limits, meter: &'a Meter<'a>) -> Result<Self, ArchiveError> {
        match source {
            Source::Stream(open) => Ok(Self::Stream(stream::StreamArchive::of_stream(*open, limits, meter))),
            Source::Folder(folder) => {
                Ok(Self::Random(random::RandomArchive::of_folder(folder, limits, meter)?))
            }
            Source::Registry(remote) => {
                Ok(Self::Random(random::RandomArchive::of_registry(remote, limits, meter)))
            }
            Source::File(path) => match random::RandomArchive::of_file(path, limits, meter)? {
                Some(archive) => Ok(Self::Random(archive)),
                None => Ok(Self::Stream(stream::StreamArchive::of_file(path, limits, meter))),
            },
        }
    }
}

/// Content that links name and no pass has read, by diff ID.
fn wanted(plans: &[Plan], layers: &BTreeMap<Digest, LayerAnalysis>) -> BTreeMap<Digest, Vec<Unread>> {
    let mut wanted: BTreeMap<Digest, Vec<Unread>> = BTreeMap::new();
    for plan in plans {
        let view: Vec<_> = plan.layers.iter().map(|layer| layers.get(&layer.diff_id)).collect();
        for unread in unread(&view) {
            let files = wanted.entry(plan.layers[unread.layer].diff_id).or_default();
            if !files.iter().any(|known| known.path == unread.path) {
                files.push(unread);
            }
        }
    }
    wanted
}

fn contents(plans: Vec<Plan>, layers: BTreeMap<Digest, LayerAnalysis>) -> Contents {
    let images = plans
        .into_iter()
        .map(|plan| {
            let mut image = plan.image;
            image.size = plan
                .layers
                .iter()
                .map(|layer| layers.get(&layer.diff_id).map_or(layer.size, |analysis| analysis.size))
                .sum();
            image
        })
        .collect();
    Contents { images, layers }
}
