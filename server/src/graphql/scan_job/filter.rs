//! Which scan jobs, in which order, and the tasks of one.

use async_graphql::{Context, Enum, ID, InputObject};

use super::{ScanJob, ScanJobStatus, ScanTask, ScanTrigger};
use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        node::{Kind, key_of},
        order::{OrderDirection, limited},
    },
    scan::list_jobs::{ScanJobFilter, count_jobs, count_tasks, list_jobs, list_tasks},
};

connection!(ScanJobConnection, ScanJobEdge, ScanJob, "A page of scan jobs.", "A scan job in a page.");
connection!(ScanTaskConnection, ScanTaskEdge, ScanTask, "A page of scan tasks.", "A scan task in a page.");

/// Which scan jobs are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "ScanJobFilter")]
pub struct ScanJobFilterInput {
    /// Where it stands: any of these.
    status: Option<Vec<ScanJobStatus>>,
    /// What asked for it: any of these.
    trigger: Option<Vec<ScanTrigger>>,
    /// It concerns this image.
    image_id: Option<ID>,
}

/// What scan jobs are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanJobOrderField {
    /// The time of the order.
    CreatedAt,
}

/// An order of scan jobs.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name = "ScanJobOrder")]
pub struct ScanJobOrderInput {
    /// What to order by.
    field: ScanJobOrderField,
    /// Which end comes first.
    #[graphql(default)]
    direction: OrderDirection,
}

/// A page of scan jobs, of those that concern an image when one is given.
pub(in crate::graphql) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<ScanJobFilterInput>,
    order: Option<ScanJobOrderInput>,
    image: Option<i64>,
) -> Result<ScanJobConnection, ApiError> {
    let input = filter.unwrap_or_default();
    let wanted = input
        .image_id
        .map(|id| {
            key_of(Kind::Image, &id)
                .ok_or_else(|| ApiError::bad_input("`filter.imageId` is not the id of an image"))
        })
        .transpose()?;
    let filter = ScanJobFilter {
        status: limited("status", input.status)?.map(|all| all.into_iter().map(Into::into).collect()),
        trigger: limited("trigger", input.trigger)?.map(|all| all.into_iter().map(Into::into).collect()),
        image_id: image.or(wanted),
    };
    let descending = order.is_none_or(|order| match order.field {
        ScanJobOrderField::CreatedAt => order.direction == OrderDirection::Desc,
    });
    let tag = ListTag::of(&("scanJobs", &filter, descending));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_jobs(&conn, &requester, &filter, descending, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_jobs(&conn, &requester, &filter).await?) })
    });
    Ok(ScanJobConnection::new(rows.map(ScanJob), tag, count))
}

/// A page of a job's tasks.
pub(super) async fn tasks_of(
    ctx: &Context<'_>,
    page: PageArgs,
    job_id: i64,
) -> Result<ScanTaskConnection, ApiError> {
    let tag = ListTag::of(&("tasks", job_id));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_tasks(&conn, &requester, job_id, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester) = (conn.clone(), requester.clone());
        Box::pin(async move { Ok(count_tasks(&conn, &requester, job_id).await?) })
    });
    Ok(ScanTaskConnection::new(rows.map(ScanTask), tag, count))
}
