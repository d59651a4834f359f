//! Containers.

mod filter;

use async_graphql::{Context, Enum, ID, Object};
use lazaret_entities::container;

pub(super) use self::filter::{
    ContainerConnection, ContainerFilterInput, ContainerOrderInput, Of, connection_of,
};
use super::{
    connection::{PageArgs, page_cost},
    error::ApiError,
    host::{Host, said},
    image::Image,
    node::{Kind, encode},
    scalars::{DateTime, known},
};

/// State of a container, as its engine says it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::container::ContainerState")]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Frozen.
    Paused,
    /// Being restarted.
    Restarting,
    /// Being removed.
    Removing,
    /// Ended.
    Exited,
    /// Could not be removed.
    Dead,
}

/// A container as the API shows it.
#[derive(Clone, Debug)]
pub struct Container(pub(super) container::Model);

/// An instance of an image on a host.
#[Object]
impl Container {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::Container, self.0.id)
    }

    /// The id that the engine gave it.
    async fn engine_id(&self) -> &str {
        &self.0.engine_id
    }

    /// Its name, without a leading slash.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// As the engine says it.
    async fn state(&self) -> ContainerState {
        self.0.state.into()
    }

    /// The command that it runs; null when unknown.
    async fn command(&self) -> Option<&str> {
        said(&self.0.command)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last started; null when never or unknown.
    async fn started_at(&self) -> Option<DateTime> {
        known(self.0.started_at)
    }

    /// When Lazaret last saw it change.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// Since when the host no longer has it; null while it has.
    async fn gone_at(&self) -> Option<DateTime> {
        self.0.gone_at.map(Into::into)
    }

    /// The image that it was made from.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>, ApiError> {
        super::node::image(ctx, self.0.image_id).await
    }

    /// The host that runs it.
    async fn host(&self, ctx: &Context<'_>) -> Result<Option<Host>, ApiError> {
        super::node::host(ctx, self.0.host_id).await
    }
}

/// Look-ups of containers.
#[derive(Default)]
pub struct ContainerQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl ContainerQuery {
    /// All containers that exist on some host.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn containers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which containers; all when absent.")] filter: Option<ContainerFilterInput>,
        #[graphql(desc = "The order; by name when absent.")] order_by: Option<ContainerOrderInput>,
    ) -> Result<ContainerConnection, ApiError> {
        connection_of(ctx, PageArgs { first, after, last, before }, filter, order_by, Of::default()).await
    }
}
