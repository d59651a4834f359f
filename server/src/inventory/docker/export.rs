//! Whole images and containers as tar streams. Nothing is kept of them here.

use std::io;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::io::AsyncRead;
use tokio_util::bytes::Bytes;
use tokio_util::io::StreamReader;

use super::{Engine, reason};

/// Before the first byte of an export the engine copies the whole image to its own disk.
const START_TIMEOUT: Duration = Duration::from_mins(30);
/// An export that gives no byte for so long has died.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

impl Engine {
    /// The image as the tar stream of `GET /images/{id}/get`.
    pub fn export(&self, image: &str) -> impl AsyncRead + Send + Unpin + use<> {
        guarded(self.docker.clone().with_timeout(START_TIMEOUT).export_image(image))
    }

    /// The file system of a container, running or not, as the tar stream of `GET /containers/{id}/export`.
    pub fn export_container(&self, container: &str) -> impl AsyncRead + Send + Unpin + use<> {
        guarded(self.docker.clone().with_timeout(START_TIMEOUT).export_container(container))
    }
}

/// The chunks as one stream, which ends with an error when the engine stays silent.
fn guarded(
    chunks: impl Stream<Item = Result<Bytes, bollard::errors::Error>> + Send + 'static,
) -> impl AsyncRead + Send + Unpin {
    let chunks = Box::pin(chunks);
    let guarded = futures_util::stream::unfold((chunks, true), |(mut chunks, first)| async move {
        let patience = if first { START_TIMEOUT } else { IDLE_TIMEOUT };
        let item = match tokio::time::timeout(patience, chunks.next()).await {
            Ok(item) => item?.map_err(|error| io::Error::other(reason(&error))),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the engine sent nothing for {} s", patience.as_secs()),
            )),
        };
        Some((item, (chunks, false)))
    });
    StreamReader::new(Box::pin(guarded))
}
