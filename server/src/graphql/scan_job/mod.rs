//! Scan jobs and their tasks.

mod filter;
mod mutation;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use lazaret_entities::{scan_job, scan_task, scan_task_category};

use self::filter::{ScanTaskConnection, tasks_of};
pub(super) use self::{
    filter::{ScanJobConnection, ScanJobFilterInput, ScanJobOrderInput, connection_of},
    mutation::ScanJobMutation,
};
use super::{
    connection::{PageArgs, page_cost},
    context::{database, requester},
    error::ApiError,
    host::said,
    image::{FindingCategory, Image},
    loaders::loaders,
    node::{Kind, encode, key_of},
    scalars::{DateTime, known},
};

/// Where a scan job or a scan task stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::scan_job::JobStatus")]
pub enum ScanJobStatus {
    /// No image of it is being scanned yet.
    Queued,
    /// Images are being scanned.
    Running,
    /// All images were scanned.
    Succeeded,
    /// At least one image could not be scanned.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// Where the scan of one image stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::scan_task::TaskStatus")]
pub enum ScanTaskStatus {
    /// It waits for a worker.
    Queued,
    /// A worker scans.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// What asked for a scan job.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::scan_job::Trigger")]
pub enum ScanTrigger {
    /// A person asked.
    Manual,
    /// A schedule asked.
    Scheduled,
    /// Something changed that asks for it.
    Rescan,
}

/// Which images a scan job concerns.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::scan_job::Scope")]
pub enum ScanScope {
    /// Every authorized image.
    All,
    /// The images that were named.
    Selected,
}

/// A scan job as the API shows it.
#[derive(Clone, Debug)]
pub struct ScanJob(pub(super) scan_job::Model);

/// One order to scan images.
#[Object]
impl ScanJob {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::ScanJob, self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> ScanJobStatus {
        self.0.status.into()
    }

    /// What asked for it.
    async fn trigger(&self) -> ScanTrigger {
        self.0.trigger.into()
    }

    /// Which images it concerns.
    async fn scope(&self) -> ScanScope {
        self.0.scope.into()
    }

    /// What it looks for.
    async fn categories(&self) -> Vec<FindingCategory> {
        self.0.categories.iter().map(Into::into).collect()
    }

    /// Who asked: the name of the token, or of the program's own part.
    async fn requested_by(&self) -> &str {
        &self.0.requested_by
    }

    /// How many images it concerns.
    async fn total(&self) -> i32 {
        self.0.total
    }

    /// How many of them are finished, whatever the end.
    async fn done(&self) -> i32 {
        self.0.done
    }

    /// How many of them failed.
    async fn failed(&self) -> i32 {
        self.0.failed
    }

    /// How many of them were cancelled.
    async fn cancelled(&self) -> i32 {
        self.0.cancelled
    }

    /// Finished images in per cent, 0 to 100.
    async fn progress(&self) -> i32 {
        let percent = i64::from(self.0.done) * 100 / i64::from(self.0.total.max(1));
        super::scalars::int(percent.clamp(0, 100))
    }

    /// When it was ordered.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When the first scan of it began; null before.
    async fn started_at(&self) -> Option<DateTime> {
        known(self.0.started_at)
    }

    /// When the last scan of it ended; null before.
    async fn finished_at(&self) -> Option<DateTime> {
        known(self.0.finished_at)
    }

    /// Its scans, one per image, in the order in which they were queued.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<ScanTaskConnection, ApiError> {
        tasks_of(ctx, PageArgs { first, after, last, before }, self.0.id).await
    }
}

/// One category that a scan task looks for.
#[derive(SimpleObject, Clone, Debug)]
pub struct TaskCategory {
    /// Which category.
    category: FindingCategory,
    /// Where it stands.
    status: ScanTaskStatus,
    /// How far it is in per cent, 0 to 100.
    progress: i32,
    /// Why it failed, and what to do; null when it did not.
    error: Option<String>,
}

/// A scan task as the API shows it.
#[derive(Clone, Debug)]
pub struct ScanTask(pub(super) scan_task::Model);

/// The scan of one image, which several jobs may share.
#[Object]
impl ScanTask {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::ScanTask, self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> ScanTaskStatus {
        self.0.status.into()
    }

    /// How far it is in per cent, 0 to 100.
    async fn progress(&self) -> i32 {
        self.0.progress
    }

    /// How far each category is that it looks for, and why one failed.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<TaskCategory>, ApiError> {
        let found = loaders(ctx)?.task_categories.load_one(self.0.id).await.map_err(ApiError::internal)?;
        let of_row = |row: scan_task_category::Model| TaskCategory {
            category: row.category.into(),
            status: row.status.into(),
            progress: row.progress,
            error: said(&row.error).map(str::to_owned),
        };
        Ok(found.unwrap_or_default().into_iter().map(of_row).collect())
    }

    /// Why it failed, and what to do; null when it did not.
    async fn error(&self) -> Option<&str> {
        said(&self.0.error)
    }

    /// When it was queued.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last began; null before.
    async fn started_at(&self) -> Option<DateTime> {
        known(self.0.started_at)
    }

    /// When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime> {
        known(self.0.finished_at)
    }

    /// The image that it scans.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>, ApiError> {
        super::node::image(ctx, self.0.image_id).await
    }
}

/// Look-ups of scan jobs.
#[derive(Default)]
pub struct ScanJobQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl ScanJobQuery {
    /// A scan job by its global id; null when there is no such job.
    async fn scan_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's global id.")] id: ID,
    ) -> Result<Option<ScanJob>, ApiError> {
        requester(ctx)?;
        let Some(key) = key_of(Kind::ScanJob, &id) else { return Ok(None) };
        find(ctx, key).await
    }

    /// All scan jobs.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn scan_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which jobs; all when absent.")] filter: Option<ScanJobFilterInput>,
        #[graphql(desc = "The order; the newest first when absent.")] order_by: Option<ScanJobOrderInput>,
    ) -> Result<ScanJobConnection, ApiError> {
        connection_of(ctx, PageArgs { first, after, last, before }, filter, order_by, None).await
    }
}

/// A job by its key.
async fn find(ctx: &Context<'_>, key: i64) -> Result<Option<ScanJob>, ApiError> {
    use sea_orm::EntityTrait;
    Ok(scan_job::Entity::find_by_id(key).one(database(ctx)?).await?.map(ScanJob))
}
