//! Authorizing images.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use lazaret_entities::image;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::object::Image;
use crate::{
    auth::Role,
    authorization::{AuthorizeError, authorize_images},
    graphql::{
        context::{requester_with, services},
        error::ApiError,
        node::{Kind, MAX_IDS, key_of},
        scalars::int,
    },
    inventory::overview::authorized_images,
};

/// What goes wrong when images are authorized. More codes may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeImagesErrorCode {
    /// An id names no image.
    NotFound,
    /// The input is not acceptable.
    Invalid,
}

user_error!(
    AuthorizeImagesError,
    AuthorizeImagesErrorCode,
    "Why images were not authorized. Nothing was changed then."
);

/// Which images to authorize.
#[derive(InputObject, Clone, Debug)]
pub struct AuthorizeImagesInput {
    /// Global ids of images, 1 to 100.
    image_ids: Vec<ID>,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// The licenses of this installation. Each authorized image takes one.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Licenses {
    /// How many there are; null when they are unlimited.
    total: Option<i32>,
    /// How many are taken.
    used: i32,
    /// How many are left; null when they are unlimited.
    available: Option<i32>,
}

/// What became of the images.
#[derive(SimpleObject, Clone, Debug)]
pub struct AuthorizeImagesPayload {
    /// The images, all of them authorized now; null when nothing was changed.
    images: Option<Vec<Image>>,
    /// How many of them were not authorized before; 0 when nothing was changed.
    newly_authorized: i32,
    /// The licenses after the change; null when nothing was changed.
    licenses: Option<Licenses>,
    /// Why nothing was changed; empty when it was.
    user_errors: Vec<AuthorizeImagesError>,
    /// What the input had.
    client_mutation_id: Option<String>,
}

/// Changes of images.
#[derive(Default)]
pub struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Allows images to be scanned: all of them or, on an error, none. To authorize one twice costs once. Needs
    /// the role OPERATOR.
    async fn authorize_images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which images.")] input: AuthorizeImagesInput,
    ) -> Result<AuthorizeImagesPayload, ApiError> {
        let requester = requester_with(ctx, Role::Operator)?.clone();
        let services = services(ctx)?;
        let mut payload = AuthorizeImagesPayload {
            images: None,
            newly_authorized: 0,
            licenses: None,
            user_errors: Vec::new(),
            client_mutation_id: input.client_mutation_id,
        };
        if input.image_ids.is_empty() || input.image_ids.len() > MAX_IDS {
            payload.user_errors.push(AuthorizeImagesError::new(
                AuthorizeImagesErrorCode::Invalid,
                &["imageIds"],
                format!("give 1 to {MAX_IDS} images; these are {}", input.image_ids.len()),
            ));
            return Ok(payload);
        }
        let keys: Vec<Option<i64>> = input.image_ids.iter().map(|id| key_of(Kind::Image, id)).collect();
        let not_found = |index: usize| {
            AuthorizeImagesError::new(
                AuthorizeImagesErrorCode::NotFound,
                &["imageIds", &index.to_string()],
                "there is no image with this id; list images with the query `images`",
            )
        };
        if keys.iter().any(Option::is_none) {
            let missing = keys.iter().enumerate().filter(|(_, key)| key.is_none());
            payload.user_errors = missing.map(|(index, _)| not_found(index)).collect();
            return Ok(payload);
        }
        let ids: Vec<i64> = keys.iter().flatten().copied().collect();
        let (now, wanted) = (services.store.clock().now(), ids.clone());
        let outcome = services
            .store
            .write_tx(move |tx| Box::pin(async move { authorize_images(tx, &requester, &wanted, now).await }))
            .await;
        match outcome {
            Ok(authorized) => {
                let conn = services.store.read();
                let rows = image::Entity::find()
                    .filter(image::Column::Id.is_in(ids))
                    .order_by_asc(image::Column::Id)
                    .all(conn)
                    .await?;
                payload.images = Some(rows.into_iter().map(Image).collect());
                payload.newly_authorized = int(authorized.newly.len());
                let used = int(authorized_images(conn).await?);
                payload.licenses = Some(Licenses { total: None, used, available: None });
            }
            Err(AuthorizeError::NotFound(missing)) => {
                let indexes =
                    keys.iter().enumerate().filter(|(_, key)| key.is_some_and(|key| missing.contains(&key)));
                payload.user_errors = indexes.map(|(index, _)| not_found(index)).collect();
            }
            Err(error) => return Err(ApiError::internal(error)),
        }
        Ok(payload)
    }
}
