//! The sample images through the whole pipeline, and what the reports say of them.

mod found;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use lazaret_entities::scan_job::Trigger;
use lazaret_entities::{Categories, image, scan_job};
use lazaret_reports::model::{Image, ImageFacts, ScanStatus, SecurityStatus, Severity};
use lazaret_scanner::Limits;
use lazaret_scanner::archive::Platforms;
use sea_orm::EntityTrait;
use tokio_util::sync::CancellationToken;

use super::{
    Order, ReportFormat, ReportingError, Scope, find_image, fleet_report, image_report, report_path,
    scan_result, write_reports,
};
use crate::advisories::{self, AdvisoriesConfig, Feed};
use crate::auth::Requester;
use crate::authorization::authorize_images;
use crate::egress::{Egress, EgressConfig};
use crate::inventory::follow::{FollowContext, sync_archives};
use crate::queue::{Runner, RunnerOptions};
use crate::scan::counts;
use crate::scan::engines::Engines;
use crate::scan::order::{self, start_scan};
use crate::scan::target::{TargetContext, scan_target};
use crate::scan::worker::{ScanContext, ScanWorker};
use crate::store::Store;
use crate::store::testing::on_each_database;
use crate::{demo, graphql};

fn feed(folder: &Path) -> Feed {
    let egress = Egress::new(&EgressConfig::default(), true).unwrap();
    Feed::new(&AdvisoriesConfig::default(), egress, folder.to_path_buf()).unwrap()
}

/// Brings the samples and their advisories into the store and scans them.
async fn scanned(store: &Store, folder: &Path) {
    demo::write_archives(&folder.join("archives")).unwrap();
    demo::write_advisories(&folder.join("advisories")).unwrap();
    let imported =
        advisories::import_path(store, &folder.join("advisories"), None, &advisories::no_progress())
            .await
            .unwrap();
    counts::settle(store, &imported).await.unwrap();
    let stop = CancellationToken::new();
    let follow = FollowContext {
        store: store.clone(),
        limits: Limits::default(),
        reconcile_interval: Duration::from_mins(5),
        cancelled: stop.clone(),
    };
    sync_archives(&follow, &folder.join("archives")).await.unwrap();
    let images: Vec<i64> =
        image::Entity::find().all(store.read()).await.unwrap().into_iter().map(|image| image.id).collect();
    let (requester, now) = (Requester::local(), store.clock().now());
    let tx = store.begin_write().await.unwrap();
    authorize_images(&*tx, &requester, &images, now).await.unwrap();
    let scope = order::Scope::Selected(images);
    start_scan(&tx, &requester, &scope, Categories::ALL, Trigger::Manual, now).await.unwrap();
    tx.commit().await.unwrap();
    let worker = ScanWorker::new(ScanContext {
        store: store.clone(),
        limits: Limits::default(),
        engines: Engines::built_in(folder),
        feed: feed(folder),
        fetching: advisories::no_progress(),
    });
    let runner = tokio::spawn(Runner::new(store.clone(), worker, RunnerOptions::default()).run(stop.clone()));
    let done = async {
        loop {
            let job = scan_job::Entity::find().one(store.read()).await.unwrap().unwrap();
            if job.done + job.failed + job.cancelled == job.total {
                assert_eq!(job.failed, 0);
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), done).await.unwrap();
    stop.cancel();
    runner.await.unwrap();
}

/// What two ways to the same findings must agree on.
fn told(facts: &ImageFacts) -> BTreeSet<String> {
    facts
        .vulnerabilities
        .iter()
        .map(|found| {
            let package = &found.package;
            format!(
                "{} {:?} {} {} {} {:?} {}",
                found.id,
                found.severity,
                package.purl,
                package.layer.diff_id,
                found.advice,
                found.fixed_versions,
                found.unimportant
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_say_what_a_scan_of_the_same_image_says() {
    on_each_database("reports_say_what_a_scan_of_the_same_image_says", |store| async move {
        let folder = tempfile::tempdir().unwrap();
        scanned(&store, folder.path()).await;
        let (now, feed) = (store.clock().now(), feed(folder.path()));
        for sample in demo::samples() {
            let path = folder.path().join("archives").join(sample.folder);
            let context = TargetContext {
                store: &store,
                feed: &feed,
                fetching: &advisories::no_progress(),
                engine: None,
                image: None,
                platforms: Platforms::All,
                registries: &crate::registry::Registries::offline(),
                read_anew: false,
                skip: &crate::scan::skip::Skip::default(),
                prepared: &Engines::built_in(folder.path()).prepare(true, true),
                match_packages: true,
                limits: &Limits::default(),
                cancelled: CancellationToken::new(),
            };
            let target = path.display().to_string();
            let scan = scan_target(&context, &target, &|_| ()).await.unwrap();
            let scan = scan_result(
                &scan[0],
                Order { target: &target, vulnerabilities: true, count_lockfiles: false },
                super::time(now),
            );
            let row = find_image(store.read(), &sample.image.id().to_string()).await.unwrap();
            let report = image_report(store.read(), &row, now).await.unwrap();
            assert_eq!(report.scan_status, ScanStatus::Scanned);
            assert_eq!(told(&report.facts), told(&scan.facts), "{}", sample.folder);
            assert_eq!(report.facts.packages, scan.facts.packages, "{}", sample.folder);
            assert_eq!(report.facts.coverage, scan.facts.coverage, "{}", sample.folder);
            // The store keeps the size that its host tells, which an archive tells compressed.
            let image = Image { size: scan.facts.image.size, ..report.facts.image };
            assert_eq!(image, scan.facts.image, "{}", sample.folder);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_counts_each_vulnerability_once() {
    on_each_database("the_fleet_counts_each_vulnerability_once", |store| async move {
        let folder = tempfile::tempdir().unwrap();
        scanned(&store, folder.path()).await;
        let report = fleet_report(store.read(), store.clock().now()).await.unwrap();
        let totals = report.totals;
        assert_eq!(
            (totals.hosts, totals.images, totals.at_risk, totals.safe, totals.unknown),
            (1, 4, 3, 1, 0)
        );
        assert!(totals.occurrences.total() > totals.vulnerabilities.total());
        let openssl = report.fixes.iter().find(|fix| fix.package == "openssl").unwrap();
        assert_eq!((openssl.to.as_str(), openssl.images), ("1.1.1n-0+deb11u4", 3));
        let shared = report.vulnerabilities.iter().find(|found| found.id == "CVE-2021-3711").unwrap();
        assert_eq!((shared.images, shared.severity, shared.fixable), (3, Severity::Critical, true));
        let unimportant = report.vulnerabilities.iter().find(|found| found.id == "CVE-2005-2541").unwrap();
        assert_eq!((unimportant.severity, unimportant.fixable), (Severity::Low, false));
        assert_eq!(report.images[0].name, "sample/webshop:1.4.0");
        assert_eq!(report.images[3].security_status, SecurityStatus::Safe);
        let covered: Vec<&str> = report.coverage.iter().map(|entry| entry.ecosystem.as_str()).collect();
        assert_eq!(covered, ["Debian:11", "PyPI", "npm"]);
        assert!(report.coverage.iter().all(|entry| entry.advisories > 0 && entry.not_assessed.is_empty()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_whole_and_found_by_plain_names_only() {
    let (store, _data) = crate::store::testing::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    scanned(&store, folder.path()).await;
    let files = write_reports(&store, &folder.path().join("reports"), Scope::Fleet, &ReportFormat::USUAL)
        .await
        .unwrap();
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.len(), 6);
    for file in &files {
        let path = report_path(folder.path(), &file.name).unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().len(), file.size);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path().join("reports")).unwrap().collect();
    assert_eq!(left.len(), 6, "no partial file stays");
    for name in ["", ".", "..", "../lazaret.db", "/etc/passwd", "fleet.html/..", ".hidden", "missing.html"] {
        assert_eq!(report_path(folder.path(), name), None, "{name}");
    }

    let webshop = find_image(store.read(), "sample/webshop").await.unwrap();
    let one =
        write_reports(&store, &folder.path().join("one"), Scope::Image(webshop.id), &ReportFormat::USUAL)
            .await
            .unwrap();
    let kinds: Vec<&str> = one.iter().map(|file| file.media_type).collect();
    assert_eq!(kinds, ["text/html; charset=utf-8", "text/csv; charset=utf-8"]);
    let page = std::fs::read_to_string(folder.path().join("one").join(&one[0].name)).unwrap();
    assert!(page.contains("CVE-2022-28346"));

    let formats = [ReportFormat::CycloneDx, ReportFormat::Spdx];
    let boms =
        write_reports(&store, &folder.path().join("boms"), Scope::Image(webshop.id), &formats).await.unwrap();
    let kinds: Vec<&str> = boms.iter().map(|file| file.media_type).collect();
    assert_eq!(kinds, ["application/vnd.cyclonedx+json; version=1.6", "application/spdx+json; version=2.3"]);
    let all = write_reports(&store, &folder.path().join("all"), Scope::Fleet, &formats).await.unwrap();
    assert_eq!(all.len(), 8, "two of each image: {all:?}");

    let short = &webshop.digest["sha256:".len()..][..12];
    assert_eq!(find_image(store.read(), short).await.unwrap().id, webshop.id);
    for unknown in ["sample/webshop:9", "", "abc", "%", "000000000000"] {
        let error = find_image(store.read(), unknown).await.unwrap_err();
        assert!(matches!(error, ReportingError::NoImage(_)), "{unknown}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_the_demo_are_answered() {
    let (store, _data) = crate::store::testing::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    scanned(&store, folder.path()).await;
    let schema =
        graphql::schema(graphql::Services { store: store.clone(), data_dir: folder.path().to_path_buf() });
    for query in demo::QUERIES {
        let id = graphql::RequestId("1".to_owned());
        let request = async_graphql::Request::new(query.query);
        let response = graphql::execute(&schema, &store, Requester::local(), &id, request).await;
        assert!(response.errors.is_empty(), "{}: {:?}", query.asks, response.errors);
        assert!(!response.data.to_string().contains("null"), "{}: {}", query.asks, response.data);
    }
}
