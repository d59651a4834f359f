use lazaret_entities::host::HostKind;
use lazaret_entities::{EventType, Timestamp, event, image};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{AuthorizeError, Authorized, authorize_images};
use crate::auth::Requester;
use crate::inventory::reconcile::apply;
use crate::inventory::snapshot::{HostSnapshot, ImageSnapshot};
use crate::store::Store;
use crate::store::testing::on_each_database;

/// Stores images that a host has and gives their ids.
async fn images(store: &Store, digests: &[&str]) -> Vec<i64> {
    let text = String::new;
    let snapshot = HostSnapshot {
        endpoint: "unix:///engine".to_owned(),
        kind: HostKind::Engine,
        name: text(),
        engine_name: text(),
        engine_version: text(),
        os: text(),
        kernel: text(),
        architecture: text(),
        storage_driver: text(),
        error: text(),
        images: digests
            .iter()
            .map(|digest| ImageSnapshot {
                engine_id: (*digest).to_owned(),
                digest: (*digest).to_owned(),
                manifest_digest: text(),
                location: text(),
                size: 1,
                tags: Vec::new(),
                details: None,
            })
            .collect(),
        containers: Vec::new(),
    };
    let tx = store.begin_write().await.expect("a transaction");
    let applied = apply(&*tx, &snapshot, Timestamp::from_micros(1)).await.expect("stored");
    tx.commit().await.expect("a commit");
    applied.discovered
}

async fn authorize(store: &Store, ids: &[i64]) -> Result<Authorized, AuthorizeError> {
    let now = store.clock().now();
    let tx = store.begin_write().await?;
    let done = authorize_images(&*tx, &Requester::local(), ids, now).await?;
    tx.commit().await?;
    Ok(done)
}

#[tokio::test]
async fn authorizing_twice_counts_once() {
    on_each_database("authorizing_twice", |store| async move {
        let ids = images(&store, &["sha256:a", "sha256:b"]).await;
        let first = authorize(&store, &[ids[0], ids[0]]).await.expect("authorized");
        assert_eq!(first, Authorized { newly: vec![ids[0]], already: Vec::new() });
        let second = authorize(&store, &ids).await.expect("authorized");
        assert_eq!(second, Authorized { newly: vec![ids[1]], already: vec![ids[0]] });
        let events = event::Entity::find()
            .filter(event::Column::EventType.eq(EventType::ImageAuthorized))
            .all(store.read())
            .await
            .expect("events");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].subject, format!("Image:{}", ids[0]));
        assert!(events[0].payload.contains(r#""by":"local""#));
    })
    .await;
}

#[tokio::test]
async fn one_unknown_image_leaves_all_as_they_were() {
    on_each_database("one_unknown_image", |store| async move {
        let ids = images(&store, &["sha256:a"]).await;
        let refused = authorize(&store, &[ids[0], 99]).await.expect_err("99 does not exist");
        assert!(matches!(refused, AuthorizeError::NotFound(missing) if missing == [99]));
        let image = image::Entity::find().one(store.read()).await.expect("a read").expect("the image");
        assert!(!image.authorized);
    })
    .await;
}
