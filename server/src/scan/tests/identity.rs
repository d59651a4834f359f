use lazaret_entities::{image, image_ref, tag};
use sea_orm::EntityTrait;

use super::{Yard, debian};
use crate::scan::identity::learn;
use crate::store::testing::on_each_database;

async fn by_digest(yard: &Yard, digest: &str) -> image::Model {
    yard.images().await.into_iter().find(|image| image.digest == digest).expect("the image")
}

#[tokio::test]
async fn an_image_whose_digest_is_learned_keeps_its_row_or_joins_the_one_that_is_there() {
    on_each_database("an_image_whose_digest_is_learned", |store| async move {
        let yard = Yard::new(store);
        yard.put("a.tar", debian("1").tag("web:1")).await;
        yard.put("b.tar", debian("2").tag("web:2")).await;
        let (first, second) = (debian("1").id().to_string(), debian("2").id().to_string());
        let now = yard.store.clock().now();

        let row = by_digest(&yard, &first).await;
        let tx = yard.store.begin_write().await.expect("a transaction");
        let renamed = learn(&*tx, row.clone(), "sha256:learned", now).await.expect("learned");
        tx.commit().await.expect("a commit");
        assert_eq!((renamed.id, renamed.digest.as_str()), (row.id, "sha256:learned"));

        yard.authorize_all().await;
        let row = by_digest(&yard, "sha256:learned").await;
        let tx = yard.store.begin_write().await.expect("a transaction");
        let merged = learn(&*tx, row.clone(), &second, now).await.expect("merged");
        tx.commit().await.expect("a commit");
        assert_ne!(merged.id, row.id);
        assert!(merged.authorized);
        assert_eq!(merged.name, "web:1");
        let refs = image_ref::Entity::find().all(yard.store.read()).await.expect("references");
        assert!(refs.iter().all(|reference| reference.image_id == merged.id));
        let tags = tag::Entity::find().all(yard.store.read()).await.expect("tags");
        assert_eq!(tags.iter().filter(|tag| tag.image_id == merged.id).count(), 2);
        assert!(by_digest(&yard, "sha256:learned").await.gone_at.is_some());
    })
    .await;
}
