//! The secrets of an image into the store. A finding keeps its row, and with it since when it is known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use lazaret_entities::{Timestamp, secret_finding as table};
use lazaret_scanner::image::{ImageSecret, SecretSource};
use lazaret_scanner::secret::SecretType;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::super::place;
use crate::allow::Allowed;

/// Rows of one statement: twenty columns each stay below SQLite's bound on parameters.
const BATCH: usize = 500;
/// Keys of one statement.
const KEYS: usize = 5000;

/// Stores what a search of an image found: new secrets begin with `now`, those that are no longer found end with it.
pub(in super::super) async fn replace(
    tx: &impl ConnectionTrait,
    image_id: i64,
    found: &[ImageSecret],
    allowed: &Allowed,
    now: Timestamp,
) -> Result<(), DbErr> {
    let mut wanted = wanted(image_id, found, now);
    for row in wanted.values_mut() {
        row.allowed_by = allowed.secret(row);
    }
    let open = table::Entity::find()
        .filter(table::Column::ImageId.eq(image_id))
        .filter(table::Column::Until.is_null())
        .all(tx)
        .await?;
    let mut ended = Vec::new();
    for row in open {
        let Some(mut want) = wanted.remove(&(row.fingerprint.clone(), row.place.clone())) else {
            ended.push(row.id);
            continue;
        };
        want.id = row.id;
        want.since = row.since;
        if want != row {
            table::ActiveModel::from(want).reset_all().update(tx).await?;
        }
    }
    for ids in ended.chunks(KEYS) {
        table::Entity::update_many()
            .col_expr(table::Column::Until, Expr::value(now))
            .filter(table::Column::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    let new: Vec<table::Model> = wanted.into_values().collect();
    for batch in new.chunks(BATCH) {
        let rows = batch.iter().cloned().map(|row| {
            let mut row = table::ActiveModel::from(row).reset_all();
            row.id = sea_orm::NotSet;
            row
        });
        table::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The rows as they should be, by what tells them apart. Of one secret that two layers or rules tell of at one place the
/// one that is not buried stays, then the worse.
fn wanted(image_id: i64, found: &[ImageSecret], now: Timestamp) -> BTreeMap<(String, String), table::Model> {
    let mut rows: BTreeMap<(String, String), table::Model> = BTreeMap::new();
    for one in found {
        let row = row(image_id, one, now);
        match rows.entry((row.fingerprint.clone(), row.place.clone())) {
            Entry::Vacant(entry) => {
                entry.insert(row);
            }
            Entry::Occupied(mut entry) => {
                let rank = |row: &table::Model| (!row.buried, row.severity, row.layer);
                if rank(&row) > rank(entry.get()) {
                    entry.insert(row);
                }
            }
        }
    }
    rows
}

fn row(image_id: i64, found: &ImageSecret, now: Timestamp) -> table::Model {
    let secret = &found.secret;
    let path = place::storable(&found.path);
    let line = i64::try_from(secret.line).unwrap_or(i64::MAX);
    table::Model {
        id: 0,
        image_id,
        fingerprint: place::storable(&secret.fingerprint),
        place: place::hash(&[found.source.name(), &path, &line.to_string()]),
        rule: place::storable(&secret.rule),
        title: place::storable(&secret.title),
        kind: kind(secret.kind),
        severity: place::severity(secret.severity),
        source: source(found.source),
        path,
        line,
        layer: place::position(found.layer),
        instruction: place::storable(&found.instruction),
        snippet: place::storable(&secret.snippet),
        advice: place::storable(&secret.advice),
        buried: found.buried_by.is_some(),
        buried_by: place::position(found.buried_by),
        allowed_by: None,
        since: now,
        until: None,
    }
}

const fn kind(kind: SecretType) -> table::SecretType {
    match kind {
        SecretType::Key => table::SecretType::Key,
        SecretType::Token => table::SecretType::Token,
        SecretType::Password => table::SecretType::Password,
        SecretType::Certificate => table::SecretType::Certificate,
        SecretType::ConnectionString => table::SecretType::ConnectionString,
        SecretType::Webhook => table::SecretType::Webhook,
    }
}

const fn source(source: SecretSource) -> table::SecretSource {
    match source {
        SecretSource::File => table::SecretSource::File,
        SecretSource::Config => table::SecretSource::Config,
        SecretSource::History => table::SecretSource::History,
    }
}
