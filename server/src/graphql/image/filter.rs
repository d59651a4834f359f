//! Which images, in which order.

use async_graphql::{Context, Enum, ID, InputObject};

use super::{
    object::Image,
    status::{ScanStatus, SecurityStatus, Severity},
};
use crate::{
    graphql::{
        connection::{ListTag, PageArgs},
        context::{database, requester},
        error::ApiError,
        node::{Kind, keys_of},
        order::{OrderDirection, limited, searched},
    },
    inventory::list_images::{ImageFilter, ImageOrder, count_images, list_images},
};

connection!(ImageConnection, ImageEdge, Image, "A page of images.", "An image in a page.");

/// Which images are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "ImageFilter")]
pub struct ImageFilterInput {
    /// Text in a name, a tag, the digest or a host's name.
    search: Option<String>,
    /// Where the scans stand: any of these.
    scan_status: Option<Vec<ScanStatus>>,
    /// The verdict: any of these.
    security_status: Option<Vec<SecurityStatus>>,
    /// Whether it may be scanned.
    authorized: Option<bool>,
    /// It has at least one vulnerability of any of these severities.
    severity: Option<Vec<Severity>>,
    /// It is on any of these hosts.
    host_id: Option<Vec<ID>>,
}

impl ImageFilterInput {
    fn resolve(self, host: Option<i64>) -> Result<ImageFilter, ApiError> {
        let wanted = limited("hostId", self.host_id)?
            .map(|ids| keys_of(Kind::Host, "filter.hostId", &ids))
            .transpose()?;
        let host_ids = match (host, wanted) {
            (Some(host), Some(wanted)) => Some(wanted.into_iter().filter(|id| *id == host).collect()),
            (Some(host), None) => Some(vec![host]),
            (None, wanted) => wanted,
        };
        Ok(ImageFilter {
            category_at_risk: None,
            search: searched(self.search)?,
            scan_status: limited("scanStatus", self.scan_status)?.map(into_all),
            security_status: limited("securityStatus", self.security_status)?.map(into_all),
            authorized: self.authorized,
            severity: limited("severity", self.severity)?.map(into_all),
            host_ids,
        })
    }
}

fn into_all<T, U: From<T>>(values: Vec<T>) -> Vec<U> {
    values.into_iter().map(U::from).collect()
}

/// What images are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ImageOrder")]
pub enum ImageOrderField {
    /// The severest vulnerabilities and the most of them.
    Risk,
    /// The name.
    Name,
    /// The time at which it was built.
    CreatedAt,
    /// The time of the last scan; never counts as the earliest.
    LastScannedAt,
    /// Bytes.
    Size,
    /// How many hosts have it.
    Hosts,
    /// How many containers use it.
    Containers,
}

/// An order of images.
#[derive(InputObject, Clone, Copy, Debug)]
#[graphql(name = "ImageOrder")]
pub struct ImageOrderInput {
    /// What to order by.
    field: ImageOrderField,
    /// Which end comes first.
    #[graphql(default)]
    direction: OrderDirection,
}

/// A page of images, of those on a host when one is given.
pub(in crate::graphql) async fn connection_of(
    ctx: &Context<'_>,
    page: PageArgs,
    filter: Option<ImageFilterInput>,
    order: Option<ImageOrderInput>,
    host: Option<i64>,
) -> Result<ImageConnection, ApiError> {
    let filter = filter.unwrap_or_default().resolve(host)?;
    let (order, descending) = order.map_or((ImageOrder::Risk, true), |order| {
        (order.field.into(), order.direction == OrderDirection::Desc)
    });
    let tag = ListTag::of(&("images", &filter, order, descending));
    let request = page.request(&tag)?;
    let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
    let rows = list_images(&conn, &requester, &filter, order, descending, &request).await?;
    let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
        let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
        Box::pin(async move { Ok(count_images(&conn, &requester, &filter).await?) })
    });
    Ok(ImageConnection::new(rows.map(Image), tag, count))
}
