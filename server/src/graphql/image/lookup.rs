//! Look-ups of images.

use async_graphql::{Context, ID, Object, OneofObject};

use super::{
    filter::{ImageConnection, ImageFilterInput, ImageOrderInput, connection_of},
    object::Image,
};
use crate::{
    graphql::{
        connection::{PageArgs, page_cost},
        context::{database, requester},
        error::ApiError,
        node::{Kind, key_of},
    },
    inventory::list_images::{image_by_digest, image_by_reference},
};

/// What an image is looked up by: exactly one of these.
#[derive(OneofObject, Clone, Debug)]
pub enum ImageBy {
    /// Its global id.
    Id(ID),
    /// The digest of its configuration, `sha256:…`, or at least 12 hexadecimal digits that begin it.
    Digest(String),
    /// A tag that points to it now, for example `debian:12`; without a tag, `latest` is meant.
    Reference(String),
}

/// Look-ups of images.
#[derive(Default)]
pub struct ImageQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl ImageQuery {
    /// One image; null when there is no such image.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look it up by.")] by: ImageBy,
    ) -> Result<Option<Image>, ApiError> {
        let requester = requester(ctx)?;
        let conn = database(ctx)?;
        Ok(match by {
            ImageBy::Id(id) => match key_of(Kind::Image, &id) {
                Some(key) => crate::graphql::node::image(ctx, key).await?,
                None => None,
            },
            ImageBy::Digest(digest) => image_by_digest(conn, requester, &digest).await?.map(Image),
            ImageBy::Reference(reference) => {
                image_by_reference(conn, requester, &reference).await?.map(Image)
            }
        })
    }

    /// All images that exist on some host.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which images; all when absent.")] filter: Option<ImageFilterInput>,
        #[graphql(desc = "The order; the riskiest first when absent.")] order_by: Option<ImageOrderInput>,
    ) -> Result<ImageConnection, ApiError> {
        connection_of(ctx, PageArgs { first, after, last, before }, filter, order_by, None).await
    }
}
