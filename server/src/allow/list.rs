//! Rules as lists.

use std::collections::HashMap;

use lazaret_entities::{Category, Timestamp, allow_rule as table};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    Select,
};

use crate::auth::Requester;
use crate::store::page::{self, Page, PageRequest, Position, SortKey};

/// Which rules are wanted. What is none asks nothing.
#[derive(Clone, Debug, Default)]
pub struct RuleFilter {
    /// Of this category.
    pub category: Option<Category>,
    /// For this image or for every image.
    pub image_id: Option<i64>,
    /// Whether it holds at this time: neither revoked nor expired.
    pub active: Option<(bool, Timestamp)>,
}

/// A page of rules by the time at which they were made; `descending` has the newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_rules(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &RuleFilter,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<table::Model>, DbErr> {
    let column = |column: table::Column| Expr::col((table::Entity, column));
    let sort = SortKey { key: column(table::Column::CreatedAt), id: column(table::Column::Id), descending };
    let mut select = matching(filter);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| Position { key: row.created_at.as_micros().into(), id: row.id }))
}

/// How many rules match.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_rules(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &RuleFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

/// Rules by their keys: what findings refer to.
///
/// # Errors
/// When the database cannot be read.
pub async fn rules_by_key(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    keys: &[i64],
) -> Result<HashMap<i64, table::Model>, DbErr> {
    let rows = table::Entity::find().filter(table::Column::Id.is_in(keys.iter().copied())).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

fn matching(filter: &RuleFilter) -> Select<table::Entity> {
    use table::Column as C;
    let mut all = Condition::all();
    if let Some(category) = filter.category {
        all = all.add(C::Category.eq(category));
    }
    if let Some(image) = filter.image_id {
        all = all.add(Condition::any().add(C::ImageId.is_null()).add(C::ImageId.eq(image)));
    }
    if let Some((active, now)) = filter.active {
        let expired = Condition::all().add(C::ExpiresAt.is_not_null()).add(C::ExpiresAt.lte(now));
        let over = Condition::any().add(C::RevokedAt.is_not_null()).add(expired);
        all = all.add(if active { over.not() } else { over });
    }
    table::Entity::find().filter(all)
}
