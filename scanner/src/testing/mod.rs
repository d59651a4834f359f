//! Builders of layers and images, ordinary and hostile: what tests and the demo scan.
//!
//! All of them are deterministic: times and owners are zero and entries come in the order they were added, so the same
//! calls give the same digests everywhere. They write what they are told, also what no honest tool would write.

mod docker;
mod image;
mod layer;
mod oci;
mod tar;

pub use docker::{DockerArchive, DockerFormat};
pub use image::ImageBuilder;
pub use layer::LayerBuilder;
pub use oci::OciLayout;
pub use tar::TarBuilder;

use std::io::Read as _;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    #[default]
    Plain,
    /// gzip, one member.
    Gzip,
    /// gzip, a new member each 4 KiB, as pigz and eStargz write.
    GzipMembers,
    /// Zstandard, one frame.
    Zstd,
    /// Zstandard, a skippable frame and then a new frame each 4 KiB, as zstd:chunked writes.
    ZstdFrames,
}

impl Compression {
    /// `bytes`, packed.
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gzip => gzip(bytes),
            Self::GzipMembers => bytes.chunks(4096).flat_map(gzip).collect(),
            Self::Zstd => zstd_frame(bytes),
            Self::ZstdFrames => {
                // A skippable frame (RFC 8878, 3.1.2): magic, length, that many bytes of anything.
                let mut packed = vec![0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
                packed.extend(bytes.chunks(4096).flat_map(zstd_frame));
                packed
            }
        }
    }

    /// The OCI media type of a layer packed so.
    pub(crate) fn layer_media_type(self) -> &'static str {
        match self {
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip | Self::GzipMembers => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd | Self::ZstdFrames => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::default())
        .read_to_end(&mut packed)
        .expect("memory can be read and written");
    packed
}

fn zstd_frame(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory can be read and written")
}
