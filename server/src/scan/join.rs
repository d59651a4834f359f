//! Which task serves an image that is ordered: an open one that can, else one of its own.

use std::collections::BTreeMap;

use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{Categories, Timestamp, image, scan_task};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, Set,
};

use super::categories;
use super::order::OrderError;
use super::worker::{KIND, MAX_ATTEMPTS};
use crate::queue;

/// What serves an image of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Serving {
    /// The task that ends last.
    pub(super) task: i64,
    /// The task that it waits for and that looks for some of the wanted categories.
    pub(super) joined: Option<i64>,
    /// Whether a worker is on it already.
    pub(super) running: bool,
}

/// How an image can be served, given its open tasks.
enum Plan<'a> {
    /// This task looks for all that is wanted.
    Join(&'a scan_task::Model),
    /// This one waits and can look for more.
    Widen(&'a scan_task::Model, Categories, Option<&'a scan_task::Model>),
    /// A new one must, behind the running one where there is one.
    New(Categories, Option<&'a scan_task::Model>),
}

/// `open` are the open tasks of the image, by id: at most one that runs or is to run next, and one that waits for it.
fn plan(open: &[scan_task::Model], wanted: Categories) -> Plan<'_> {
    if let Some(task) = open.iter().find(|task| task.categories.covers(wanted)) {
        return Plan::Join(task);
    }
    match open {
        [] => Plan::New(wanted, None),
        [first] if first.status == TaskStatus::Running => {
            Plan::New(wanted.without(first.categories), Some(first))
        }
        [only] => Plan::Widen(only, only.categories.union(wanted), None),
        [first, .., last] => {
            Plan::Widen(last, last.categories.union(wanted.without(first.categories)), Some(first))
        }
    }
}

/// A task that waits is relied on only for what is wanted of it.
fn relied_on(first: Option<&scan_task::Model>, wanted: Categories) -> Option<i64> {
    first.filter(|task| !wanted.without(task.categories).covers(wanted)).map(|task| task.id)
}

/// Finds or makes the tasks that serve `images`, whose rows the caller has locked.
pub(super) async fn serve(
    tx: &DatabaseTransaction,
    images: &[i64],
    wanted: Categories,
    now: Timestamp,
) -> Result<BTreeMap<i64, Serving>, OrderError> {
    let open = open_tasks(tx, images).await?;
    let none = Vec::new();
    let mut served = BTreeMap::new();
    let (mut new, mut widened) = (Vec::new(), Vec::new());
    for &image_id in images {
        match plan(open.get(&image_id).unwrap_or(&none), wanted) {
            Plan::Join(task) => {
                let running = task.status == TaskStatus::Running;
                served.insert(image_id, Serving { task: task.id, joined: None, running });
            }
            Plan::Widen(task, categories, first) => {
                widened.push((task, categories));
                let joined = relied_on(first, wanted);
                let running =
                    joined.is_some() && first.is_some_and(|task| task.status == TaskStatus::Running);
                served.insert(image_id, Serving { task: task.id, joined, running });
            }
            Plan::New(categories, first) => new.push((image_id, categories, first)),
        }
    }
    for (task, categories) in widened {
        widen(tx, task, categories).await?;
    }
    if new.is_empty() {
        return Ok(served);
    }
    let rows = new.iter().map(|(image_id, categories, _)| scan_task::ActiveModel {
        image_id: Set(*image_id),
        categories: Set(*categories),
        status: Set(TaskStatus::Queued),
        progress: Set(0),
        error: Set(String::new()),
        created_at: Set(now),
        started_at: Set(Timestamp::ZERO),
        finished_at: Set(Timestamp::ZERO),
        ..Default::default()
    });
    scan_task::Entity::insert_many(rows).exec(tx).await?;
    let free: Vec<i64> =
        new.iter().filter(|(.., first)| first.is_none()).map(|(image_id, ..)| *image_id).collect();
    image::Entity::update_many()
        .set(image::ActiveModel { scan_status: Set(ScanStatus::Queued), ..Default::default() })
        .filter(image::Column::Id.is_in(free))
        .exec(tx)
        .await?;
    let made: Vec<i64> = new.iter().map(|(image_id, ..)| *image_id).collect();
    let open = open_tasks(tx, &made).await?;
    let mut wait = Vec::with_capacity(new.len());
    for (image_id, categories, first) in new {
        let Some(task) = open.get(&image_id).and_then(|tasks| tasks.last()) else { continue };
        wait.push((task.id, image_id, categories));
        // One that waits for another gets its place in the queue when that one ends.
        if first.is_none() {
            queue::enqueue(tx, KIND, &task.id.to_string(), now, MAX_ATTEMPTS).await?;
        }
        let joined = relied_on(first, wanted);
        served.insert(image_id, Serving { task: task.id, joined, running: joined.is_some() });
    }
    categories::ordered(tx, &wait).await?;
    Ok(served)
}

async fn widen(
    tx: &DatabaseTransaction,
    task: &scan_task::Model,
    categories: Categories,
) -> Result<(), DbErr> {
    let added = categories.without(task.categories);
    scan_task::Entity::update_many()
        .set(scan_task::ActiveModel { categories: Set(categories), ..Default::default() })
        .filter(scan_task::Column::Id.eq(task.id))
        .exec(tx)
        .await?;
    categories::ordered(tx, &[(task.id, task.image_id, added)]).await
}

/// Gives the task of the image that waited for another one its place in the queue. Says whether there is one.
pub(super) async fn next(
    tx: &DatabaseTransaction,
    image_id: i64,
    ended: i64,
    now: Timestamp,
) -> Result<bool, queue::QueueError> {
    let waiting = scan_task::Entity::find()
        .filter(scan_task::Column::ImageId.eq(image_id))
        .filter(scan_task::Column::Status.eq(TaskStatus::Queued))
        .filter(scan_task::Column::Id.ne(ended))
        .order_by_asc(scan_task::Column::Id)
        .one(tx)
        .await?;
    if let Some(task) = &waiting {
        queue::enqueue(tx, KIND, &task.id.to_string(), now, MAX_ATTEMPTS).await?;
    }
    Ok(waiting.is_some())
}

/// The open tasks of images, each image's by id.
async fn open_tasks(
    tx: &impl ConnectionTrait,
    images: &[i64],
) -> Result<BTreeMap<i64, Vec<scan_task::Model>>, DbErr> {
    let rows = scan_task::Entity::find()
        .filter(scan_task::Column::ImageId.is_in(images.iter().copied()))
        .filter(scan_task::Column::Status.is_in([TaskStatus::Queued, TaskStatus::Running]))
        .order_by_asc(scan_task::Column::Id)
        .all(tx)
        .await?;
    let mut open: BTreeMap<i64, Vec<scan_task::Model>> = BTreeMap::new();
    for task in rows {
        open.entry(task.image_id).or_default().push(task);
    }
    Ok(open)
}

/// Whether a worker has a task of the image.
pub(super) async fn is_running(tx: &impl ConnectionTrait, image_id: i64) -> Result<bool, DbErr> {
    let running = scan_task::Entity::find()
        .filter(scan_task::Column::ImageId.eq(image_id))
        .filter(scan_task::Column::Status.eq(TaskStatus::Running))
        .one(tx)
        .await?;
    Ok(running.is_some())
}
