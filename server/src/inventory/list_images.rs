//! Images as lists: filtered, ordered, in pages; and looked up by what people call them.

use std::collections::BTreeSet;

use lazaret_entities::{
    Categories, Category, host,
    image::{self, ScanStatus, SecurityStatus},
    severity::Severity,
    tag,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select, sea_query::Expr,
};

use crate::{
    auth::Requester,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which images are wanted. What is none asks nothing; an empty list matches no image.
#[derive(Clone, Debug, Default)]
pub struct ImageFilter {
    /// Text in a name, tag, digest or host name.
    pub search: Option<String>,
    /// Where the scans stand: any of these.
    pub scan_status: Option<Vec<ScanStatus>>,
    /// The verdict: any of these.
    pub security_status: Option<Vec<SecurityStatus>>,
    /// Whether scans are allowed.
    pub authorized: Option<bool>,
    /// Has at least one vulnerability of any of these severities.
    pub severity: Option<Vec<Severity>>,
    /// Has a finding at or above the risk floor in any of these categories.
    pub category_at_risk: Option<Vec<Category>>,
    /// Present on any of these hosts.
    pub host_ids: Option<Vec<i64>>,
}

/// What images are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageOrder {
    /// The severest vulnerabilities and the most of them.
    Risk,
    /// The name.
    Name,
    /// The time at which the image was built.
    CreatedAt,
    /// The time of the last scan.
    LastScannedAt,
    /// Bytes.
    Size,
    /// How many hosts have it.
    Hosts,
    /// How many containers use it.
    Containers,
}

impl ImageOrder {
    fn column(self) -> image::Column {
        match self {
            Self::Risk => image::Column::RiskRank,
            Self::Name => image::Column::Name,
            Self::CreatedAt => image::Column::CreatedAt,
            Self::LastScannedAt => image::Column::LastScannedAt,
            Self::Size => image::Column::Size,
            Self::Hosts => image::Column::HostsCount,
            Self::Containers => image::Column::ContainersCount,
        }
    }

    fn position(self, row: &image::Model) -> Position {
        let key = match self {
            Self::Risk => row.risk_rank.into(),
            Self::Name => row.name.clone().into(),
            Self::CreatedAt => row.created_at.as_micros().into(),
            Self::LastScannedAt => row.last_scanned_at.as_micros().into(),
            Self::Size => row.size.into(),
            Self::Hosts => i64::from(row.hosts_count).into(),
            Self::Containers => i64::from(row.containers_count).into(),
        };
        Position { key, id: row.id }
    }
}

/// A page of the images that exist on some host.
pub async fn list_images(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ImageFilter,
    order: ImageOrder,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<image::Model>, DbErr> {
    let mut select = matching(filter);
    let sort = SortKey { key: column(order.column()), id: column(image::Column::Id), descending };
    page::apply(QuerySelect::query(&mut select), &sort, request);
    let rows = select.all(conn).await?;
    Ok(page::collect(rows, request, |row| order.position(row)))
}

/// How many images match.
pub async fn count_images(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &ImageFilter,
) -> Result<u64, DbErr> {
    matching(filter).count(conn).await
}

/// The image with this digest: complete, or its beginning when that names one image alone.
pub async fn image_by_digest(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    digest: &str,
) -> Result<Option<image::Model>, DbErr> {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
    if hex.len() < 12 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let rows = image::Entity::find()
        .filter(image::Column::Digest.starts_with(format!("sha256:{hex}")))
        .limit(2)
        .all(conn)
        .await?;
    Ok(if rows.len() == 1 { rows.into_iter().next() } else { None })
}

/// The image that a tag points to now. On hosts that disagree, the one seen last.
pub async fn image_by_reference(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    reference: &str,
) -> Result<Option<image::Model>, DbErr> {
    let found = tag::Entity::find()
        .filter(tag::Column::Reference.is_in(spellings(reference)))
        .filter(tag::Column::GoneAt.is_null())
        .order_by_desc(tag::Column::LastSeenAt)
        .order_by_desc(tag::Column::Id)
        .one(conn)
        .await?;
    match found {
        Some(tag) => image::Entity::find_by_id(tag.image_id).one(conn).await,
        None => Ok(None),
    }
}

/// The ways an engine may write the reference that somebody typed: without a tag, `latest` is meant.
fn spellings(reference: &str) -> Vec<String> {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains(':') || last.contains('@') {
        vec![reference.to_owned()]
    } else {
        vec![format!("{reference}:latest"), reference.to_owned()]
    }
}

fn column(column: image::Column) -> Expr {
    Expr::col((image::Entity, column))
}

fn matching(filter: &ImageFilter) -> Select<image::Entity> {
    let mut all = Condition::all().add(image::Column::GoneAt.is_null());
    if let Some(text) = &filter.search {
        all = all.add(
            Condition::any()
                .add(page::contains(column(image::Column::Name), text))
                .add(page::contains(column(image::Column::Digest), text))
                .add(image::Column::Id.in_subquery(tagged_like(text)))
                .add(image::Column::Id.in_subquery(on_host_like(text))),
        );
    }
    if let Some(statuses) = &filter.scan_status {
        all = all.add(image::Column::ScanStatus.is_in(statuses.iter().copied()));
    }
    if let Some(statuses) = &filter.security_status {
        all = all.add(image::Column::SecurityStatus.is_in(statuses.iter().copied()));
    }
    if let Some(authorized) = filter.authorized {
        all = all.add(image::Column::Authorized.eq(authorized));
    }
    if let Some(severities) = &filter.severity {
        let mut any = Condition::any().add(Expr::val(1).eq(0));
        for severity in severities {
            any = any.add(count_column(*severity).gt(0));
        }
        all = all.add(any);
    }
    if let Some(categories) = &filter.category_at_risk {
        let sets: BTreeSet<Categories> =
            categories.iter().flat_map(|category| Categories::containing(*category)).collect();
        all = all.add(image::Column::CategoriesAtRisk.is_in(sets));
    }
    if let Some(hosts) = &filter.host_ids {
        let present = super::list_hosts::present_on(hosts.clone());
        all = all.add(image::Column::Id.in_subquery(present));
    }
    image::Entity::find().filter(all)
}

fn count_column(severity: Severity) -> image::Column {
    match severity {
        Severity::Critical => image::Column::Critical,
        Severity::High => image::Column::High,
        Severity::Medium => image::Column::Medium,
        Severity::Low => image::Column::Low,
        Severity::Unknown => image::Column::Unknown,
    }
}

fn tagged_like(text: &str) -> sea_orm::sea_query::SelectStatement {
    tag::Entity::find()
        .select_only()
        .column(tag::Column::ImageId)
        .filter(tag::Column::GoneAt.is_null())
        .filter(page::contains(Expr::col((tag::Entity, tag::Column::Reference)), text))
        .into_query()
}

fn on_host_like(text: &str) -> sea_orm::sea_query::SelectStatement {
    use lazaret_entities::image_ref;
    let hosts = host::Entity::find()
        .select_only()
        .column(host::Column::Id)
        .filter(page::contains(Expr::col((host::Entity, host::Column::Name)), text))
        .into_query();
    image_ref::Entity::find()
        .select_only()
        .column(image_ref::Column::ImageId)
        .filter(image_ref::Column::GoneAt.is_null())
        .filter(image_ref::Column::HostId.in_subquery(hosts))
        .into_query()
}
