//! Ordering scans and cancelling them.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use lazaret_entities::{Categories, Category, scan_job::Trigger};

use super::{ScanJob, ScanScope, find};
use crate::{
    auth::Role,
    graphql::{
        context::{requester_with, services},
        error::ApiError,
        image::FindingCategory,
        node::{Kind, MAX_IDS, encode, key_of},
    },
    scan::order::{OrderError, Scope, cancel_scan, start_scan},
};

/// What goes wrong when a scan is ordered. More codes may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartScanErrorCode {
    /// An id names no image.
    NotFound,
    /// An image is not authorized.
    ImageNotAuthorized,
    /// No image is concerned.
    NothingToScan,
    /// The input is not acceptable.
    Invalid,
}

user_error!(StartScanError, StartScanErrorCode, "Why a scan was not ordered. Nothing was changed then.");

/// What to scan.
#[derive(InputObject, Clone, Debug)]
pub struct StartScanInput {
    /// Every authorized image, or the named ones.
    #[graphql(default_with = "ScanScope::All")]
    scope: ScanScope,
    /// Global ids of images, 1 to 100; only with the scope SELECTED.
    image_ids: Option<Vec<ID>>,
    /// What to look for; everything when absent. The other categories keep what earlier scans found.
    categories: Option<Vec<FindingCategory>>,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// The order that was made.
#[derive(SimpleObject, Clone, Debug)]
pub struct StartScanPayload {
    /// The job; null when none was made.
    scan_job: Option<ScanJob>,
    /// Why none was made; empty when one was.
    user_errors: Vec<StartScanError>,
    /// What the input had.
    client_mutation_id: Option<String>,
}

/// What goes wrong when a scan is cancelled. More codes may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelScanErrorCode {
    /// The id names no scan job.
    NotFound,
    /// The job has ended already.
    Conflict,
}

user_error!(CancelScanError, CancelScanErrorCode, "Why a scan was not cancelled. Nothing was changed then.");

/// What to cancel.
#[derive(InputObject, Clone, Debug)]
pub struct CancelScanInput {
    /// The global id of the scan job.
    scan_job_id: ID,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// What became of the job.
#[derive(SimpleObject, Clone, Debug)]
pub struct CancelScanPayload {
    /// The job; null when there is none.
    scan_job: Option<ScanJob>,
    /// Why it was not cancelled; empty when it was.
    user_errors: Vec<CancelScanError>,
    /// What the input had.
    client_mutation_id: Option<String>,
}

/// Changes of scan jobs.
#[derive(Default)]
pub struct ScanJobMutation;

#[Object]
impl ScanJobMutation {
    /// Orders a scan and answers at once; the job tells how it goes. An image that is queued or scanned already
    /// is not scanned twice. Needs the role OPERATOR.
    async fn start_scan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to scan.")] input: StartScanInput,
    ) -> Result<StartScanPayload, ApiError> {
        let requester = requester_with(ctx, Role::Operator)?.clone();
        let services = services(ctx)?;
        let mut payload = StartScanPayload {
            scan_job: None,
            user_errors: Vec::new(),
            client_mutation_id: input.client_mutation_id,
        };
        let ids = input.image_ids.unwrap_or_default();
        let scope = match scope_of(input.scope, &ids) {
            Ok(scope) => scope,
            Err(errors) => {
                payload.user_errors = errors;
                return Ok(payload);
            }
        };
        let categories = match input.categories {
            None => Categories::ALL,
            Some(named) => named.into_iter().map(Category::from).collect(),
        };
        if categories.is_empty() {
            let message = "give at least one category, or leave them out to look for everything";
            payload.user_errors =
                vec![StartScanError::new(StartScanErrorCode::Invalid, &["categories"], message)];
            return Ok(payload);
        }
        let now = services.store.clock().now();
        let outcome = services
            .store
            .write_tx(move |tx| {
                Box::pin(
                    async move { start_scan(tx, &requester, &scope, categories, Trigger::Manual, now).await },
                )
            })
            .await;
        match outcome {
            Ok(job) => payload.scan_job = find(ctx, job).await?,
            Err(error) => payload.user_errors = start_errors(error, &ids)?,
        }
        Ok(payload)
    }

    /// Cancels a scan job. An image that another job wants too is scanned nevertheless. Needs the role OPERATOR.
    async fn cancel_scan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to cancel.")] input: CancelScanInput,
    ) -> Result<CancelScanPayload, ApiError> {
        let requester = requester_with(ctx, Role::Operator)?.clone();
        let services = services(ctx)?;
        let mut payload = CancelScanPayload {
            scan_job: None,
            user_errors: Vec::new(),
            client_mutation_id: input.client_mutation_id,
        };
        let error = |code, message: String| CancelScanError::new(code, &["scanJobId"], message);
        let Some(job) = key_of(Kind::ScanJob, &input.scan_job_id) else {
            payload
                .user_errors
                .push(error(CancelScanErrorCode::NotFound, OrderError::JobNotFound(0).to_string()));
            return Ok(payload);
        };
        let now = services.store.clock().now();
        let outcome = services
            .store
            .write_tx(move |tx| Box::pin(async move { cancel_scan(tx, &requester, job, now).await }))
            .await;
        match outcome {
            Ok(()) => {}
            Err(cause @ OrderError::JobNotFound(_)) => {
                payload.user_errors.push(error(CancelScanErrorCode::NotFound, cause.to_string()));
            }
            Err(cause @ OrderError::JobFinished(_)) => {
                payload.user_errors.push(error(CancelScanErrorCode::Conflict, cause.to_string()));
            }
            Err(cause) => return Err(ApiError::internal(cause)),
        }
        payload.scan_job = find(ctx, job).await?;
        Ok(payload)
    }
}

/// The scope that an input means.
fn scope_of(scope: ScanScope, ids: &[ID]) -> Result<Scope, Vec<StartScanError>> {
    let invalid =
        |message: String| vec![StartScanError::new(StartScanErrorCode::Invalid, &["imageIds"], message)];
    match scope {
        ScanScope::All if ids.is_empty() => Ok(Scope::All),
        ScanScope::All => Err(invalid(
            "the scope ALL takes no image ids; leave them out, or give the scope SELECTED".to_owned(),
        )),
        ScanScope::Selected if ids.is_empty() || ids.len() > MAX_IDS => {
            Err(invalid(format!("give 1 to {MAX_IDS} images; these are {}", ids.len())))
        }
        ScanScope::Selected => {
            let keys: Vec<Option<i64>> = ids.iter().map(|id| key_of(Kind::Image, id)).collect();
            let missing: Vec<StartScanError> = keys
                .iter()
                .enumerate()
                .filter(|(_, key)| key.is_none())
                .map(|(index, _)| not_found(index))
                .collect();
            if missing.is_empty() {
                Ok(Scope::Selected(keys.into_iter().flatten().collect()))
            } else {
                Err(missing)
            }
        }
    }
}

fn not_found(index: usize) -> StartScanError {
    StartScanError::new(
        StartScanErrorCode::NotFound,
        &["imageIds", &index.to_string()],
        "there is no image with this id; list images with the query `images`",
    )
}

/// What a client can act on; the rest is internal.
fn start_errors(error: OrderError, ids: &[ID]) -> Result<Vec<StartScanError>, ApiError> {
    let place = |key: i64| ids.iter().position(|id| *id == encode(Kind::Image, key)).unwrap_or(0);
    Ok(match error {
        OrderError::ImagesNotFound(keys) => keys.into_iter().map(|key| not_found(place(key))).collect(),
        OrderError::NotAuthorized(images) => images
            .into_iter()
            .map(|(key, name)| {
                StartScanError::new(
                    StartScanErrorCode::ImageNotAuthorized,
                    &["imageIds", &place(key).to_string()],
                    format!("{name} is not authorized; authorize it with `authorizeImages` first"),
                )
            })
            .collect(),
        OrderError::NothingToScan => {
            vec![StartScanError::new(
                StartScanErrorCode::NothingToScan,
                &[],
                OrderError::NothingToScan.to_string(),
            )]
        }
        other => return Err(ApiError::internal(other)),
    })
}
