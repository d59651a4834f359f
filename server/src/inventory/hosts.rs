//! The rows of hosts.

use lazaret_entities::host::{HostKind, HostState};
use lazaret_entities::{Timestamp, host};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

use super::snapshot::HostSnapshot;

/// The row of the host that `snapshot` is of, up to date and ONLINE.
///
/// # Errors
/// When the database refuses the row.
pub async fn upsert(
    tx: &impl ConnectionTrait,
    snapshot: &HostSnapshot,
    now: Timestamp,
) -> Result<i64, DbErr> {
    let found = host::Entity::find().filter(host::Column::Endpoint.eq(&snapshot.endpoint)).one(tx).await?;
    let new = found.is_none();
    let mut row = found.map(IntoActiveModel::into_active_model).unwrap_or_default();
    row.name = Set(snapshot.name.clone());
    row.kind = Set(snapshot.kind);
    row.state = Set(HostState::Online);
    row.engine_name = Set(snapshot.engine_name.clone());
    row.engine_version = Set(snapshot.engine_version.clone());
    row.os = Set(snapshot.os.clone());
    row.kernel = Set(snapshot.kernel.clone());
    row.architecture = Set(snapshot.architecture.clone());
    row.storage_driver = Set(snapshot.storage_driver.clone());
    row.last_seen_at = Set(now);
    row.last_error = Set(snapshot.error.clone());
    if new {
        row.endpoint = Set(snapshot.endpoint.clone());
        row.created_at = Set(now);
        Ok(row.insert(tx).await?.id)
    } else {
        Ok(row.update(tx).await?.id)
    }
}

/// Marks the host at `endpoint` as one that does not answer. Its images and containers stay as they were seen last.
///
/// # Errors
/// When the database refuses the row.
pub async fn offline(
    tx: &impl ConnectionTrait,
    endpoint: &str,
    kind: HostKind,
    error: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    if let Some(row) = host::Entity::find().filter(host::Column::Endpoint.eq(endpoint)).one(tx).await? {
        let mut row = row.into_active_model();
        row.state = Set(HostState::Offline);
        row.last_error = Set(error.to_owned());
        row.update(tx).await?;
        return Ok(());
    }
    let row = host::ActiveModel {
        name: Set(endpoint.to_owned()),
        kind: Set(kind),
        endpoint: Set(endpoint.to_owned()),
        state: Set(HostState::Offline),
        engine_name: Set(String::new()),
        engine_version: Set(String::new()),
        os: Set(String::new()),
        kernel: Set(String::new()),
        architecture: Set(String::new()),
        storage_driver: Set(String::new()),
        last_seen_at: Set(Timestamp::ZERO),
        last_error: Set(error.to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    row.insert(tx).await?;
    Ok(())
}
