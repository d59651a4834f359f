//! Which containers, in which order.

use async_graphql::{Context, Enum, ID, InputObject};

use super::{Container, ContainerState};
use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        node::{Kind, keys_of},
        order::{OrderDirection, limited, searched},
    },
    inventory::list_containers::{ContainerFilter, ContainerOrder, count_containers, list_containers},
};

connection!(ContainerConnection, ContainerEdge, Container, "A page of containers.", "A container in a page.");

/// Which containers are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "ContainerFilter")]
pub struct ContainerFilterInput {
    /// Text in the name, the engine's id, the command or the host's name.
    search: Option<String>,
    /// As the engine says it: any of these.
    state: Option<Vec<ContainerState>>,
    /// On any of these hosts.
    host_id: Option<Vec<ID>>,
}

/// What containers are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ContainerOrder")]
pub enum ContainerOrderField {
    /// The name.
    Name,
    /// The time at which it was made.
    CreatedAt,
    /// The time of its last change.
    UpdatedAt,
}

/// An order of containers.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name = "ContainerOrder")]
pub struct ContainerOrderInput {
    /// What to order by.
    field: ContainerOrderField,
    /// Which end comes first.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What the list belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::graphql) struct Of {
    pub(in crate::graphql) host: Option<i64>,
    pub(in crate::graphql) image: Option<i64>,
}

/// A page of containers, of a host or of an image when one is given.
pub(in crate::graphql) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<ContainerFilterInput>,
    order: Option<ContainerOrderInput>,
    of: Of,
) -> Result<ContainerConnection, ApiError> {
    let input = filter.unwrap_or_default();
    let wanted = limited("hostId", input.host_id)?
        .map(|ids| keys_of(Kind::Host, "filter.hostId", &ids))
        .transpose()?;
    let host_ids = match (of.host, wanted) {
        (Some(host), Some(wanted)) => Some(wanted.into_iter().filter(|id| *id == host).collect()),
        (Some(host), None) => Some(vec![host]),
        (None, wanted) => wanted,
    };
    let filter = ContainerFilter {
        search: searched(input.search)?,
        state: limited("state", input.state)?.map(|states| states.into_iter().map(Into::into).collect()),
        host_ids,
        image_id: of.image,
    };
    let (order, descending) = order.map_or((ContainerOrder::Name, false), |order| {
        (order.field.into(), order.direction == OrderDirection::Desc)
    });
    let tag = ListTag::of(&("containers", &filter, order, descending));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_containers(&conn, &requester, &filter, order, descending, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_containers(&conn, &requester, &filter).await?) })
    });
    Ok(ContainerConnection::new(rows.map(Container), tag, count))
}
