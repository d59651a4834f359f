//! Streams that arrive asynchronously, read by the scanner, which blocks.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::Handle;
use tokio_util::io::SyncIoBridge;
use tokio_util::sync::CancellationToken;

/// A reader for a blocking thread. A read that waits for bytes ends as soon as `cancelled` fires: whoever sends them
/// may be silent for minutes.
pub(crate) fn blocking_reader(
    stream: impl AsyncRead + Send + Unpin + 'static,
    handle: &Handle,
    cancelled: &CancellationToken,
) -> Box<dyn Read> {
    let stream = Cancellable { inner: stream, stopped: Box::pin(cancelled.clone().cancelled_owned()) };
    Box::new(SyncIoBridge::new_with_handle(stream, handle.clone()))
}

struct Cancellable<R> {
    inner: R,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Cancellable<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::other("the scan was cancelled")));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}
