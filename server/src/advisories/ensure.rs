//! When sets are fetched: at first need, when due, and when asked.

use std::collections::BTreeSet;
use std::time::Duration;

use lazaret_entities::{Timestamp, advisory_set};
use lazaret_scanner::ecosystem::{base, is_known};

use super::error::AdvisoryError;
use super::feed::{Feed, REMEMBERED};
use super::import::{Imported, ProgressSink};
use super::rematch::{Rematched, images_with, rematch_ecosystem};
use super::set;
use crate::store::Store;

/// What fetching sets did.
#[derive(Debug, Default)]
pub struct Fetches {
    /// Sets that were loaded or renewed.
    pub loaded: Vec<Refreshed>,
    /// Sets that the source has nothing newer for, by base name.
    pub unchanged: Vec<String>,
    /// Sets that could not be fetched: base name and reason.
    pub failed: Vec<(String, String)>,
    /// Sets that were left alone because they were imported by hand, by base name.
    pub kept: Vec<String>,
}

/// A set that was loaded, and what followed from it.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// What was imported.
    pub imported: Imported,
    /// What the stored packages were found to have.
    pub rematched: Rematched,
    /// The images that have packages of the ecosystem: their counts and status are to be computed again.
    pub images: Vec<i64>,
}

/// Fetches the sets of `ecosystems` (with or without release) that were never loaded.
///
/// What cannot be fetched is no error: matching then says that nothing was assessed. After one failure of the network
/// this process tries no more, and for an hour no other does.
pub async fn ensure(
    store: &Store,
    feed: &Feed,
    ecosystems: &[String],
    progress: &ProgressSink,
) -> Result<Fetches, AdvisoryError> {
    let mut fetches = Fetches::default();
    let bases: BTreeSet<&str> =
        ecosystems.iter().filter(|name| is_known(name)).map(|name| base(name)).collect();
    for ecosystem in bases {
        if set::find(store.read(), ecosystem).await?.as_ref().is_some_and(set::is_loaded) {
            continue;
        }
        let _turn = feed.turn().await;
        let now = store.clock().now();
        // Read again: whoever had the turn before may have loaded it.
        let sets = set::status(store.read()).await?;
        let own = sets.iter().find(|set| set.ecosystem == ecosystem);
        if own.is_some_and(set::is_loaded) || !feed.is_reachable(now) {
            continue;
        }
        if let Some(set) = sets.iter().find(|set| forbids_a_try(set, ecosystem, &feed.address(), now)) {
            tracing::info!(
                ecosystem,
                reason = set.last_error,
                "the advisories were not fetched: the last try failed less than an hour ago"
            );
            fetches.failed.push((ecosystem.to_owned(), set.last_error.clone()));
            continue;
        }
        fetch(store, feed, ecosystem, "", progress, &mut fetches).await?;
    }
    Ok(fetches)
}

/// Fetches again every set that came from the source and was last asked for longer ago than the configured time.
/// Sets that were imported by hand are left alone.
pub async fn renew_due(
    store: &Store,
    feed: &Feed,
    progress: &ProgressSink,
) -> Result<Fetches, AdvisoryError> {
    let mut fetches = Fetches::default();
    let wait = Duration::from_hours(feed.renew_hours().min(LONGEST_WAIT_HOURS));
    for set in set::status(store.read()).await? {
        let failed = !set.last_error.is_empty();
        let asked = set.last_tried_at.max(set.fetched_at);
        let due = asked.plus(if failed { REMEMBERED } else { wait }) <= store.clock().now();
        if !set::is_loaded(&set) || set.source == set::IMPORTED || !due {
            continue;
        }
        let _turn = feed.turn().await;
        let etag = known_etag(&set, feed);
        if !fetch(store, feed, &set.ecosystem, etag, progress, &mut fetches).await? {
            break;
        }
    }
    Ok(fetches)
}

/// Fetches the named sets, or with no name every loaded one, due or not. A set that was imported by hand is replaced
/// only when it is named.
pub async fn update(
    store: &Store,
    feed: &Feed,
    ecosystems: &[String],
    progress: &ProgressSink,
) -> Result<Fetches, AdvisoryError> {
    let mut fetches = Fetches::default();
    let sets = set::status(store.read()).await?;
    let mut wanted: BTreeSet<String> = ecosystems.iter().map(|name| base(name).to_owned()).collect();
    if ecosystems.is_empty() {
        for set in &sets {
            if set::is_loaded(set) && set.source == set::IMPORTED {
                fetches.kept.push(set.ecosystem.clone());
            } else {
                wanted.insert(set.ecosystem.clone());
            }
        }
    }
    for ecosystem in wanted {
        let _turn = feed.turn().await;
        let known = sets.iter().find(|set| set.ecosystem == ecosystem);
        let etag = known.map_or("", |set| known_etag(set, feed));
        if !fetch(store, feed, &ecosystem, etag, progress, &mut fetches).await? {
            break;
        }
    }
    Ok(fetches)
}

/// After a set changed: matches its packages again and tells which images are concerned.
pub async fn follow_up(store: &Store, imported: Imported) -> Result<Refreshed, AdvisoryError> {
    let rematched = rematch_ecosystem(store, &imported.ecosystem).await?;
    let images = images_with(store.read(), &imported.ecosystem).await?;
    Ok(Refreshed { imported, rematched, images })
}

/// An entity tag means something only to the source that gave it.
fn known_etag<'a>(set: &'a advisory_set::Model, feed: &Feed) -> &'a str {
    if set.source == feed.address() { &set.etag } else { "" }
}

/// A recent failure of this set, or of any other for a reason that would stop this one as well.
fn forbids_a_try(set: &advisory_set::Model, ecosystem: &str, source: &str, now: Timestamp) -> bool {
    let recent = !set.last_error.is_empty() && now.since(set.last_tried_at) < REMEMBERED;
    recent && set.source == source && (set.ecosystem == ecosystem || set.last_error.starts_with(NETWORK))
}

/// A year: whoever writes more means never, and a larger number would overflow.
const LONGEST_WAIT_HOURS: u64 = 366 * 24;

/// How a remembered failure begins that concerns every set.
const NETWORK: &str = "the source cannot be reached: ";

/// Fetches one set and notes the outcome; `false` when the network failed, so that trying others makes no sense.
async fn fetch(
    store: &Store,
    feed: &Feed,
    ecosystem: &str,
    etag: &str,
    progress: &ProgressSink,
    fetches: &mut Fetches,
) -> Result<bool, AdvisoryError> {
    let (error, reason) = match feed.fetch(store, ecosystem, etag, progress).await {
        Ok(Some(imported)) => {
            fetches.loaded.push(follow_up(store, imported).await?);
            return Ok(true);
        }
        Ok(None) => {
            fetches.unchanged.push(ecosystem.to_owned());
            (String::new(), String::new())
        }
        Err(error @ (AdvisoryError::Store(_) | AdvisoryError::Database(_))) => return Err(error),
        Err(AdvisoryError::Egress(error)) if error.is_by_configuration() => {
            // Nothing was tried, so nothing is remembered: once the configuration is right, the next try is made.
            feed.give_up(store.clock().now());
            fetches.failed.push((ecosystem.to_owned(), error.to_string()));
            return Ok(false);
        }
        Err(AdvisoryError::Egress(error)) if error.concerns_every_call() => {
            feed.give_up(store.clock().now());
            (format!("{NETWORK}{error}"), error.to_string())
        }
        Err(error) => (error.to_string(), error.to_string()),
    };
    if !reason.is_empty() {
        tracing::info!(ecosystem, reason, "the advisories were not fetched");
        fetches.failed.push((ecosystem.to_owned(), reason));
    }
    let network_failed = error.starts_with(NETWORK);
    let (ecosystem, source, now) = (ecosystem.to_owned(), feed.address(), store.clock().now());
    store
        .write_tx(move |tx| {
            Box::pin(async move {
                set::note_try(tx, &ecosystem, &source, &error, now).await.map_err(AdvisoryError::from)
            })
        })
        .await?;
    Ok(!network_failed)
}
