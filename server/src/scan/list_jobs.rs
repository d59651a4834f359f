//! Scan jobs and their tasks as lists.

use lazaret_entities::{
    scan_job::{self, JobStatus, Trigger},
    scan_job_item, scan_task,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Select, sea_query::Expr,
};

use crate::{
    auth::Requester,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which scan jobs are wanted. What is none asks nothing; an empty list matches no job.
#[derive(Clone, Debug, Default)]
pub struct ScanJobFilter {
    /// Where it stands: any of these.
    pub status: Option<Vec<JobStatus>>,
    /// What asked for it: any of these.
    pub trigger: Option<Vec<Trigger>>,
    /// Concerns this image.
    pub image_id: Option<i64>,
}

/// A page of scan jobs by the time of the order; `descending` has the newest first.
pub async fn list_jobs(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ScanJobFilter,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<scan_job::Model>, DbErr> {
    let column = |column: scan_job::Column| Expr::col((scan_job::Entity, column));
    let sort =
        SortKey { key: column(scan_job::Column::CreatedAt), id: column(scan_job::Column::Id), descending };
    let mut select = matching(filter);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| Position { key: row.created_at.as_micros().into(), id: row.id }))
}

/// How many jobs match.
pub async fn count_jobs(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ScanJobFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

/// A page of a job's tasks, in the order in which they were queued.
pub async fn list_tasks(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    job_id: i64,
    request: &PageRequest,
) -> Result<Page<scan_task::Model>, DbErr> {
    let id = Expr::col((scan_task::Entity, scan_task::Column::Id));
    let sort = SortKey { key: id.clone(), id, descending: false };
    let mut select = tasks_of(job_id);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| Position { key: row.id.into(), id: row.id }))
}

/// How many tasks a job has.
pub async fn count_tasks(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    job_id: i64,
) -> Result<u64, DbErr> {
    tasks_of(job_id).count(conn).await
}

fn tasks_of(job_id: i64) -> Select<scan_task::Entity> {
    let ids = scan_job_item::Entity::find()
        .select_only()
        .column(scan_job_item::Column::TaskId)
        .filter(scan_job_item::Column::JobId.eq(job_id))
        .into_query();
    scan_task::Entity::find().filter(scan_task::Column::Id.in_subquery(ids))
}

fn matching(filter: &ScanJobFilter) -> Select<scan_job::Entity> {
    let mut all = Condition::all();
    if let Some(statuses) = &filter.status {
        all = all.add(scan_job::Column::Status.is_in(statuses.iter().copied()));
    }
    if let Some(triggers) = &filter.trigger {
        all = all.add(scan_job::Column::Trigger.is_in(triggers.iter().copied()));
    }
    if let Some(image) = filter.image_id {
        let jobs = scan_job_item::Entity::find()
            .select_only()
            .column(scan_job_item::Column::JobId)
            .filter(scan_job_item::Column::ImageId.eq(image))
            .into_query();
        all = all.add(scan_job::Column::Id.in_subquery(jobs));
    }
    scan_job::Entity::find().filter(all)
}
