//! The vulnerabilities of an image as a list of findings: one per vulnerability and package.

use lazaret_entities::{
    image_package::{self, SetAside},
    package, package_vulnerability,
    severity::Severity,
    timestamp::Timestamp,
    vulnerability, vulnerability_id,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter,
    QuerySelect, QueryTrait,
    sea_query::{Alias, Cond, Expr, IntoIden, Query, SelectStatement},
};

use super::finding_details::complete;
use crate::{
    auth::Requester,
    inventory::overview::SeverityTotals,
    store::page::{self, Page, PageRequest, Position, SortKey},
};

/// Which findings of an image are wanted. What is none asks nothing; an empty list matches none.
#[derive(Clone, Debug)]
pub struct FindingFilter {
    /// The image.
    pub image_id: i64,
    /// Any of these severities.
    pub severity: Option<Vec<Severity>>,
    /// Text in an identifier (aliases too), a package's name or the summary.
    pub search: Option<String>,
    /// Whether a version that fixes it exists.
    pub fixable: Option<bool>,
    /// Also those that do not count, because all places of their package are set aside.
    pub with_set_aside: bool,
    /// One vulnerability and one package, to look one finding up.
    pub only: Option<(i64, i64)>,
}

impl FindingFilter {
    /// Everything in an image.
    pub fn of_image(image_id: i64) -> Self {
        Self { image_id, severity: None, search: None, fixable: None, with_set_aside: false, only: None }
    }
}

/// What findings are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingOrder {
    /// Severity, and the CVSS score within it.
    Severity,
    /// The vulnerability's identifier.
    Identifier,
    /// The package's name.
    Package,
    /// The time since when it is known.
    FirstDetectedAt,
}

/// What an advisory says about a package of the image.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Statement {
    /// The advisory's row.
    pub advisory_id: i64,
    /// The record's id at its source.
    pub osv_id: String,
    /// The ecosystem whose records it belongs to.
    pub ecosystem: String,
    /// Where to read more, may be empty.
    pub url: String,
    /// When it was published.
    pub published: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
}

/// A vulnerability in a package of an image.
#[derive(Clone, Debug)]
pub struct ImageFinding {
    /// The image.
    pub image_id: i64,
    /// The vulnerability.
    pub vulnerability: vulnerability::Model,
    /// All its other identifiers.
    pub aliases: Vec<String>,
    /// The package.
    pub package: package::Model,
    /// The files that tell of the package.
    pub places: Vec<FindingPlace>,
    /// The severest rating for this package.
    pub severity: Severity,
    /// Who rated it so.
    pub severity_source: String,
    /// What the distribution calls unimportant.
    pub unimportant: bool,
    /// Versions that fix it, lowest first.
    pub fixed_versions: Vec<String>,
    /// Why it does not count.
    pub set_aside: SetAside,
    /// Since when the image is known to have it.
    pub first_detected_at: Timestamp,
    /// What the advisories say.
    pub statements: Vec<Statement>,
}

/// A file that tells of a package, and what brought it.
#[derive(Clone, Debug)]
pub struct FindingPlace {
    /// The path, without a leading slash.
    pub path: String,
    /// Position of the layer, 0 the lowest.
    pub layer: i32,
    /// The layer's diff ID; empty when the layer is not known.
    pub diff_id: String,
    /// The build command that made the layer; empty when the image does not say.
    pub created_by: String,
}

/// A finding as it is listed: by its keys.
#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) vulnerability_id: i64,
    pub(super) package_id: i64,
    pub(super) severity: Severity,
    pub(super) set_aside: SetAside,
    pub(super) since: Timestamp,
    pub(super) rank: i64,
    pub(super) display_id: String,
    pub(super) package_name: String,
}

/// A page of the findings that an image has now.
pub async fn list_findings(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &FindingFilter,
    order: FindingOrder,
    descending: bool,
    request: &PageRequest,
) -> Result<Page<ImageFinding>, DbErr> {
    let key = match order {
        FindingOrder::Severity => rank(),
        FindingOrder::Identifier => Expr::col((vulnerability::Entity, vulnerability::Column::DisplayId)),
        FindingOrder::Package => Expr::col((package::Entity, package::Column::Name)),
        FindingOrder::FirstDetectedAt => column("since"),
    };
    let sort = SortKey { key, id: column("id"), descending };
    let mut select = matching(filter);
    for name in ["id", "vulnerability_id", "package_id", "severity", "set_aside", "since"] {
        select.expr_as(column(name), Alias::new(name));
    }
    select
        .expr_as(rank(), Alias::new("rank"))
        .expr_as(
            Expr::col((vulnerability::Entity, vulnerability::Column::DisplayId)),
            Alias::new("display_id"),
        )
        .expr_as(Expr::col((package::Entity, package::Column::Name)), Alias::new("package_name"));
    page::apply(&mut select, &sort, request);
    let rows = conn
        .query_all(&select)
        .await?
        .iter()
        .map(|row| Row::from_query_result(row, ""))
        .collect::<Result<Vec<_>, _>>()?;
    let page = page::collect(rows, request, |row| {
        let key = match order {
            FindingOrder::Severity => row.rank.into(),
            FindingOrder::Identifier => row.display_id.clone().into(),
            FindingOrder::Package => row.package_name.clone().into(),
            FindingOrder::FirstDetectedAt => row.since.as_micros().into(),
        };
        Position { key, id: row.id }
    });
    complete(conn, filter.image_id, page).await
}

/// How many findings match.
pub async fn count_findings(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &FindingFilter,
) -> Result<u64, DbErr> {
    let mut select = matching(filter);
    select.expr_as(column("id").count(), Alias::new("findings"));
    let count: Option<i64> =
        conn.query_one(&select).await?.map(|row| row.try_get("", "findings")).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// The distinct vulnerabilities of an image that match, by severity: each once, by its severest rating.
pub async fn count_by_severity(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    filter: &FindingFilter,
) -> Result<SeverityTotals, DbErr> {
    let mut worst = matching(filter);
    worst
        .expr_as(column("vulnerability_id"), Alias::new("vulnerability_id"))
        .expr_as(column("severity").max(), Alias::new("worst"))
        .group_by_col((found(), Alias::new("vulnerability_id")));
    let mut select = Query::select();
    select
        .expr_as(Expr::col(Alias::new("worst")), Alias::new("severity"))
        .expr_as(Expr::col(Alias::new("worst")).count(), Alias::new("vulnerabilities"))
        .from_subquery(worst, Alias::new("per_vulnerability"))
        .group_by_col(Alias::new("worst"));
    let mut totals = SeverityTotals::default();
    for row in conn.query_all(&select).await? {
        totals.set(row.try_get("", "severity")?, row.try_get("", "vulnerabilities")?);
    }
    Ok(totals)
}

fn found() -> Alias {
    Alias::new("found")
}

fn column(name: &'static str) -> Expr {
    Expr::col((found(), Alias::new(name)))
}

/// Severity first, then the CVSS score in tenths.
fn rank() -> Expr {
    let score = Expr::col((vulnerability::Entity, vulnerability::Column::CvssScore)).if_null(0.0).mul(10.0);
    column("severity").cast_as("BIGINT").mul(1000_i64).add(score.cast_as("BIGINT"))
}

/// The pairs of vulnerability and package that an image has now; several advisories may state the same pair.
fn pairs(filter: &FindingFilter) -> SelectStatement {
    use image_package::Column as In;
    use package_vulnerability::Column as Of;
    let mut select = Query::select();
    let stated = |column: Of| Expr::col((package_vulnerability::Entity, column));
    let has = |column: In| Expr::col((image_package::Entity, column));
    let (stated_since, has_since) = (stated(Of::Since).min(), has(In::Since).min());
    select
        .expr_as(stated(Of::Id).min(), Alias::new("id"))
        .expr_as(stated(Of::VulnerabilityId), Alias::new("vulnerability_id"))
        .expr_as(stated(Of::PackageId), Alias::new("package_id"))
        .expr_as(stated(Of::Severity).max(), Alias::new("severity"))
        // The empty text, which says that it counts, is the least.
        .expr_as(has(In::SetAside).min(), Alias::new("set_aside"))
        .expr_as(
            Expr::case(stated_since.clone().gt(has_since.clone()), stated_since).finally(has_since),
            Alias::new("since"),
        )
        .from(image_package::Entity)
        .join(
            JoinType::InnerJoin,
            package_vulnerability::Entity,
            stated(Of::PackageId).equals((image_package::Entity, In::PackageId)),
        )
        .and_where(has(In::ImageId).eq(filter.image_id))
        .and_where(has(In::Until).is_null())
        .and_where(stated(Of::Until).is_null())
        .group_by_columns([
            (package_vulnerability::Entity, Of::VulnerabilityId),
            (package_vulnerability::Entity, Of::PackageId),
        ]);
    if let Some((vulnerability, package)) = filter.only {
        select
            .and_where(stated(Of::VulnerabilityId).eq(vulnerability))
            .and_where(stated(Of::PackageId).eq(package));
    }
    if !filter.with_set_aside {
        select.and_where(has(In::SetAside).eq(SetAside::No));
    }
    if let Some(fixable) = filter.fixable {
        let fixed: Expr = Expr::case(stated(Of::FixedVersions).ne("[]"), 1).finally(0).into();
        select.and_having(fixed.max().eq(i32::from(fixable)));
    }
    select
}

fn matching(filter: &FindingFilter) -> SelectStatement {
    let mut select = Query::select();
    select
        .from_subquery(pairs(filter), found())
        .join(
            JoinType::InnerJoin,
            vulnerability::Entity,
            Expr::col((vulnerability::Entity, vulnerability::Column::Id))
                .equals((found().into_iden(), Alias::new("vulnerability_id").into_iden())),
        )
        .join(
            JoinType::InnerJoin,
            package::Entity,
            Expr::col((package::Entity, package::Column::Id))
                .equals((found().into_iden(), Alias::new("package_id").into_iden())),
        );
    // A package that was published to do harm is malware, and listed there.
    select.and_where(Expr::col((vulnerability::Entity, vulnerability::Column::Malicious)).eq(false));
    if let Some(severities) = &filter.severity {
        select.and_where(column("severity").is_in(severities.iter().copied()));
    }
    if let Some(text) = &filter.search {
        let named = vulnerability_id::Entity::find()
            .select_only()
            .column(vulnerability_id::Column::VulnerabilityId)
            .filter(page::contains(
                Expr::col((vulnerability_id::Entity, vulnerability_id::Column::Identifier)),
                text,
            ))
            .into_query();
        let texts = [
            Expr::col((vulnerability::Entity, vulnerability::Column::DisplayId)),
            Expr::col((vulnerability::Entity, vulnerability::Column::Summary)),
            Expr::col((package::Entity, package::Column::Name)),
            Expr::col((package::Entity, package::Column::SourceName)),
        ];
        let any = texts
            .into_iter()
            .fold(Cond::any(), |any, searched| any.add(page::contains(searched, text)))
            .add(column("vulnerability_id").in_subquery(named));
        select.cond_where(any);
    }
    select
}

/// A vulnerability by its key; of one that was merged, the one that it is now.
pub async fn vulnerability_by_key(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    key: i64,
) -> Result<Option<vulnerability::Model>, DbErr> {
    /// Merges are chained when a merged one is merged again; more links than this would be a loop.
    const LINKS: usize = 16;
    let mut key = key;
    for _ in 0..LINKS {
        match vulnerability::Entity::find_by_id(key).one(conn).await? {
            Some(vulnerability::Model { redirect_id: Some(next), .. }) => key = next,
            found => return Ok(found),
        }
    }
    Ok(None)
}

/// A vulnerability by any of its identifiers.
pub async fn vulnerability_by_identifier(
    conn: &impl ConnectionTrait,
    requester: &Requester,
    identifier: &str,
) -> Result<Option<vulnerability::Model>, DbErr> {
    let found = vulnerability_id::Entity::find()
        .filter(vulnerability_id::Column::Identifier.eq(identifier))
        .one(conn)
        .await?;
    match found {
        Some(row) => vulnerability_by_key(conn, requester, row.vulnerability_id).await,
        None => Ok(None),
    }
}
