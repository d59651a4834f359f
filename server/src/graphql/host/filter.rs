//! Which hosts, in which order.

use async_graphql::{Context, Enum, InputObject};

use super::{Host, HostState};
use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        order::{OrderDirection, limited, searched},
    },
    inventory::list_hosts::{HostFilter, HostOrder, count_hosts, list_hosts},
};

connection!(HostConnection, HostEdge, Host, "A page of hosts.", "A host in a page.");

/// Which hosts are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "HostFilter")]
pub struct HostFilterInput {
    /// Text in the name, the endpoint or the engine's version.
    search: Option<String>,
    /// Whether it answers: any of these.
    state: Option<Vec<HostState>>,
}

/// What hosts are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "HostOrder")]
pub enum HostOrderField {
    /// The name.
    Name,
    /// The time of the last answer.
    LastSeenAt,
}

/// An order of hosts.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name = "HostOrder")]
pub struct HostOrderInput {
    /// What to order by.
    field: HostOrderField,
    /// Which end comes first.
    #[graphql(default)]
    direction: OrderDirection,
}

/// A page of hosts, of those with an image when one is given.
pub(in crate::graphql) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<HostFilterInput>,
    order: Option<HostOrderInput>,
    image_id: Option<i64>,
) -> Result<HostConnection, ApiError> {
    let input = filter.unwrap_or_default();
    let filter = HostFilter {
        search: searched(input.search)?,
        state: limited("state", input.state)?.map(|states| states.into_iter().map(Into::into).collect()),
        image_id,
    };
    let (order, descending) = order.map_or((HostOrder::Name, false), |order| {
        (order.field.into(), order.direction == OrderDirection::Desc)
    });
    let tag = ListTag::of(&("hosts", &filter, order, descending));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_hosts(&conn, &requester, &filter, order, descending, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_hosts(&conn, &requester, &filter).await?) })
    });
    Ok(HostConnection::new(rows.map(Host), tag, count))
}
