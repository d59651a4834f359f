//! Keeping the store's picture of a host true: list at start, follow what happens, list again at an interval in case an
//! event was missed, and say when the host is gone.

use std::collections::HashSet;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use lazaret_entities::host::HostKind;
use lazaret_scanner::Limits;
use sea_orm::DbErr;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::archives::{ArchiveFolder, FolderError};
use super::docker::{Engine, EngineError};
use super::hosts;
use super::reconcile::{self, Applied};
use super::snapshot::HostSnapshot;
use crate::store::{Store, StoreError};

/// An engine tells of one `docker run` by half a dozen events: they are answered by one list.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// An engine that is never quiet is listed all the same.
const DEBOUNCE_AT_MOST: Duration = Duration::from_secs(2);
/// The first wait after an engine went away; it doubles up to [`BACK_OFF_AT_MOST`].
const BACK_OFF: Duration = Duration::from_secs(1);
/// The longest wait between two tries to reach an engine.
const BACK_OFF_AT_MOST: Duration = Duration::from_mins(1);
/// How often a folder of archives is looked at.
const FOLDER_INTERVAL: Duration = Duration::from_secs(2);

/// Why a host could not be synchronised.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder of archives.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database.
    #[error("the inventory could not be stored: {0}")]
    Database(#[from] DbErr),
    /// The thread that read the folder died.
    #[error("reading the archive folder failed inside Lazaret ({0}); the log has more")]
    Internal(String),
}

/// What following needs.
#[derive(Debug, Clone)]
pub struct FollowContext {
    /// Where the inventory is kept.
    pub store: Store,
    /// Bounds on reading archives.
    pub limits: Limits,
    /// How often an engine is listed although nothing was heard of.
    pub reconcile_interval: Duration,
    /// Ends the following.
    pub cancelled: CancellationToken,
}

/// What one list found and changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// The engine's product and version, empty for archives.
    pub engine: String,
    /// Images on the host.
    pub images: usize,
    /// Containers on the host.
    pub containers: usize,
    /// What of the host could not be read, empty when all was.
    pub error: String,
    /// What the store did not have.
    pub applied: Applied,
}

/// Lists the engine at `endpoint` once and stores what it has. An engine that does not answer is stored as OFFLINE.
///
/// # Errors
/// When the engine does not answer or the store refuses.
pub async fn sync_engine(context: &FollowContext, endpoint: &str) -> Result<Synced, FollowError> {
    let listed = match Engine::connect(endpoint).await {
        Ok(engine) => list(context, &engine, &HashSet::new()).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = &listed {
        mark_offline(context, endpoint, HostKind::Engine, error).await?;
    }
    listed
}

/// Reads the folder of archives once and stores what it has.
///
/// # Errors
/// When the folder cannot be read or the store refuses.
pub async fn sync_archives(context: &FollowContext, folder: &Path) -> Result<Synced, FollowError> {
    let mut folder = ArchiveFolder::new(folder, context.limits.clone());
    let endpoint = folder.endpoint();
    let read = tokio::task::spawn_blocking(move || folder.snapshot())
        .await
        .map_err(|error| FollowError::Internal(error.to_string()))?;
    let listed = match read {
        Ok(snapshot) => store(context, snapshot).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = &listed {
        mark_offline(context, &endpoint, HostKind::Archives, error).await?;
    }
    listed
}

/// Follows the engine at `endpoint` until it is cancelled. It outlives every error of engine and store.
pub async fn follow_engine(context: FollowContext, endpoint: String) {
    let cancelled = context.cancelled.clone();
    let mut back_off = BACK_OFF;
    let forever = async {
        loop {
            let lasted = Instant::now();
            let error = match follow_while_online(&context, &endpoint).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            if lasted.elapsed() > BACK_OFF_AT_MOST {
                back_off = BACK_OFF;
            }
            tracing::warn!(%endpoint, %error, again_in = ?back_off, "engine lost");
            if let Err(error) = mark_offline(&context, &endpoint, HostKind::Engine, &error).await {
                tracing::error!(%endpoint, %error, "could not store that the engine is offline");
            }
            sleep(back_off).await;
            back_off = (back_off * 2).min(BACK_OFF_AT_MOST);
        }
    };
    tokio::select! {
        () = cancelled.cancelled() => {}
        () = forever => {}
    }
}

/// One connection's life. Returns when the event stream ended in good order.
async fn follow_while_online(context: &FollowContext, endpoint: &str) -> Result<(), FollowError> {
    let engine = Engine::connect(endpoint).await?;
    // The events are asked for from before the list on, so that nothing falls between the two.
    let mut events = pin!(engine.events(engine.now().await?));
    let synced = list(context, &engine, &HashSet::new()).await?;
    tracing::info!(%endpoint, images = synced.images, containers = synced.containers, "following engine");
    loop {
        let mut changed = HashSet::new();
        match timeout(context.reconcile_interval, events.next()).await {
            Err(_) => {}
            Ok(None) => {
                sleep(BACK_OFF).await;
                return Ok(());
            }
            Ok(Some(event)) => {
                changed.extend(event?.actor.and_then(|actor| actor.id));
                let at_most = Instant::now() + DEBOUNCE_AT_MOST;
                while let Ok(Some(event)) =
                    timeout_at(at_most.min(Instant::now() + DEBOUNCE), events.next()).await
                {
                    changed.extend(event?.actor.and_then(|actor| actor.id));
                }
            }
        }
        list(context, &engine, &changed).await?;
    }
}

/// Looks at a folder of archives again and again until it is cancelled.
pub async fn follow_archives(context: FollowContext, folder: impl AsRef<Path>) {
    let mut folder = Some(ArchiveFolder::new(folder.as_ref(), context.limits.clone()));
    let mut before: Option<Result<HostSnapshot, String>> = None;
    while let Some(mut current) = folder.take() {
        let endpoint = current.endpoint();
        let read = tokio::task::spawn_blocking(move || {
            let snapshot = current.snapshot();
            (current, snapshot)
        });
        let (current, snapshot) = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%endpoint, %error, "the archive folder is followed no more");
                return;
            }
        };
        folder = Some(current);
        let now = snapshot.as_ref().map(Clone::clone).map_err(ToString::to_string);
        if before.as_ref() != Some(&now) {
            let stored = match snapshot {
                Ok(snapshot) => store(&context, snapshot).await.map(drop),
                Err(error) => mark_offline(&context, &endpoint, HostKind::Archives, &error.into()).await,
            };
            match stored {
                Ok(()) => before = Some(now),
                Err(error) => tracing::error!(%endpoint, %error, "the archive folder could not be stored"),
            }
        }
        tokio::select! {
            () = context.cancelled.cancelled() => return,
            () = sleep(FOLDER_INTERVAL) => {}
        }
    }
}

async fn list(
    context: &FollowContext,
    engine: &Engine,
    changed: &HashSet<String>,
) -> Result<Synced, FollowError> {
    let known = reconcile::known(context.store.read(), engine.endpoint()).await?;
    let snapshot = engine.snapshot(&known, changed).await?;
    let mut synced = store(context, snapshot).await?;
    synced.engine = engine.description();
    Ok(synced)
}

async fn store(context: &FollowContext, snapshot: HostSnapshot) -> Result<Synced, FollowError> {
    let tx = context.store.begin_write().await?;
    let applied = reconcile::apply(&*tx, &snapshot, context.store.clock().now()).await?;
    tx.commit().await?;
    Ok(Synced {
        engine: String::new(),
        images: snapshot.images.len(),
        containers: snapshot.containers.len(),
        error: snapshot.error,
        applied,
    })
}

async fn mark_offline(
    context: &FollowContext,
    endpoint: &str,
    kind: HostKind,
    error: &FollowError,
) -> Result<(), FollowError> {
    let tx = context.store.begin_write().await?;
    hosts::offline(&*tx, endpoint, kind, &error.to_string(), context.store.clock().now()).await?;
    tx.commit().await?;
    Ok(())
}
