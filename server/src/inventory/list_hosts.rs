//! Hosts as lists.

use lazaret_entities::{
    host::{self, HostState},
    image_ref,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, SelectStatement},
};

use crate::{
    auth::Requester,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which hosts are wanted. What is none asks nothing; an empty list matches no host.
#[derive(Clone, Debug, Default)]
pub struct HostFilter {
    /// Text in a name, an endpoint or an engine version.
    pub search: Option<String>,
    /// Whether it answers: any of these.
    pub state: Option<Vec<HostState>>,
    /// Has this image now.
    pub image_id: Option<i64>,
}

/// What hosts are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostOrder {
    /// The name.
    Name,
    /// The time of the last answer.
    LastSeenAt,
}

/// A page of hosts.
pub async fn list_hosts(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &HostFilter,
    order: HostOrder,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<host::Model>, DbErr> {
    let key = match order {
        HostOrder::Name => host::Column::Name,
        HostOrder::LastSeenAt => host::Column::LastSeenAt,
    };
    let sort = SortKey { key: column(key), id: column(host::Column::Id), descending };
    let mut select = matching(filter);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| {
        let key = match order {
            HostOrder::Name => row.name.clone().into(),
            HostOrder::LastSeenAt => row.last_seen_at.as_micros().into(),
        };
        Position { key, id: row.id }
    }))
}

/// How many hosts match.
pub async fn count_hosts(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &HostFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

/// The ids of the images that any of these hosts has now.
pub(super) fn present_on(hosts: Vec<i64>) -> SelectStatement {
    image_ref::Entity::find()
        .select_only()
        .column(image_ref::Column::ImageId)
        .filter(image_ref::Column::GoneAt.is_null())
        .filter(image_ref::Column::HostId.is_in(hosts))
        .into_query()
}

fn column(column: host::Column) -> Expr {
    Expr::col((host::Entity, column))
}

fn matching(filter: &HostFilter) -> Select<host::Entity> {
    let mut all = Condition::all();
    if let Some(text) = &filter.search {
        let columns = [host::Column::Name, host::Column::Endpoint, host::Column::EngineVersion];
        all = all.add(
            columns
                .into_iter()
                .fold(Condition::any(), |any, searched| any.add(page::contains(column(searched), text))),
        );
    }
    if let Some(states) = &filter.state {
        all = all.add(host::Column::State.is_in(states.iter().copied()));
    }
    if let Some(image) = filter.image_id {
        let having = image_ref::Entity::find()
            .select_only()
            .column(image_ref::Column::HostId)
            .filter(image_ref::Column::GoneAt.is_null())
            .filter(image_ref::Column::ImageId.eq(image))
            .into_query();
        all = all.add(host::Column::Id.in_subquery(having));
    }
    host::Entity::find().filter(all)
}
