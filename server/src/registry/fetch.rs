//! Manifests and blobs of one image, for the scanner, which blocks.

use std::io::{self, Read};

use lazaret_scanner::Digest;
use lazaret_scanner::archive::Fetch;
use oci_client::client::Client;
use oci_client::errors::OciDistributionError;
use tokio::io::AsyncRead;
use tokio::runtime::Handle;
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;

use super::error::is_missing;
use super::{MANIFESTS, RemoteImage};
use crate::scan::bridge::blocking_reader;

/// Fetches what an image is made of. To be used on a thread that may block.
pub struct Fetcher<'a> {
    image: &'a RemoteImage,
    handle: Handle,
    cancelled: CancellationToken,
}

impl<'a> Fetcher<'a> {
    /// Fetches over the runtime of `handle`; a fetch that waits ends when `cancelled` fires.
    pub fn new(image: &'a RemoteImage, handle: Handle, cancelled: CancellationToken) -> Self {
        Self { image, handle, cancelled }
    }

    fn wait<T>(&self, fetch: impl Future<Output = Result<T, OciDistributionError>>) -> io::Result<T> {
        self.handle.block_on(async {
            tokio::select! {
                fetched = fetch => fetched.map_err(|error| io_error(&error)),
                () = self.cancelled.cancelled() => Err(io::Error::other("the scan was cancelled")),
            }
        })
    }
}

impl Fetch for Fetcher<'_> {
    fn manifest(&self, digest: &Digest) -> io::Result<Vec<u8>> {
        let image = self.image;
        if *digest == image.manifest {
            return Ok(image.bytes.clone());
        }
        let reference = image.reference.clone_with_digest(digest.to_string());
        let fetched = self.wait(image.client.pull_manifest_raw(&reference, &image.auth, &MANIFESTS));
        Ok(fetched?.0.to_vec())
    }

    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read>> {
        let stream = self.wait(open(&self.image.client, self.image, digest))?;
        Ok(blocking_reader(stream, &self.handle, &self.cancelled))
    }
}

/// The bytes of a blob. Addresses elsewhere, which a manifest may give, are not called.
async fn open(
    client: &Client,
    image: &RemoteImage,
    digest: &Digest,
) -> Result<impl AsyncRead + Send + Unpin + use<>, OciDistributionError> {
    let stream = client.pull_blob_stream(&image.reference, digest.to_string().as_str()).await?;
    Ok(StreamReader::new(stream.stream))
}

fn io_error(error: &OciDistributionError) -> io::Error {
    let kind = if is_missing(error) { io::ErrorKind::NotFound } else { io::ErrorKind::Other };
    io::Error::new(kind, super::error::reason(error))
}
