//! The state of each ecosystem's advisories.

use lazaret_entities::{Timestamp, advisory_set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};

/// The source of a set that was imported by hand. Nothing replaces it unasked.
pub const IMPORTED: &str = "import";

/// The state of a set, by the base name of its ecosystem.
pub async fn find(
    conn: &impl ConnectionTrait,
    ecosystem: &str,
) -> Result<Option<advisory_set::Model>, DbErr> {
    advisory_set::Entity::find().filter(advisory_set::Column::Ecosystem.eq(ecosystem)).one(conn).await
}

/// The states of all sets that are loaded or were tried, by ecosystem.
pub async fn status(conn: &impl ConnectionTrait) -> Result<Vec<advisory_set::Model>, DbErr> {
    advisory_set::Entity::find().order_by_asc(advisory_set::Column::Ecosystem).all(conn).await
}

/// Whether the set was ever loaded.
pub fn is_loaded(set: &advisory_set::Model) -> bool {
    !set.fetched_at.is_zero()
}

/// Writes every column of a set's state.
pub(super) async fn save(conn: &impl ConnectionTrait, state: advisory_set::ActiveModel) -> Result<(), DbErr> {
    use advisory_set::Column as C;
    let update =
        [C::Source, C::Etag, C::FetchedAt, C::NewestModified, C::Records, C::LastError, C::LastTriedAt];
    write(conn, state, &update).await
}

/// Notes that a set was tried: `error` is why it failed, empty when the source has nothing newer.
pub(super) async fn note_try(
    conn: &impl ConnectionTrait,
    ecosystem: &str,
    source: &str,
    error: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    use advisory_set::Column as C;
    let state = advisory_set::ActiveModel {
        ecosystem: Set(ecosystem.to_owned()),
        source: Set(source.to_owned()),
        etag: Set(String::new()),
        fetched_at: Set(Timestamp::ZERO),
        newest_modified: Set(Timestamp::ZERO),
        records: Set(0),
        last_error: Set(error.to_owned()),
        last_tried_at: Set(now),
        ..Default::default()
    };
    // Of a loaded set only the outcome of the try changes: what is loaded still comes from where it came from.
    if find(conn, ecosystem).await?.as_ref().is_some_and(is_loaded) {
        return write(conn, state, &[C::LastError, C::LastTriedAt]).await;
    }
    write(conn, state, &[C::Source, C::LastError, C::LastTriedAt]).await
}

async fn write(
    conn: &impl ConnectionTrait,
    state: advisory_set::ActiveModel,
    update: &[advisory_set::Column],
) -> Result<(), DbErr> {
    let conflict =
        OnConflict::column(advisory_set::Column::Ecosystem).update_columns(update.iter().copied()).to_owned();
    advisory_set::Entity::insert(state).on_conflict(conflict).exec_without_returning(conn).await?;
    Ok(())
}
