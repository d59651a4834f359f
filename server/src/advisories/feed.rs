//! The configured source of advisories, and what this process learned about reaching it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lazaret_entities::Timestamp;
use tokio::sync::Mutex;

use super::config::AdvisoriesConfig;
use super::error::AdvisoryError;
use super::import::{Imported, Progress, ProgressSink, SetOrigin, import_files, import_zip};
use super::source::{Files, Source};
use crate::egress::{Egress, Fetch, Fetched};
use crate::store::Store;

/// Bytes of a zip that are downloaded at most; the largest public one has some hundred million.
const ZIP_BYTES: u64 = 4 << 30;
/// Mirrors and buckets redirect to where the bytes are, rarely twice.
const REDIRECTS: usize = 3;

/// How long a failure is remembered, so that scans on a machine without a network do not each wait for it.
pub(super) const REMEMBERED: Duration = Duration::from_hours(1);

/// Where advisories come from. One per process: clones share what was learned.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    renew_hours: u64,
    egress: Egress,
    scratch: PathBuf,
    /// When the network failed last, in microseconds; 0 when it did not.
    gave_up_at: AtomicI64,
    /// One fetch at a time: two scans that need Debian fetch it once.
    turn: Mutex<()>,
}

impl Feed {
    /// The configured source. `scratch` is a folder in which a download is kept while it is imported (the data
    /// folder).
    pub fn new(config: &AdvisoriesConfig, egress: Egress, scratch: PathBuf) -> Result<Self, AdvisoryError> {
        let inner = Inner {
            source: Source::parse(&config.source)?,
            renew_hours: config.renew_hours,
            egress,
            scratch,
            gave_up_at: AtomicI64::new(0),
            turn: Mutex::new(()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The source's address, as it is stored with each set.
    pub fn address(&self) -> String {
        self.inner.source.to_string()
    }

    /// Hours after which a set is due to be fetched again.
    pub(super) fn renew_hours(&self) -> u64 {
        self.inner.renew_hours
    }

    /// Whether fetching makes sense: the source is a folder, or the network is allowed and has not failed this process
    /// within the last hour. A command ends long before; a server tries again.
    pub fn is_reachable(&self, now: Timestamp) -> bool {
        let by_network = matches!(self.inner.source, Source::Web(_));
        let gave_up_at = Timestamp::from_micros(self.inner.gave_up_at.load(Ordering::Relaxed));
        let failed = !gave_up_at.is_zero() && now.since(gave_up_at) < REMEMBERED;
        !by_network || !(self.inner.egress.is_offline() || failed)
    }

    /// Ends the tries of this process.
    pub(super) fn give_up(&self, now: Timestamp) {
        self.inner.gave_up_at.store(now.as_micros(), Ordering::Relaxed);
    }

    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.turn.lock().await
    }

    /// Fetches and imports the set of an ecosystem (a base name); none when `etag` still holds.
    pub(super) async fn fetch(
        &self,
        store: &Store,
        ecosystem: &str,
        etag: &str,
        progress: &ProgressSink,
    ) -> Result<Option<Imported>, AdvisoryError> {
        let origin = |etag: &str| SetOrigin {
            ecosystem: ecosystem.to_owned(),
            source: self.address(),
            etag: etag.to_owned(),
        };
        let base = match &self.inner.source {
            Source::Files(root) => {
                let files = Files::find(root, ecosystem)?;
                let tag = files.tag();
                if !tag.is_empty() && tag == etag {
                    return Ok(None);
                }
                return import_files(store, origin(&tag), files, Arc::clone(progress)).await.map(Some);
            }
            Source::Web(base) => base,
        };
        let url = Source::zip_url(base, ecosystem)?;
        let fetched = self.inner.egress.get(url.as_str(), Fetch { etag, redirects: REDIRECTS }).await?;
        let Fetched::Body(body) = fetched else { return Ok(None) };
        let origin = origin(body.etag());
        // Without a name in the folder: nothing is left behind, however this ends.
        let mut file = tempfile::tempfile_in(&self.inner.scratch)
            .map_err(|source| AdvisoryError::Io { path: self.inner.scratch.clone(), source })?;
        let total = body.length();
        let told = |bytes| progress(Progress::Downloaded { ecosystem: ecosystem.to_owned(), bytes, total });
        body.save(&mut file, ZIP_BYTES, &told).await?;
        import_zip(store, origin, file, Arc::clone(progress)).await.map(Some)
    }
}
