//! Learning who an image is. An engine with the containerd image store names an image by a manifest; its config digest,
//! which is its identity, is known only after it was read. Then two rows may turn out to be one image.

use std::collections::BTreeSet;

use lazaret_entities::image::ScanStatus;
use lazaret_entities::{Timestamp, allow_rule, container, image, image_category, image_ref, tag};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, Set,
};

use crate::inventory::presence::refresh_images;

/// Records that the image of row `image_id` has the config digest `digest`, and gives the row that stands for it from
/// now on: the same, or an older one with which it is merged.
///
/// # Errors
/// When the database refuses.
pub async fn learn(
    tx: &impl ConnectionTrait,
    row: image::Model,
    digest: &str,
    now: Timestamp,
) -> Result<image::Model, DbErr> {
    if row.digest == digest {
        return Ok(row);
    }
    let Some(known) = image::Entity::find().filter(image::Column::Digest.eq(digest)).one(tx).await? else {
        let mut row = row.into_active_model();
        row.digest = Set(digest.to_owned());
        return row.update(tx).await;
    };

    let change = image_ref::ActiveModel { image_id: Set(known.id), ..Default::default() };
    image_ref::Entity::update_many()
        .set(change)
        .filter(image_ref::Column::ImageId.eq(row.id))
        .exec(tx)
        .await?;
    let change = container::ActiveModel { image_id: Set(known.id), ..Default::default() };
    container::Entity::update_many()
        .set(change)
        .filter(container::Column::ImageId.eq(row.id))
        .exec(tx)
        .await?;
    for tag in tag::Entity::find().filter(tag::Column::ImageId.eq(row.id)).all(tx).await? {
        let twin = tag::Entity::find()
            .filter(tag::Column::HostId.eq(tag.host_id))
            .filter(tag::Column::Reference.eq(&tag.reference))
            .filter(tag::Column::ImageId.eq(known.id))
            .one(tx)
            .await?;
        if let Some(twin) = twin {
            if tag.gone_at.is_none() && twin.gone_at.is_some() {
                let mut twin = twin.into_active_model();
                twin.gone_at = Set(None);
                twin.update(tx).await?;
            }
            tag.delete(tx).await?;
        } else {
            let mut tag = tag.into_active_model();
            tag.image_id = Set(known.id);
            tag.update(tx).await?;
        }
    }
    let change = allow_rule::ActiveModel { image_id: Set(Some(known.id)), ..Default::default() };
    allow_rule::Entity::update_many()
        .set(change)
        .filter(allow_rule::Column::ImageId.eq(row.id))
        .exec(tx)
        .await?;
    // Nothing was found under this name yet.
    image_category::Entity::delete_many().filter(image_category::Column::ImageId.eq(row.id)).exec(tx).await?;
    let authorized = known.authorized || row.authorized;
    let known_id = known.id;
    let mut known = known.into_active_model();
    known.authorized = Set(authorized);
    known.update(tx).await?;
    let old_id = row.id;
    let mut row = row.into_active_model();
    row.scan_status = Set(ScanStatus::Scanned);
    row.update(tx).await?;
    refresh_images(tx, &BTreeSet::from([old_id, known_id]), now).await?;
    image::Entity::find_by_id(known_id)
        .one(tx)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(format!("image {digest}")))
}
