//! Totals and status of scan jobs, moved by each task that begins or ends.

use lazaret_entities::scan_job::JobStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Timestamp, scan_job, scan_job_item, scan_task};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Set,
};

/// The open jobs that wait for a task, locked in the order of their ids.
async fn open_jobs(tx: &impl ConnectionTrait, task_id: i64) -> Result<Vec<scan_job::Model>, DbErr> {
    scan_job::Entity::find()
        .join(sea_orm::JoinType::InnerJoin, scan_job_item::Relation::Job.def().rev())
        .filter(scan_job_item::Column::TaskId.eq(task_id))
        .filter(scan_job::Column::Status.is_in([JobStatus::Queued, JobStatus::Running]))
        .order_by_asc(scan_job::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await
}

/// A worker began the task: jobs that waited run now.
///
/// # Errors
/// When the database refuses.
pub async fn task_started(tx: &impl ConnectionTrait, task_id: i64, now: Timestamp) -> Result<(), DbErr> {
    for job in open_jobs(tx, task_id).await? {
        if job.status == JobStatus::Queued {
            let mut job = job.into_active_model();
            job.status = Set(JobStatus::Running);
            job.started_at = Set(now);
            job.update(tx).await?;
        }
    }
    Ok(())
}

/// The task ended as `outcome`: totals move, and a job whose last task it was ends with it. Where the image's share of a
/// job was in two tasks, the one that ran first has ended before; both must have succeeded.
///
/// # Errors
/// When the database refuses.
pub async fn task_ended(
    tx: &impl ConnectionTrait,
    task_id: i64,
    outcome: TaskStatus,
    now: Timestamp,
) -> Result<(), DbErr> {
    for job in open_jobs(tx, task_id).await? {
        let (mut done, mut failed, mut cancelled) = (job.done, job.failed, job.cancelled);
        let outcome = match joined_outcome(tx, job.id, task_id).await? {
            Some(first @ (TaskStatus::Failed | TaskStatus::Cancelled))
                if outcome == TaskStatus::Succeeded =>
            {
                first
            }
            _ => outcome,
        };
        match outcome {
            TaskStatus::Succeeded => done += 1,
            TaskStatus::Failed => failed += 1,
            TaskStatus::Cancelled => cancelled += 1,
            TaskStatus::Queued | TaskStatus::Running => continue,
        }
        let ended = done + failed + cancelled >= job.total;
        let started = job.started_at;
        let mut job = job.into_active_model();
        job.done = Set(done);
        job.failed = Set(failed);
        job.cancelled = Set(cancelled);
        if started.is_zero() {
            job.started_at = Set(now);
        }
        if ended {
            job.finished_at = Set(now);
            job.status = Set(if failed > 0 {
                JobStatus::Failed
            } else if done == 0 {
                JobStatus::Cancelled
            } else {
                JobStatus::Succeeded
            });
        }
        job.update(tx).await?;
    }
    Ok(())
}

/// How the task ended that served a part of the job before `task_id`, where there is one.
async fn joined_outcome(
    tx: &impl ConnectionTrait,
    job_id: i64,
    task_id: i64,
) -> Result<Option<TaskStatus>, DbErr> {
    let item = scan_job_item::Entity::find()
        .filter(scan_job_item::Column::JobId.eq(job_id))
        .filter(scan_job_item::Column::TaskId.eq(task_id))
        .one(tx)
        .await?;
    let Some(joined) = item.and_then(|item| item.joined_task_id) else { return Ok(None) };
    Ok(scan_task::Entity::find_by_id(joined).one(tx).await?.map(|task| task.status))
}
