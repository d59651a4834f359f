use lazaret_entities::image::{ScanStatus, SecurityStatus};
use lazaret_entities::scan_job::JobStatus;
use lazaret_entities::{EventType, event, image_layer, image_package, package_vulnerability};
use sea_orm::EntityTrait;

use super::{Yard, debian, truncate};
use crate::advisories::Gap;
use crate::scan::order::Scope;
use crate::store::testing::on_each_database;

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_finds_what_the_advisories_say_and_tells_of_it() {
    on_each_database("a_scan_finds", |store| async move {
        let yard = Yard::new(store);
        yard.advise("Debian").await;
        yard.put("old.tar", debian("1.1.1k-1").tag("shop/web:1")).await;
        yard.put("new.tar", debian("1.1.1w-0+deb11u1").tag("shop/web:2")).await;
        yard.authorize_all().await;
        let job = yard.order(&Scope::All).await.expect("an order");
        assert!(yard.images().await.iter().all(|image| image.scan_status == ScanStatus::Queued));
        yard.work().await;

        let images = yard.images().await;
        let old = images.iter().find(|image| image.name == "shop/web:1").expect("the old image");
        assert_eq!(old.scan_status, ScanStatus::Scanned, "{}", old.scan_error);
        assert_eq!((old.security_status, old.high, old.fixable_high), (SecurityStatus::AtRisk, 1, 1));
        assert_eq!(old.distro, "Debian GNU/Linux 11 (bullseye)");
        assert_eq!(old.ecosystem, "Debian:11");
        assert!(!old.last_scanned_at.is_zero());
        let new = images.iter().find(|image| image.name == "shop/web:2").expect("the new image");
        assert_eq!(new.security_status, SecurityStatus::Safe, "{}", new.security_reason);
        assert!(old.risk_rank > new.risk_rank);

        let job = yard.job(job).await;
        assert_eq!((job.status, job.total, job.done), (JobStatus::Succeeded, 2, 2));
        let events = event::Entity::find().all(yard.store.read()).await.expect("events");
        let count = |kind| events.iter().filter(|event| event.event_type == kind).count();
        assert_eq!(count(EventType::ImageDiscovered), 2);
        assert_eq!(count(EventType::ImageAuthorized), 2);
        assert_eq!(count(EventType::ScanStarted), 2);
        assert_eq!(count(EventType::ScanCompleted), 2);
        let layers = image_layer::Entity::find().all(yard.store.read()).await.expect("layers");
        assert_eq!(layers.len(), 4);
        assert_eq!(layers[0].created_by, "LAYER 1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_advisories_nothing_is_called_safe() {
    on_each_database("without_advisories", |store| async move {
        let yard = Yard::new(store);
        yard.put("image.tar", debian("1.1.1w-0+deb11u1")).await;
        yard.authorize_all().await;
        yard.order(&Scope::All).await.expect("an order");
        yard.work().await;
        let image = yard.images().await.remove(0);
        assert_eq!(image.scan_status, ScanStatus::Scanned);
        assert_eq!(image.security_status, SecurityStatus::Unknown);
        assert_eq!(image.security_reason, "no advisories for Debian");
        let gaps: Vec<Gap> = serde_json::from_str(&image.not_assessed).expect("gaps");
        assert_eq!((gaps[0].ecosystem.as_str(), gaps[0].packages.len()), ("Debian:11", 0));

        // Advisories that come later change the status without another scan.
        yard.advise("Debian").await;
        assert_eq!(yard.images().await.remove(0).security_status, SecurityStatus::Safe);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_archive_fails_with_its_reason_and_earlier_results_stay() {
    on_each_database("a_damaged_archive", |store| async move {
        let yard = Yard::new(store);
        yard.advise("Debian").await;
        yard.put("image.tar", debian("1.1.1k-1").tag("shop/web:1")).await;
        yard.authorize_all().await;
        yard.order(&Scope::All).await.expect("an order");
        yard.work().await;
        // Without the stored analyses the archive must be read again.
        let tx = yard.store.begin_write().await.expect("a transaction");
        lazaret_entities::layer_analysis::Entity::delete_many().exec(&*tx).await.expect("a delete");
        tx.commit().await.expect("a commit");
        truncate(&yard.archives.path().join("image.tar"));
        let job = yard.order(&Scope::All).await.expect("an order");
        yard.work().await;

        let image = yard.images().await.remove(0);
        assert_eq!(image.scan_status, ScanStatus::Failed);
        assert!(image.scan_error.contains("image.tar"), "{}", image.scan_error);
        assert_eq!((image.security_status, image.high), (SecurityStatus::AtRisk, 1));
        let job = yard.job(job).await;
        assert_eq!((job.status, job.failed), (JobStatus::Failed, 1));
        let events = event::Entity::find().all(yard.store.read()).await.expect("events");
        assert_eq!(events.last().map(|event| event.event_type), Some(EventType::ScanFailed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scanning_again_repeats_no_row() {
    on_each_database("scanning_again", |store| async move {
        let yard = Yard::new(store);
        yard.advise("Debian").await;
        yard.put("image.tar", debian("1.1.1k-1")).await;
        yard.authorize_all().await;
        for _ in 0..2 {
            yard.order(&Scope::All).await.expect("an order");
            yard.work().await;
        }
        let packages = image_package::Entity::find().all(yard.store.read()).await.expect("packages");
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].until, None);
        let matches = package_vulnerability::Entity::find().all(yard.store.read()).await.expect("matches");
        assert_eq!(matches.len(), 1);
        assert_eq!(yard.images().await.remove(0).high, 1);
    })
    .await;
}
