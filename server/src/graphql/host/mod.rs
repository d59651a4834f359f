//! Hosts.

mod filter;

use async_graphql::{Context, Enum, ID, Object};
use lazaret_entities::host;

pub(super) use self::filter::{HostConnection, HostFilterInput, HostOrderInput, connection_of};
use super::{
    connection::{PageArgs, page_cost},
    container::{ContainerConnection, ContainerFilterInput, ContainerOrderInput},
    context::requester,
    error::ApiError,
    image::{ImageConnection, ImageFilterInput, ImageOrderInput},
    node::{Kind, encode, key_of},
    scalars::{DateTime, known},
};

/// Whether a host answers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::host::HostState")]
pub enum HostState {
    /// The last contact succeeded.
    Online,
    /// The last contact failed.
    Offline,
}

/// What stands behind a host.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::host::HostKind")]
pub enum HostKind {
    /// A container engine.
    Engine,
    /// A folder of image archives.
    Archives,
}

/// A host as the API shows it.
#[derive(Clone, Debug)]
pub struct Host(pub(super) host::Model);

/// A machine with a container engine, or a folder of image archives that stands for one.
#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl Host {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::Host, self.0.id)
    }

    /// The machine's name, or the folder's.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What stands behind it.
    async fn kind(&self) -> HostKind {
        self.0.kind.into()
    }

    /// The address of the engine, or the path of the folder.
    async fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// Whether it answers.
    async fn state(&self) -> HostState {
        self.0.state.into()
    }

    /// Why it is offline; null when it is not.
    async fn error(&self) -> Option<&str> {
        said(&self.0.last_error)
    }

    /// The engine's name; null for a folder.
    async fn engine_name(&self) -> Option<&str> {
        said(&self.0.engine_name)
    }

    /// The engine's version; null when unknown.
    async fn engine_version(&self) -> Option<&str> {
        said(&self.0.engine_version)
    }

    /// The machine's operating system; null when unknown.
    async fn operating_system(&self) -> Option<&str> {
        said(&self.0.os)
    }

    /// The machine's kernel version; null when unknown.
    async fn kernel(&self) -> Option<&str> {
        said(&self.0.kernel)
    }

    /// The machine's CPU architecture; null when unknown.
    async fn architecture(&self) -> Option<&str> {
        said(&self.0.architecture)
    }

    /// The engine's storage driver; null when unknown.
    async fn storage_driver(&self) -> Option<&str> {
        said(&self.0.storage_driver)
    }

    /// When it last answered; null when never.
    async fn last_seen_at(&self) -> Option<DateTime> {
        known(self.0.last_seen_at)
    }

    /// When Lazaret first met it.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The images that it has now.
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
        let page = PageArgs { first, after, last, before };
        super::image::connection_of(ctx, page, filter, order_by, Some(self.0.id)).await
    }

    /// The containers that it has now.
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
        let page = PageArgs { first, after, last, before };
        let on = super::container::Of { host: Some(self.0.id), image: None };
        super::container::connection_of(ctx, page, filter, order_by, on).await
    }
}

/// Text that is there.
pub(super) fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Look-ups of hosts.
#[derive(Default)]
pub struct HostQuery;

#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl HostQuery {
    /// A host by its global id; null when there is no such host.
    async fn host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The host's global id.")] id: ID,
    ) -> Result<Option<Host>, ApiError> {
        requester(ctx)?;
        match key_of(Kind::Host, &id) {
            Some(key) => super::node::host(ctx, key).await,
            None => Ok(None),
        }
    }

    /// All hosts.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn hosts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which hosts; all when absent.")] filter: Option<HostFilterInput>,
        #[graphql(desc = "The order; by name when absent.")] order_by: Option<HostOrderInput>,
    ) -> Result<HostConnection, ApiError> {
        connection_of(ctx, PageArgs { first, after, last, before }, filter, order_by, None).await
    }
}
