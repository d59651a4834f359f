//! Which secrets of an image, in which order.

use async_graphql::{Context, Enum, InputObject};

use super::{SecretFinding, SecretType};
use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        image::Severity,
        order::{OrderDirection, limited, searched},
    },
    scan::secrets::{SecretFilter, SecretOrder, count_secrets, list_secrets},
};

/// Which secrets are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "SecretFilter")]
pub struct SecretFilterInput {
    /// Any of these severities.
    severity: Option<Vec<Severity>>,
    /// Any of these kinds.
    #[graphql(name = "type")]
    kind: Option<Vec<SecretType>>,
    /// Text in the title, the path or the rule.
    search: Option<String>,
    /// The secret with this fingerprint.
    fingerprint: Option<String>,
    /// Whether a later layer deletes or replaces the file.
    buried: Option<bool>,
    /// Whether those are listed too that a rule allows. They are left out unless this is true.
    with_allowed: Option<bool>,
}

/// What secrets are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "SecretOrder")]
pub enum SecretOrderField {
    /// How bad the loss is.
    Severity,
    /// The path.
    Path,
    /// The title.
    Title,
    /// The time since when it is known.
    FirstDetectedAt,
}

/// An order of secrets.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name = "SecretOrder")]
pub struct SecretOrderInput {
    /// What to order by.
    field: SecretOrderField,
    /// Which end comes first.
    #[graphql(default)]
    direction: OrderDirection,
}

connection!(
    SecretFindingConnection,
    SecretFindingEdge,
    SecretFinding,
    "A page of an image's secrets.",
    "A secret in a page."
);

/// A page of an image's secrets.
pub(in crate::graphql) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<SecretFilterInput>,
    order: Option<SecretOrderInput>,
    image_id: i64,
) -> Result<SecretFindingConnection, ApiError> {
    let input = filter.unwrap_or_default();
    let filter = SecretFilter {
        image_id: Some(image_id),
        severity: limited("severity", input.severity)?.map(|all| all.into_iter().map(Into::into).collect()),
        kind: limited("type", input.kind)?.map(|all| all.into_iter().map(Into::into).collect()),
        search: searched(input.search)?,
        fingerprint: input.fingerprint,
        buried: input.buried,
        with_allowed: input.with_allowed.unwrap_or(false),
    };
    let (order, descending) = order.map_or((SecretOrder::Severity, true), |order| {
        (order.field.into(), order.direction == OrderDirection::Desc)
    });
    let tag = ListTag::of(&("secrets", &filter, order, descending));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_secrets(&conn, &requester, &filter, order, descending, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_secrets(&conn, &requester, &filter).await?) })
    });
    Ok(SecretFindingConnection::new(rows.map(SecretFinding), tag, count))
}
