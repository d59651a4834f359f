//! A small fleet in a real database, and requests to the real schema over it.

use async_graphql::{Request, Response, Variables};
use lazaret_entities::{
    Categories, Category, Severity, Timestamp, advisory, container, host, image, image_category, image_layer,
    image_package, image_ref, layer, package, package_vulnerability, tag, vulnerability, vulnerability_id,
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Set};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    auth::{Requester, Role},
    graphql::{AppSchema, RequestId, Services, execute, schema},
    store::{Store, testing::START},
};

/// The schema over a store.
pub(super) struct Api {
    pub(super) store: Store,
    pub(super) data_dir: TempDir,
    schema: AppSchema,
}

impl Api {
    pub(super) fn over(store: Store) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let services = Services { store: store.clone(), data_dir: data_dir.path().to_path_buf() };
        Self { schema: schema(services), store, data_dir }
    }

    /// Executes as somebody with a role.
    pub(super) async fn ask_as(&self, role: Role, query: &str, variables: Value) -> Response {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let requester = Requester::with_token(1, "test", role);
        execute(&self.schema, &self.store, requester, &RequestId("r1".to_owned()), request).await
    }

    /// The data of a query that succeeds.
    pub(super) async fn data(&self, query: &str, variables: Value) -> Value {
        let response = self.ask_as(Role::Operator, query, variables).await;
        assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
        serde_json::to_value(response.data).unwrap()
    }

    /// The code of the first error of a query that fails.
    pub(super) async fn code(&self, query: &str, variables: Value) -> String {
        let response = self.ask_as(Role::Operator, query, variables).await;
        let errors = serde_json::to_value(&response.errors).unwrap();
        errors[0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
    }
}

/// Runs writes in one transaction.
pub(super) async fn write<F>(store: &Store, work: F)
where
    F: AsyncFnOnce(&sea_orm::DatabaseTransaction),
{
    let tx = store.begin_write().await.unwrap();
    work(&tx).await;
    tx.commit().await.unwrap();
}

/// A host.
pub(super) async fn host(tx: &impl ConnectionTrait, name: &str, state: host::HostState) -> i64 {
    let row = host::ActiveModel {
        name: Set(name.to_owned()),
        kind: Set(host::HostKind::Engine),
        endpoint: Set(format!("unix:///run/{name}.sock")),
        state: Set(state),
        engine_name: Set("Docker Engine".to_owned()),
        engine_version: Set("29.0.1".to_owned()),
        os: Set("Debian GNU/Linux 13".to_owned()),
        kernel: Set(String::new()),
        architecture: Set("amd64".to_owned()),
        storage_driver: Set("overlay2".to_owned()),
        last_seen_at: Set(START),
        last_error: Set(String::new()),
        created_at: Set(START),
        ..Default::default()
    };
    row.insert(tx).await.unwrap().id
}

/// An image by its number, which makes its digest. Few different sizes, so that ties occur.
pub(super) fn image(number: i64) -> image::ActiveModel {
    let severities = i32::try_from(number % 4).unwrap();
    image::ActiveModel {
        digest: Set(format!("sha256:{number:064x}")),
        size: Set(1000 * (number % 5)),
        os: Set("linux".to_owned()),
        architecture: Set("amd64".to_owned()),
        distro: Set("Debian GNU/Linux 11 (bullseye)".to_owned()),
        ecosystem: Set("Debian:11".to_owned()),
        author: Set(String::new()),
        created_at: Set(Timestamp::from_micros(if number % 3 == 0 { 0 } else { number * 1_000_000 })),
        first_seen_at: Set(START),
        last_seen_at: Set(START),
        gone_at: Set(None),
        authorized: Set(number % 2 == 0),
        scan_status: Set(image::ScanStatus::Unscanned),
        scan_error: Set(String::new()),
        last_scanned_at: Set(Timestamp::ZERO),
        security_status: Set(image::SecurityStatus::Unknown),
        security_reason: Set("never scanned".to_owned()),
        critical: Set(severities),
        high: Set(0),
        medium: Set(0),
        low: Set(0),
        unknown: Set(0),
        fixable_critical: Set(0),
        fixable_high: Set(0),
        secrets: Set(0),
        malware: Set(0),
        categories_at_risk: Set(Categories::NONE),
        risk_rank: Set(i64::from(severities)),
        name: Set(format!("app-{}:1", number % 7)),
        hosts_count: Set(1),
        containers_count: Set(0),
        not_assessed: Set("[]".to_owned()),
        warnings: Set("[]".to_owned()),
        ..Default::default()
    }
}

/// What is known of a category of an image.
pub(super) async fn category(
    tx: &impl ConnectionTrait,
    image: i64,
    category: Category,
    status: image::ScanStatus,
    critical: i32,
) {
    let row = image_category::ActiveModel {
        image_id: Set(image),
        category: Set(category),
        status: Set(status),
        error: Set(String::new()),
        last_scanned_at: Set(START),
        engine: Set(String::new()),
        warnings: Set("[]".to_owned()),
        critical: Set(critical),
        high: Set(0),
        medium: Set(0),
        low: Set(0),
        unknown: Set(0),
    };
    image_category::Entity::insert(row).exec_without_returning(tx).await.unwrap();
}

/// An image with a tag on a host.
pub(super) async fn tagged(
    tx: &impl ConnectionTrait,
    row: image::ActiveModel,
    host: i64,
    reference: &str,
) -> i64 {
    let image = row.insert(tx).await.unwrap();
    place(tx, image.id, host, reference).await;
    image.id
}

/// Puts an image on a host under a tag.
pub(super) async fn place(tx: &impl ConnectionTrait, image_id: i64, host_id: i64, reference: &str) {
    let tag = tag::ActiveModel {
        host_id: Set(host_id),
        image_id: Set(image_id),
        reference: Set(reference.to_owned()),
        first_seen_at: Set(START),
        last_seen_at: Set(START),
        gone_at: Set(None),
        ..Default::default()
    };
    tag.insert(tx).await.unwrap();
    let place = image_ref::ActiveModel {
        host_id: Set(host_id),
        engine_id: Set(format!("sha256:{image_id:064x}")),
        manifest_digest: Set(String::new()),
        image_id: Set(image_id),
        location: Set(String::new()),
        last_seen_at: Set(START),
        gone_at: Set(None),
        ..Default::default()
    };
    place.insert(tx).await.unwrap();
}

/// A container of an image.
pub(super) async fn container(
    tx: &impl ConnectionTrait,
    name: &str,
    host_id: i64,
    image_id: i64,
    state: container::ContainerState,
) {
    let row = container::ActiveModel {
        host_id: Set(host_id),
        engine_id: Set(format!("{name}-id")),
        name: Set(name.to_owned()),
        image_id: Set(image_id),
        state: Set(state),
        command: Set("/bin/app".to_owned()),
        created_at: Set(START),
        started_at: Set(START),
        updated_at: Set(START),
        gone_at: Set(None),
        ..Default::default()
    };
    row.insert(tx).await.unwrap();
}

/// A layer of an image.
pub(super) async fn layer(tx: &impl ConnectionTrait, image_id: i64, position: i32, created_by: &str) {
    let layer = layer::ActiveModel {
        diff_id: Set(format!("sha256:{:064x}", image_id * 1000 + i64::from(position))),
        size: Set(10),
        created_at: Set(START),
        ..Default::default()
    };
    let layer = layer.insert(tx).await.unwrap();
    let place = image_layer::ActiveModel {
        image_id: Set(image_id),
        position: Set(position),
        layer_id: Set(layer.id),
        created_by: Set(created_by.to_owned()),
    };
    place.insert(tx).await.unwrap();
}

/// A package in an image.
pub(super) async fn package(
    tx: &impl ConnectionTrait,
    image_id: i64,
    ecosystem: &str,
    name: &str,
    version: &str,
) -> i64 {
    let row = package::ActiveModel {
        ecosystem: Set(ecosystem.to_owned()),
        name: Set(name.to_owned()),
        version: Set(version.to_owned()),
        source_name: Set(name.to_owned()),
        source_version: Set(version.to_owned()),
        arch: Set(String::new()),
        module: Set(String::new()),
        licenses: Set(String::new()),
        match_name: Set(name.to_owned()),
        match_version: Set(version.to_owned()),
        matched_at: Set(START),
        ..Default::default()
    };
    let package = row.insert(tx).await.unwrap();
    let place = image_package::ActiveModel {
        image_id: Set(image_id),
        package_id: Set(package.id),
        path: Set(format!("usr/lib/{name}")),
        layer: Set(0),
        evidence: Set(image_package::Evidence::Installed),
        since: Set(START),
        until: Set(None),
        ..Default::default()
    };
    place.insert(tx).await.unwrap();
    package.id
}

/// An advisory.
pub(super) async fn advisory(tx: &impl ConnectionTrait, ecosystem: &str, osv_id: &str) -> i64 {
    let row = advisory::ActiveModel {
        ecosystem: Set(ecosystem.to_owned()),
        osv_id: Set(osv_id.to_owned()),
        modified: Set(START),
        published: Set(START),
        withdrawn: Set(false),
        severity: Set(Severity::High),
        severity_source: Set("GHSA".to_owned()),
        cvss_score: Set(None),
        cvss_vector: Set(String::new()),
        summary: Set(String::new()),
        details: Set(Vec::new()),
        url: Set(format!("https://osv.dev/{osv_id}")),
        ..Default::default()
    };
    row.insert(tx).await.unwrap().id
}

/// A vulnerability with all its identifiers; the first is the one it is known by.
pub(super) async fn vulnerability(
    tx: &impl ConnectionTrait,
    identifiers: &[&str],
    score: Option<f64>,
) -> i64 {
    let row = vulnerability::ActiveModel {
        display_id: Set(identifiers[0].to_owned()),
        severity: Set(Severity::High),
        severity_source: Set("GHSA".to_owned()),
        cvss_score: Set(score),
        summary: Set(format!("Something is wrong: {}", identifiers[0])),
        malicious: Set(false),
        redirect_id: Set(None),
        created_at: Set(START),
        ..Default::default()
    };
    let id = row.insert(tx).await.unwrap().id;
    for identifier in identifiers {
        let row = vulnerability_id::ActiveModel {
            identifier: Set((*identifier).to_owned()),
            vulnerability_id: Set(id),
            ..Default::default()
        };
        row.insert(tx).await.unwrap();
    }
    id
}

/// What an advisory says of a package.
pub(super) struct Match<'a> {
    pub(super) package: i64,
    pub(super) vulnerability: i64,
    pub(super) advisory: i64,
    pub(super) severity: Severity,
    pub(super) fixed: &'a str,
}

/// Stores a match, known since a second after the fleet was.
pub(super) async fn matched(tx: &impl ConnectionTrait, stated: Match<'_>) {
    let row = package_vulnerability::ActiveModel {
        package_id: Set(stated.package),
        vulnerability_id: Set(stated.vulnerability),
        advisory_id: Set(stated.advisory),
        fixed_versions: Set(stated.fixed.to_owned()),
        severity: Set(stated.severity),
        severity_source: Set("GHSA".to_owned()),
        unimportant: Set(false),
        since: Set(Timestamp::from_micros(START.as_micros() + 1_000_000)),
        until: Set(None),
        ..Default::default()
    };
    row.insert(tx).await.unwrap();
}
