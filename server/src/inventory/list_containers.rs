//! Containers as lists.

use lazaret_entities::{
    container::{self, ContainerState},
    host,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Select, sea_query::Expr,
};

use crate::{
    auth::Requester,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which containers are wanted. What is none asks nothing; an empty list matches no container.
#[derive(Clone, Debug, Default)]
pub struct ContainerFilter {
    /// Text in a name, an engine's id, a command or the host's name.
    pub search: Option<String>,
    /// As the engine says it: any of these.
    pub state: Option<Vec<ContainerState>>,
    /// On any of these hosts.
    pub host_ids: Option<Vec<i64>>,
    /// Made from this image.
    pub image_id: Option<i64>,
}

/// What containers are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerOrder {
    /// The name.
    Name,
    /// The time at which it was made.
    CreatedAt,
    /// The time of its last change.
    UpdatedAt,
}

/// A page of the containers that exist.
pub async fn list_containers(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ContainerFilter,
    order: ContainerOrder,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<container::Model>, DbErr> {
    let key = match order {
        ContainerOrder::Name => container::Column::Name,
        ContainerOrder::CreatedAt => container::Column::CreatedAt,
        ContainerOrder::UpdatedAt => container::Column::UpdatedAt,
    };
    let sort = SortKey { key: column(key), id: column(container::Column::Id), descending };
    let mut select = matching(filter);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| {
        let key = match order {
            ContainerOrder::Name => row.name.clone().into(),
            ContainerOrder::CreatedAt => row.created_at.as_micros().into(),
            ContainerOrder::UpdatedAt => row.updated_at.as_micros().into(),
        };
        Position { key, id: row.id }
    }))
}

/// How many containers match.
pub async fn count_containers(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ContainerFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

fn column(column: container::Column) -> Expr {
    Expr::col((container::Entity, column))
}

fn matching(filter: &ContainerFilter) -> Select<container::Entity> {
    let mut all = Condition::all().add(container::Column::GoneAt.is_null());
    if let Some(text) = &filter.search {
        let hosts = host::Entity::find()
            .select_only()
            .column(host::Column::Id)
            .filter(page::contains(Expr::col((host::Entity, host::Column::Name)), text))
            .into_query();
        let columns = [container::Column::Name, container::Column::EngineId, container::Column::Command];
        all = all.add(
            columns
                .into_iter()
                .fold(Condition::any(), |any, searched| any.add(page::contains(column(searched), text)))
                .add(container::Column::HostId.in_subquery(hosts)),
        );
    }
    if let Some(states) = &filter.state {
        all = all.add(container::Column::State.is_in(states.iter().copied()));
    }
    if let Some(hosts) = &filter.host_ids {
        all = all.add(container::Column::HostId.is_in(hosts.iter().copied()));
    }
    if let Some(image) = filter.image_id {
        all = all.add(container::Column::ImageId.eq(image));
    }
    container::Entity::find().filter(all)
}
