use lazaret_entities::image::ScanStatus;
use lazaret_entities::scan_job::JobStatus;
use lazaret_entities::scan_task::TaskStatus;

use super::{Yard, debian};
use crate::auth::Requester;
use crate::scan::order::{OrderError, Scope, cancel_scan};
use crate::store::testing::on_each_database;

async fn cancel(yard: &Yard, job: i64) -> Result<(), OrderError> {
    let now = yard.store.clock().now();
    let tx = yard.store.begin_write().await?;
    cancel_scan(&tx, &Requester::local(), job, now).await?;
    tx.commit().await?;
    Ok(())
}

#[tokio::test]
async fn only_authorized_images_are_scanned() {
    on_each_database("only_authorized", |store| async move {
        let yard = Yard::new(store);
        assert!(matches!(yard.order(&Scope::All).await, Err(OrderError::NothingToScan)));
        yard.put("image.tar", debian("1").tag("shop/web:1")).await;
        assert!(matches!(yard.order(&Scope::All).await, Err(OrderError::NothingToScan)));
        let id = yard.images().await[0].id;
        let refused = yard.order(&Scope::Selected(vec![id])).await.expect_err("not authorized");
        assert!(refused.to_string().contains("shop/web:1"), "{refused}");
        let refused = yard.order(&Scope::Selected(vec![id, id + 1])).await.expect_err("not there");
        assert!(matches!(refused, OrderError::ImagesNotFound(ids) if ids == [id + 1]));
        assert!(yard.tasks().await.is_empty());
        yard.authorize_all().await;
        yard.order(&Scope::Selected(vec![id, id])).await.expect("an order");
        assert_eq!(yard.tasks().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_job_joins_the_open_task_and_keeps_it_when_the_first_is_cancelled() {
    on_each_database("a_second_job_joins", |store| async move {
        let yard = Yard::new(store);
        yard.put("a.tar", debian("1")).await;
        yard.put("b.tar", debian("2")).await;
        yard.authorize_all().await;
        let ids: Vec<i64> = yard.images().await.iter().map(|image| image.id).collect();
        let all = yard.order(&Scope::All).await.expect("an order");
        let one = yard.order(&Scope::Selected(vec![ids[0]])).await.expect("an order");
        assert_eq!(yard.tasks().await.len(), 2, "the second job makes no task of its own");

        cancel(&yard, all).await.expect("a job that is open");
        let job = yard.job(all).await;
        assert_eq!((job.status, job.cancelled), (JobStatus::Cancelled, 2));
        let tasks = yard.tasks().await;
        let of = |image: i64| tasks.iter().find(|task| task.image_id == image).expect("a task").status;
        assert_eq!((of(ids[0]), of(ids[1])), (TaskStatus::Queued, TaskStatus::Cancelled));
        assert!(matches!(cancel(&yard, all).await, Err(OrderError::JobFinished(_))));
        assert!(matches!(cancel(&yard, 99).await, Err(OrderError::JobNotFound(99))));

        yard.work().await;
        assert_eq!(yard.job(one).await.status, JobStatus::Succeeded);
        assert_eq!(yard.job(all).await.done, 0, "a job that has ended counts no more");
        let images = yard.images().await;
        let of = |id: i64| images.iter().find(|image| image.id == id).expect("an image").scan_status;
        assert_eq!((of(ids[0]), of(ids[1])), (ScanStatus::Scanned, ScanStatus::Cancelled));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_nobody_has_any_more_fails_with_that_reason() {
    on_each_database("an_image_that_nobody_has", |store| async move {
        let yard = Yard::new(store);
        yard.put("image.tar", debian("1")).await;
        yard.authorize_all().await;
        let job = yard.order(&Scope::All).await.expect("an order");
        std::fs::remove_file(yard.archives.path().join("image.tar")).expect("a removal");
        yard.sync().await;
        yard.work().await;
        let image = yard.images().await.remove(0);
        assert!(image.gone_at.is_some());
        assert!(image.scan_error.starts_with("no host that answers has the image"), "{}", image.scan_error);
        assert_eq!(yard.job(job).await.status, JobStatus::Failed);
    })
    .await;
}
