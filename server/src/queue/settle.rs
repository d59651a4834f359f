//! What the runner stores when a handler returns.

use std::time::Duration;

use super::runner::{Abandoned, Ended, Failure, Handler, Stop};
use super::{Lease, QueueError, Retried, give_back, retry};
use crate::store::Store;

/// How often the end is tried to be stored; after that the lease runs out and the reaper ends it.
const TRIES: u32 = 5;
/// The longest pause between two attempts.
const MAX_RETRY: Duration = Duration::from_mins(10);

/// Stores how an attempt ended, unless the handler has done so.
pub(super) async fn settle<H: Handler>(
    store: &Store,
    handler: &H,
    lease: &Lease,
    stop: Option<Stop>,
    ended: Result<Ended, Failure>,
    pause: Duration,
) {
    let failure = match (ended, stop) {
        (Ok(Ended::Finished), _) | (_, Some(Stop::Lost)) => return,
        // Given back it would be claimed, and cancelled, once more.
        (Ok(Ended::GiveBack), Some(Stop::Cancelled)) => Some("it was cancelled".to_owned()),
        // Whatever failed while the program ended deserves another attempt.
        (Ok(Ended::GiveBack), _) | (Err(_), Some(Stop::ShuttingDown)) => None,
        (Err(failure), _) => Some(failure.to_string()),
    };
    for attempt in 1..=TRIES {
        let stored = match &failure {
            None => store_back(store, lease).await,
            Some(reason) => store_failure(store, handler, lease, reason, pause).await,
        };
        match stored {
            Ok(()) => return,
            Err(error @ QueueError::LeaseLost { .. }) => {
                tracing::info!(%error, "work ended after its lease");
                return;
            }
            Err(error) => {
                tracing::warn!(kind = lease.kind, key = lease.key, %error, "cannot store how work ended");
                tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
            }
        }
    }
}

async fn store_back(store: &Store, lease: &Lease) -> Result<(), QueueError> {
    let tx = store.begin_write().await?;
    give_back(&tx, lease).await?;
    Ok(tx.commit().await?)
}

async fn store_failure<H: Handler>(
    store: &Store,
    handler: &H,
    lease: &Lease,
    reason: &str,
    pause: Duration,
) -> Result<(), QueueError> {
    let exponent = u32::try_from(lease.attempt - 1).unwrap_or(0).min(8);
    let pause = pause.saturating_mul(4_u32.pow(exponent)).min(MAX_RETRY);
    let tx = store.begin_write().await?;
    let why = match retry(&tx, lease, reason, store.clock().now().plus(pause)).await? {
        Retried::Queued => None,
        Retried::Cancelled => Some(Abandoned::Cancelled),
        Retried::GaveUp => Some(Abandoned::Failed(reason.to_owned())),
    };
    if let Some(why) = &why {
        handler.abandoned(&tx, &lease.key, why).await?;
    } else {
        tracing::info!(kind = lease.kind, key = lease.key, reason, "work failed and will be tried again");
    }
    Ok(tx.commit().await?)
}
