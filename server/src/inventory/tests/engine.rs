//! Against a real engine: `LAZARET_TEST_DOCKER` is its address.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{ImportImageOptions, RemoveImageOptions};
use futures_util::StreamExt;
use lazaret_entities::container::ContainerState;
use lazaret_entities::host::HostState;
use lazaret_entities::{host, image, tag};
use lazaret_scanner::Limits;
use lazaret_scanner::archive::Platforms;
use lazaret_scanner::testing::{DockerArchive, ImageBuilder, LayerBuilder};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::inventory::docker::{Engine, EngineError, find_engine};
use crate::inventory::follow::{FollowContext, follow_engine};
use crate::inventory::snapshot::Known;
use crate::scan::analyse::{ImageSource, inspect, read};
use crate::scan::engines::Engines;
use crate::scan::reading::{BytesRead, Reading};
use crate::store::Store;
use crate::store::testing::sqlite;

fn engine() -> Option<String> {
    let endpoint = std::env::var("LAZARET_TEST_DOCKER").ok().filter(|endpoint| !endpoint.is_empty());
    if endpoint.is_none() {
        println!("skipped: no Docker Engine");
    }
    endpoint
}

/// An image of two layers; `name` makes it another one than those of other tests.
fn sample(name: &str) -> ImageBuilder {
    let status = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.1-2\n\n";
    ImageBuilder::new()
        .layer(
            LayerBuilder::new()
                .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
                .file("name", name),
        )
        .layer(LayerBuilder::new().file("var/lib/dpkg/status", status))
        .tag(&format!("lazaret-unit/{name}:1"))
}

async fn load(docker: &Docker, image: ImageBuilder) {
    let archive = DockerArchive::new().image(image).build();
    let body = bollard::body_full(archive.into());
    let mut answers = docker.import_image(ImportImageOptions::default(), body, None);
    while let Some(answer) = answers.next().await {
        answer.expect("an engine that loads");
    }
}

async fn remove(docker: &Docker, name: &str) {
    let options = RemoveImageOptions { force: true, ..RemoveImageOptions::default() };
    docker.remove_image(&format!("lazaret-unit/{name}:1"), Some(options), None).await.expect("removed");
}

fn client(endpoint: &str) -> Docker {
    Docker::connect_with_host(endpoint).expect("a client")
}

#[test]
fn docker_host_wins_over_the_standard_sockets() {
    assert_eq!(find_engine(Some("tcp://ship:2375"), None).as_deref(), Some("tcp://ship:2375"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("docker.sock"), b"").expect("a file");
    assert!(find_engine(Some(""), Some(folder.path())).is_some());
}

#[tokio::test]
async fn an_address_without_an_engine_is_told_in_one_sentence() {
    let error = Engine::connect("unix:///nowhere/docker.sock").await.expect_err("no engine");
    assert!(matches!(error, EngineError::Unreachable { .. } | EngineError::Address { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/docker.sock"), "{error}");
    let error = Engine::connect("ship").await.expect_err("no address");
    assert!(error.to_string().contains("DOCKER_HOST"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_the_engine_is_listed_inspected_and_read_from_its_export() {
    let Some(endpoint) = engine() else { return };
    let docker = client(&endpoint).negotiate_version().await.expect("an engine");
    load(&docker, sample("export")).await;
    let created = docker
        .create_container(
            None,
            ContainerCreateBody {
                image: Some("lazaret-unit/export:1".to_owned()),
                cmd: Some(vec!["/bin/true".to_owned()]),
                ..ContainerCreateBody::default()
            },
        )
        .await
        .expect("a container");
    let connected = Engine::connect(&endpoint).await.expect("an engine");
    let snapshot = connected.snapshot(&Known::default(), &HashSet::new()).await.expect("a list");
    let listed = snapshot
        .images
        .iter()
        .find(|image| image.tags.iter().any(|tag| tag == "lazaret-unit/export:1"))
        .expect("the image");
    assert_eq!(listed.details.as_ref().map(|details| details.architecture.as_str()), Some("amd64"));

    let container =
        snapshot.containers.iter().find(|container| container.engine_id == created.id).expect("listed");
    assert_eq!((container.state, &container.image_engine_id), (ContainerState::Created, &listed.engine_id));
    assert!(container.started_at.is_zero() && !container.created_at.is_zero());
    docker.remove_container(&created.id, None).await.expect("removed");

    let from = ImageSource::Engine { endpoint: endpoint.clone(), image: listed.engine_id.clone() };
    let inspected = inspect(&from, &Limits::default(), &Platforms::All).await.expect("inspected").remove(0);
    assert_eq!(inspected.config.diff_ids, sample("export").diff_ids());
    let folder = tempfile::tempdir().expect("a folder");
    let prepared = Engines::built_in(folder.path()).prepare(true, false);
    let cancelled = CancellationToken::new();
    let reading =
        || Reading::of_missing(&Limits::default(), &Platforms::All, &prepared, &BTreeMap::new(), &cancelled);
    let (one, bytes) = (reading(), BytesRead::default());
    let one = Reading { bytes: bytes.clone(), ..one };
    let contents = read(&from, one).await.expect("an export").contents;
    assert_eq!(contents.images[0].id.to_string(), listed.digest);
    assert_eq!(contents.layers.len(), 2);
    assert!(bytes.get() > 0);

    cancelled.cancel();
    let error = read(&from, reading()).await.expect_err("cancelled");
    assert_eq!(error.to_string(), "the scan was cancelled");

    remove(&docker, "export").await;
    let error = inspect(&from, &Limits::default(), &Platforms::All).await.expect_err("removed");
    assert!(error.to_string().contains("has no image"), "{error}");
}

async fn tag_is_present(store: &Store, reference: &str) -> bool {
    tag::Entity::find()
        .filter(tag::Column::Reference.eq(reference))
        .filter(tag::Column::GoneAt.is_null())
        .one(store.read())
        .await
        .expect("a read")
        .is_some()
}

async fn wait_for(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_comes_and_goes_is_followed() {
    let Some(endpoint) = engine() else { return };
    let docker = client(&endpoint).negotiate_version().await.expect("an engine");
    let (store, _folder) = sqlite().await;
    let context = FollowContext {
        store: store.clone(),
        limits: Limits::default(),
        // So long that only events can make the test pass.
        reconcile_interval: Duration::from_hours(1),
        cancelled: CancellationToken::new(),
    };
    let stop = context.cancelled.clone();
    let following = tokio::spawn(follow_engine(context, endpoint));
    let online = async || {
        let hosts = host::Entity::find().all(store.read()).await.expect("hosts");
        hosts.iter().any(|host| host.state == HostState::Online)
    };
    wait_for("the engine is online", online).await;
    load(&docker, sample("followed")).await;
    wait_for("the image came", async || tag_is_present(&store, "lazaret-unit/followed:1").await).await;
    remove(&docker, "followed").await;
    wait_for("the image went", async || !tag_is_present(&store, "lazaret-unit/followed:1").await).await;
    let images = image::Entity::find().all(store.read()).await.expect("images");
    assert!(images.iter().any(|image| image.gone_at.is_some() && image.name == "lazaret-unit/followed:1"));
    stop.cancel();
    following.await.expect("a follower that stops");
}
