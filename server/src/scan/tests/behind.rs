//! Orders for some categories, while others are queued or running.

use lazaret_entities::image::ScanStatus;
use lazaret_entities::queue::QueueState;
use lazaret_entities::scan_job::JobStatus;
use lazaret_entities::scan_task::TaskStatus;
use lazaret_entities::{
    Categories, Category, image_category, queue, scan_job_item, scan_task, scan_task_category,
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set};

use super::Yard;
use super::found::nothing;
use crate::auth::Requester;
use crate::scan::order::{OrderError, Scope, cancel_scan};
use crate::scan::persist::{self, Merged};
use crate::store::testing::on_each_database;

const SECRET: Categories = Categories::only(Category::Secret);
const MALWARE: Categories = Categories::only(Category::Malware);

async fn begin(yard: &Yard, task: &scan_task::Model) -> scan_task::Model {
    let tx = yard.store.begin_write().await.expect("a transaction");
    // As a claim leaves it.
    queue::Entity::update_many()
        .set(queue::ActiveModel { state: Set(QueueState::Running), ..Default::default() })
        .filter(queue::Column::Key.eq(task.id.to_string()))
        .exec(&*tx)
        .await
        .expect("a claim");
    let task = persist::begin(&tx, task, yard.store.clock().now()).await.expect("a task that begins");
    tx.commit().await.expect("a commit");
    task
}

async fn complete(yard: &Yard, task: &scan_task::Model, merged: &Merged) {
    let tx = yard.store.begin_write().await.expect("a transaction");
    let now = yard.store.clock().now();
    persist::complete(&tx, task, merged, &[], now).await.expect("results that are stored");
    tx.commit().await.expect("a commit");
}

async fn queued(yard: &Yard) -> Vec<String> {
    let open = queue::Entity::find()
        .filter(queue::Column::State.ne(QueueState::Done))
        .order_by_asc(queue::Column::Id)
        .all(yard.store.read())
        .await
        .expect("the queue");
    open.into_iter().map(|row| row.key).collect()
}

async fn cancel(yard: &Yard, job: i64) {
    let tx = yard.store.begin_write().await.expect("a transaction");
    cancel_scan(&tx, &Requester::local(), job, yard.store.clock().now()).await.expect("a job that is open");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn an_order_widens_what_waits() {
    on_each_database("an_order_widens", |store| async move {
        let yard = Yard::with_image(store).await;
        assert!(matches!(yard.order_for(&Scope::All, Categories::NONE).await, Err(OrderError::NoCategory)));
        yard.order_for(&Scope::All, SECRET).await.expect("an order");
        yard.order_for(&Scope::All, MALWARE).await.expect("an order");
        yard.order_for(&Scope::All, SECRET).await.expect("an order");
        let tasks = yard.tasks().await;
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].categories, SECRET.union(MALWARE));
        let parts = scan_task_category::Entity::find().count(yard.store.read()).await.expect("a number");
        assert_eq!(parts, 2);
        let known = image_category::Entity::find().all(yard.store.read()).await.expect("categories");
        assert!(known.iter().all(|row| row.status == ScanStatus::Queued) && known.len() == 2);
        // The worker sees what was added after it looked at the task.
        let stale = scan_task::Model { categories: SECRET, ..tasks[0].clone() };
        assert_eq!(begin(&yard, &stale).await.categories, SECRET.union(MALWARE));
    })
    .await;
}

#[tokio::test]
async fn what_a_running_task_does_not_look_for_is_queued_behind_it() {
    on_each_database("queued_behind", |store| async move {
        let yard = Yard::with_image(store).await;
        yard.order_for(&Scope::All, SECRET).await.expect("an order");
        let first = begin(&yard, &yard.tasks().await[0]).await;
        let same = yard.order_for(&Scope::All, SECRET).await.expect("an order");
        assert_eq!(yard.job(same).await.status, JobStatus::Running, "it joined what runs");
        let both = yard.order_for(&Scope::All, SECRET.union(MALWARE)).await.expect("an order");
        let again = yard.order_for(&Scope::All, Categories::ALL).await.expect("an order");
        let tasks = yard.tasks().await;
        assert_eq!(tasks.len(), 2);
        assert_eq!(tasks[1].categories, Categories::ALL.without(SECRET));
        assert_eq!(queued(&yard).await, [first.id.to_string()], "the second waits outside of the queue");
        let items = scan_job_item::Entity::find()
            .filter(scan_job_item::Column::JobId.is_in([both, again]))
            .all(yard.store.read())
            .await
            .expect("items");
        assert!(
            items.iter().all(|item| item.joined_task_id == Some(first.id) && item.task_id == tasks[1].id)
        );

        complete(&yard, &first, &nothing(&yard.image().await)).await;
        assert_eq!(yard.image().await.scan_status, ScanStatus::Queued);
        assert!(queued(&yard).await.contains(&tasks[1].id.to_string()));
        assert_eq!(yard.job(same).await.status, JobStatus::Succeeded);
        assert_eq!(yard.job(both).await.status, JobStatus::Running);
        let second = begin(&yard, &yard.tasks().await[1]).await;
        complete(&yard, &second, &nothing(&yard.image().await)).await;
        assert_eq!(yard.image().await.scan_status, ScanStatus::Scanned);
        for job in [both, again] {
            assert_eq!((yard.job(job).await.status, yard.job(job).await.done), (JobStatus::Succeeded, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_in_two_tasks_fails_with_either() {
    on_each_database("a_job_in_two_tasks", |store| async move {
        let yard = Yard::with_image(store).await;
        yard.order_for(&Scope::All, SECRET).await.expect("an order");
        let first = begin(&yard, &yard.tasks().await[0]).await;
        let both = yard.order_for(&Scope::All, SECRET.union(MALWARE)).await.expect("an order");
        let broken = Merged { secrets: Some(Err("no rules".to_owned())), ..nothing(&yard.image().await) };
        complete(&yard, &first, &broken).await;
        let second = begin(&yard, &yard.tasks().await[1]).await;
        complete(&yard, &second, &nothing(&yard.image().await)).await;
        let tasks = yard.tasks().await;
        assert_eq!((tasks[0].status, tasks[1].status), (TaskStatus::Failed, TaskStatus::Succeeded));
        assert_eq!(yard.job(both).await.status, JobStatus::Failed);
        let image = yard.image().await;
        assert_eq!((image.scan_status, image.scan_error.as_str()), (ScanStatus::Failed, "SECRET: no rules"));
    })
    .await;
}

#[tokio::test]
async fn cancelling_keeps_what_another_job_joined() {
    on_each_database("cancelling_keeps", |store| async move {
        let yard = Yard::with_image(store).await;
        let one = yard.order_for(&Scope::All, SECRET).await.expect("an order");
        let first = begin(&yard, &yard.tasks().await[0]).await;
        let both = yard.order_for(&Scope::All, SECRET.union(MALWARE)).await.expect("an order");
        cancel(&yard, one).await;
        let stop = queue::Entity::find()
            .filter(queue::Column::CancelRequested.eq(true))
            .count(yard.store.read())
            .await
            .expect("a number");
        assert_eq!(stop, 0, "the second job relies on the running task");
        cancel(&yard, both).await;
        let tasks = yard.tasks().await;
        assert_eq!((tasks[0].status, tasks[1].status), (TaskStatus::Running, TaskStatus::Cancelled));
        assert_eq!(yard.image().await.scan_status, ScanStatus::Scanning);
        let tx = yard.store.begin_write().await.expect("a transaction");
        persist::cancel(&tx, &first, yard.store.clock().now()).await.expect("a task that is stopped");
        tx.commit().await.expect("a commit");
        assert_eq!(yard.image().await.scan_status, ScanStatus::Cancelled);
    })
    .await;
}
