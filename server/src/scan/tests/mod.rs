//! The way of an image from an archive on disk to its findings, on real stores.

mod behind;
pub(crate) mod found;
mod identity;
mod jobs;
mod layers;
mod lists;
mod malicious;
mod results;
mod target;

use std::fs;
use std::path::Path;
use std::time::Duration;

use lazaret_entities::{Categories, image, scan_job, scan_task};
use lazaret_scanner::Limits;
use lazaret_scanner::testing::{ImageBuilder, LayerBuilder, OciLayout};
use sea_orm::{EntityTrait, QueryOrder};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::engines::Engines;
use super::order::{OrderError, Scope, start_scan};
use super::worker::{ScanContext, ScanWorker};
use crate::advisories::{AdvisoriesConfig, Feed, import_path, no_progress};
use crate::auth::Requester;
use crate::authorization::authorize_images;
use crate::egress::{Egress, EgressConfig};
use crate::inventory::follow::{FollowContext, sync_archives};
use crate::queue::{Runner, RunnerOptions};
use crate::store::Store;

/// A folder of archives and all that is needed to scan what is in it.
pub(crate) struct Yard {
    pub(crate) store: Store,
    pub(super) archives: TempDir,
    scratch: TempDir,
}

impl Yard {
    pub(super) fn new(store: Store) -> Self {
        let folder = || tempfile::tempdir().expect("a temporary folder");
        Self { store, archives: folder(), scratch: folder() }
    }

    pub(super) fn follow(&self) -> FollowContext {
        FollowContext {
            store: self.store.clone(),
            limits: Limits::default(),
            reconcile_interval: Duration::from_mins(5),
            cancelled: CancellationToken::new(),
        }
    }

    /// Puts an archive into the folder and tells the store of it.
    pub(super) async fn put(&self, name: &str, image: ImageBuilder) {
        fs::write(self.archives.path().join(name), OciLayout::new().image(image).build())
            .expect("an archive");
        self.sync().await;
    }

    pub(super) async fn sync(&self) {
        sync_archives(&self.follow(), self.archives.path()).await.expect("a readable folder");
    }

    /// Imports one advisory: openssl of Debian 11 below 1.1.1n-0+deb11u5.
    pub(super) async fn advise(&self, ecosystem: &str) {
        let folder = self.scratch.path().join(ecosystem);
        fs::create_dir_all(&folder).expect("a folder");
        let record = serde_json::json!({
            "schema_version": "1.7.0", "id": "DSA-5417-1", "modified": "2023-05-31T00:00:00Z",
            "published": "2023-05-31T00:00:00Z", "upstream": ["CVE-2023-0464"], "summary": "openssl - security update",
            "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
            "affected": [{
                "package": { "ecosystem": "Debian:11", "name": "openssl" },
                "ranges": [{ "type": "ECOSYSTEM", "events": [
                    { "introduced": "0" }, { "fixed": "1.1.1n-0+deb11u5" }
                ] }],
            }],
        });
        fs::write(folder.join("DSA-5417-1.json"), record.to_string()).expect("a record");
        let refreshed =
            import_path(&self.store, &folder, Some(ecosystem), &no_progress()).await.expect("an import");
        super::counts::settle(&self.store, &refreshed).await.expect("counts");
    }

    pub(super) fn feed(&self) -> Feed {
        let egress = Egress::new(&EgressConfig::default(), true).expect("an egress that is closed");
        Feed::new(&AdvisoriesConfig::default(), egress, self.scratch.path().to_path_buf()).expect("a feed")
    }

    pub(super) async fn images(&self) -> Vec<image::Model> {
        image::Entity::find().order_by_asc(image::Column::Id).all(self.store.read()).await.expect("images")
    }

    pub(super) async fn authorize_all(&self) {
        let ids: Vec<i64> = self.images().await.into_iter().map(|image| image.id).collect();
        let now = self.store.clock().now();
        let tx = self.store.begin_write().await.expect("a transaction");
        authorize_images(&*tx, &Requester::local(), &ids, now).await.expect("images that exist");
        tx.commit().await.expect("a commit");
    }

    pub(super) async fn order(&self, scope: &Scope) -> Result<i64, OrderError> {
        self.order_for(scope, Categories::ALL).await
    }

    pub(super) async fn order_for(&self, scope: &Scope, categories: Categories) -> Result<i64, OrderError> {
        let now = self.store.clock().now();
        let tx = self.store.begin_write().await?;
        let job =
            start_scan(&tx, &Requester::local(), scope, categories, scan_job::Trigger::Manual, now).await?;
        tx.commit().await?;
        Ok(job)
    }

    pub(super) async fn job(&self, id: i64) -> scan_job::Model {
        scan_job::Entity::find_by_id(id).one(self.store.read()).await.expect("a read").expect("the job")
    }

    pub(super) async fn tasks(&self) -> Vec<scan_task::Model> {
        scan_task::Entity::find()
            .order_by_asc(scan_task::Column::Id)
            .all(self.store.read())
            .await
            .expect("tasks")
    }

    /// Works on the queue until no task is open.
    pub(super) async fn work(&self) {
        let context = ScanContext {
            store: self.store.clone(),
            limits: Limits::default(),
            engines: Engines::built_in(self.scratch.path()),
            feed: self.feed(),
            fetching: no_progress(),
        };
        let options = RunnerOptions { poll: Duration::from_millis(50), ..RunnerOptions::default() };
        let stop = CancellationToken::new();
        let runner = Runner::new(self.store.clone(), ScanWorker::new(context), options);
        let running = tokio::spawn(runner.run(stop.clone()));
        let all_closed = async {
            while self.tasks().await.iter().any(|task| task.finished_at.is_zero()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), all_closed).await.expect("tasks that end");
        stop.cancel();
        running.await.expect("a runner that stops");
    }
}

/// Debian 11 with an OpenSSL of this version.
pub(super) fn debian(openssl: &str) -> ImageBuilder {
    let status = format!(
        "Package: libssl1.1\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: {openssl}\n\n"
    );
    ImageBuilder::new()
        .layer(LayerBuilder::new().os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)"))
        .layer(LayerBuilder::new().file("var/lib/dpkg/status", status))
}

/// An archive that ends in the middle of a layer.
pub(super) fn truncate(path: &Path) {
    let bytes = fs::read(path).expect("an archive");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("half an archive");
}
