//! Secrets as lists: of an image, and where else a secret is.

use std::collections::HashMap;

use lazaret_entities::secret_finding::{self as table, SecretType};
use lazaret_entities::{Severity, image};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QuerySelect, QueryTrait, Select,
};

use crate::auth::Requester;
use crate::inventory::overview::SeverityTotals;
use crate::store::page::{self, Page, PageRequest, Position, SortKey};

/// Which secrets are wanted. What is none asks nothing; an empty list matches none.
#[derive(Clone, Debug, Default)]
pub struct SecretFilter {
    /// The image; none for all images that some host has.
    pub image_id: Option<i64>,
    /// Any of these severities.
    pub severity: Option<Vec<Severity>>,
    /// Any of these kinds.
    pub kind: Option<Vec<SecretType>>,
    /// Text in the title, the path or the rule.
    pub search: Option<String>,
    /// The secret with this fingerprint.
    pub fingerprint: Option<String>,
    /// Whether a later layer deletes or replaces the file.
    pub buried: Option<bool>,
    /// Also those that a rule allows, which do not count.
    pub with_allowed: bool,
}

/// What secrets are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretOrder {
    /// How bad the loss is.
    Severity,
    /// The path.
    Path,
    /// The title.
    Title,
    /// The time since when it is known.
    FirstDetectedAt,
}

impl SecretOrder {
    fn key(self) -> Expr {
        match self {
            Self::Severity => column(table::Column::Severity),
            Self::Path => column(table::Column::Path),
            Self::Title => column(table::Column::Title),
            Self::FirstDetectedAt => column(table::Column::Since),
        }
    }

    fn position(self, row: &table::Model) -> Position {
        let key = match self {
            Self::Severity => i64::from(rank(row.severity)).into(),
            Self::Path => row.path.clone().into(),
            Self::Title => row.title.clone().into(),
            Self::FirstDetectedAt => row.since.as_micros().into(),
        };
        Position { key, id: row.id }
    }
}

/// The number that a severity is stored as.
fn rank(severity: Severity) -> i32 {
    sea_orm::ActiveEnum::to_value(&severity)
}

/// A page of the secrets that images have now.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_secrets(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &SecretFilter,
    order: SecretOrder,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<table::Model>, DbErr> {
    let sort = SortKey { key: order.key(), id: column(table::Column::Id), descending };
    let mut select = matching(filter);
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| order.position(row)))
}

/// How many match.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_secrets(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &SecretFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

/// The distinct secrets that match, by severity: each once however many places hold it, by its severest rating.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_by_severity(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &SecretFilter,
) -> Result<SeverityTotals, DbErr> {
    let mut per_secret: SelectStatement =
        matching(filter).select_only().group_by(table::Column::Fingerprint).into_query();
    per_secret.expr_as(column(table::Column::Severity).max(), "worst");
    let mut select = Query::select();
    select
        .expr_as(Expr::col("worst"), "severity")
        .expr_as(Expr::col("worst").count(), "secrets")
        .from_subquery(per_secret, "per_secret")
        .group_by_col("worst");
    let mut totals = SeverityTotals::default();
    for row in conn.query_all(&select).await? {
        totals.set(row.try_get("", "severity")?, row.try_get("", "secrets")?);
    }
    Ok(totals)
}

/// A page of the images that have a secret now, by name: where else it is.
///
/// # Errors
/// When the database cannot be read.
pub async fn images_with(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    fingerprint: &str,
    request: &PageRequest,
) -> Result<Page<image::Model>, DbErr> {
    let holders = table::Entity::find()
        .select_only()
        .column(table::Column::ImageId)
        .filter(table::Column::Fingerprint.eq(fingerprint))
        .filter(table::Column::Until.is_null())
        .into_query();
    let of_image = |column: image::Column| Expr::col((image::Entity, column));
    let sort =
        SortKey { key: of_image(image::Column::Name), id: of_image(image::Column::Id), descending: false };
    let mut select = image::Entity::find()
        .filter(image::Column::GoneAt.is_null())
        .filter(image::Column::Id.in_subquery(holders));
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| Position { key: row.name.clone().into(), id: row.id }))
}

/// In how many images that some host has each of these secrets is now, by fingerprint.
///
/// # Errors
/// When the database cannot be read.
pub async fn count_images_with(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    fingerprints: &[String],
) -> Result<HashMap<String, u64>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        fingerprint: String,
        images: i64,
    }
    let rows = table::Entity::find()
        .select_only()
        .column(table::Column::Fingerprint)
        .column_as(Expr::col((table::Entity, table::Column::ImageId)).count_distinct(), "images")
        .inner_join(image::Entity)
        .filter(table::Column::Fingerprint.is_in(fingerprints.iter().map(String::as_str)))
        .filter(table::Column::Until.is_null())
        .filter(image::Column::GoneAt.is_null())
        .group_by(table::Column::Fingerprint)
        .into_model::<Row>()
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.fingerprint, u64::try_from(row.images).unwrap_or(0))).collect())
}

fn column(column: table::Column) -> Expr {
    Expr::col((table::Entity, column))
}

fn matching(filter: &SecretFilter) -> Select<table::Entity> {
    use table::Column as C;
    let mut all = Condition::all().add(C::Until.is_null());
    all = match filter.image_id {
        Some(image) => all.add(C::ImageId.eq(image)),
        None => all.add(C::ImageId.in_subquery(present())),
    };
    if let Some(severities) = &filter.severity {
        all = all.add(C::Severity.is_in(severities.iter().copied()));
    }
    if let Some(kinds) = &filter.kind {
        all = all.add(C::Kind.is_in(kinds.iter().copied()));
    }
    if let Some(fingerprint) = &filter.fingerprint {
        all = all.add(C::Fingerprint.eq(fingerprint));
    }
    if let Some(buried) = filter.buried {
        all = all.add(C::Buried.eq(buried));
    }
    if !filter.with_allowed {
        all = all.add(C::AllowedBy.is_null());
    }
    if let Some(text) = &filter.search {
        let texts = [C::Title, C::Path, C::Rule];
        let any = |any: Condition, searched| any.add(page::contains(column(searched), text));
        all = all.add(texts.into_iter().fold(Condition::any(), any));
    }
    table::Entity::find().filter(all)
}

/// The images that some host has.
pub(in super::super) fn present() -> SelectStatement {
    image::Entity::find()
        .select_only()
        .column(image::Column::Id)
        .filter(image::Column::GoneAt.is_null())
        .into_query()
}
