use lazaret_entities::EventType::{self, ImageDiscovered, ImageRemoved};
use lazaret_entities::container::ContainerState;
use lazaret_entities::host::{HostKind, HostState};
use lazaret_entities::{Timestamp, container, event, host, image, tag};
use sea_orm::EntityTrait;

use crate::inventory::hosts::offline;
use crate::inventory::reconcile::{Applied, apply, known};
use crate::inventory::snapshot::{ContainerSnapshot, HostSnapshot, ImageDetails, ImageSnapshot};
use crate::store::Store;
use crate::store::testing::on_each_database;

fn host(endpoint: &str, images: Vec<ImageSnapshot>, containers: Vec<ContainerSnapshot>) -> HostSnapshot {
    HostSnapshot {
        endpoint: endpoint.to_owned(),
        kind: HostKind::Engine,
        name: "ship".to_owned(),
        engine_name: "Docker Engine".to_owned(),
        engine_version: "20.10.24".to_owned(),
        os: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        kernel: "6.1.0".to_owned(),
        architecture: "x86_64".to_owned(),
        storage_driver: "overlay2".to_owned(),
        error: String::new(),
        images,
        containers,
    }
}

fn image(digest: &str, tags: &[&str]) -> ImageSnapshot {
    ImageSnapshot {
        engine_id: digest.to_owned(),
        digest: digest.to_owned(),
        manifest_digest: String::new(),
        location: String::new(),
        size: 7,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        details: Some(ImageDetails {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            author: String::new(),
            created_at: Timestamp::from_micros(1),
        }),
    }
}

fn container(id: &str, image: &str, state: ContainerState) -> ContainerSnapshot {
    ContainerSnapshot {
        engine_id: id.to_owned(),
        name: format!("name-{id}"),
        image_engine_id: image.to_owned(),
        state,
        command: "sleep 1".to_owned(),
        created_at: Timestamp::from_micros(1),
        started_at: Timestamp::from_micros(2),
    }
}

async fn write(store: &Store, snapshot: &HostSnapshot) -> Applied {
    let tx = store.begin_write().await.expect("a transaction");
    let applied = apply(&*tx, snapshot, store.clock().now()).await.expect("applied");
    tx.commit().await.expect("a commit");
    applied
}

async fn find(store: &Store, digest: &str) -> image::Model {
    let images = image::Entity::find().all(store.read()).await.expect("images");
    images.into_iter().find(|image| image.digest == digest).expect("the image")
}

#[tokio::test]
async fn what_vanished_is_marked_gone_and_comes_back_as_the_same() {
    on_each_database("what_vanished", |store| async move {
        let both = host(
            "unix:///a",
            vec![image("sha256:one", &["web:1", "app:1"]), image("sha256:two", &[])],
            vec![container("c1", "sha256:one", ContainerState::Running)],
        );
        let first = write(&store, &both).await;
        assert_eq!(first.discovered.len(), 2);
        let one = find(&store, "sha256:one").await;
        assert_eq!((one.name.as_str(), one.hosts_count, one.containers_count), ("app:1", 1, 1));
        assert_eq!(find(&store, "sha256:two").await.name, "two");

        let again = write(&store, &both).await;
        assert_eq!((again.discovered.len(), again.removed.len()), (0, 0));

        let left = host("unix:///a", vec![image("sha256:two", &["db:1"])], Vec::new());
        let second = write(&store, &left).await;
        assert_eq!(second.removed, [one.id]);
        let one = find(&store, "sha256:one").await;
        assert!(one.gone_at.is_some());
        assert_eq!((one.name.as_str(), one.hosts_count, one.containers_count), ("app:1", 0, 0));
        assert_eq!(find(&store, "sha256:two").await.name, "db:1");
        let tags = tag::Entity::find().all(store.read()).await.expect("tags");
        assert_eq!(tags.iter().filter(|tag| tag.gone_at.is_none()).count(), 1);
        let containers = container::Entity::find().all(store.read()).await.expect("containers");
        assert!(containers[0].gone_at.is_some());

        assert_eq!(write(&store, &both).await.discovered, [one.id]);
        let back = find(&store, "sha256:one").await;
        assert_eq!((back.id, back.gone_at, back.containers_count), (one.id, None, 1));
        let events = event::Entity::find().all(store.read()).await.expect("events");
        let types: Vec<EventType> = events.iter().map(|event| event.event_type).collect();
        assert_eq!(types, [ImageDiscovered, ImageDiscovered, ImageRemoved, ImageDiscovered]);
    })
    .await;
}

#[tokio::test]
async fn the_same_image_on_two_hosts_is_one_image() {
    on_each_database("the_same_image", |store| async move {
        write(&store, &host("unix:///a", vec![image("sha256:one", &["web:1"])], Vec::new())).await;
        let there =
            write(&store, &host("unix:///b", vec![image("sha256:one", &["web:2"])], Vec::new())).await;
        assert!(there.discovered.is_empty());
        let one = find(&store, "sha256:one").await;
        assert_eq!((one.hosts_count, one.name.as_str()), (2, "web:1"));
        let gone = write(&store, &host("unix:///a", Vec::new(), Vec::new())).await;
        assert!(gone.removed.is_empty(), "the other host still has it");
        let one = find(&store, "sha256:one").await;
        assert_eq!((one.hosts_count, one.gone_at, one.name.as_str()), (1, None, "web:2"));
    })
    .await;
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_offline_and_keeps_what_it_had() {
    on_each_database("a_host_that_does_not_answer", |store| async move {
        let snapshot = host(
            "unix:///a",
            vec![image("sha256:one", &["web:1"])],
            vec![container("c1", "sha256:one", ContainerState::Running)],
        );
        write(&store, &snapshot).await;
        for endpoint in ["unix:///a", "unix:///never-seen"] {
            let tx = store.begin_write().await.expect("a transaction");
            offline(&*tx, endpoint, HostKind::Engine, "no answer", store.clock().now())
                .await
                .expect("stored");
            tx.commit().await.expect("a commit");
        }
        let hosts = host::Entity::find().all(store.read()).await.expect("hosts");
        assert_eq!(hosts.len(), 2);
        assert!(hosts.iter().all(|host| host.state == HostState::Offline && host.last_error == "no answer"));
        assert_eq!(find(&store, "sha256:one").await.gone_at, None);
        let known = known(store.read(), "unix:///a").await.expect("known");
        assert!(known.images.contains("sha256:one"));
        assert_eq!(known.containers["c1"].0, ContainerState::Running);

        write(&store, &snapshot).await;
        let hosts = host::Entity::find().all(store.read()).await.expect("hosts");
        let back = hosts.iter().find(|host| host.endpoint == "unix:///a").expect("the host");
        assert_eq!((back.state, back.last_error.as_str()), (HostState::Online, ""));
    })
    .await;
}

#[tokio::test]
async fn two_thousand_images_and_containers_are_stored_in_batches() {
    on_each_database("two_thousand_images", |store| async move {
        let images: Vec<ImageSnapshot> = (0..2_000)
            .map(|number| image(&format!("sha256:{number:064}"), &[&format!("app:{number}")]))
            .collect();
        let containers = (0..2_000)
            .map(|number| {
                container(&format!("c{number}"), &format!("sha256:{number:064}"), ContainerState::Exited)
            })
            .collect();
        let snapshot = host("unix:///a", images, containers);
        assert_eq!(write(&store, &snapshot).await.discovered.len(), 2_000);
        assert_eq!(write(&store, &snapshot).await.discovered.len(), 0);
        assert_eq!(write(&store, &host("unix:///a", Vec::new(), Vec::new())).await.removed.len(), 2_000);
    })
    .await;
}
