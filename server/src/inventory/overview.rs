//! The whole fleet in numbers.

use lazaret_entities::{
    Category, advisory_set, container, host, image, image_category, image_package, malware_finding,
    package_vulnerability, secret_finding, severity::Severity, timestamp::Timestamp, vulnerability,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, Query, SelectStatement},
};

use crate::auth::Requester;

/// How many images have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct ImageTotals {
    /// Images that exist on some host.
    pub total: i64,
    /// Images with a finding at or above the risk floor.
    pub at_risk: i64,
    /// Images without one, completely covered.
    pub safe: i64,
    /// All others.
    pub unknown: i64,
    /// Images that may be scanned.
    pub authorized: i64,
    /// Images that a task scans or will scan.
    pub scanning: i64,
    /// When a scan last finished anywhere, in microseconds; 0 when never.
    pub last_scanned_at: i64,
}

/// A number per severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct SeverityTotals {
    /// CRITICAL.
    pub critical: i64,
    /// HIGH.
    pub high: i64,
    /// MEDIUM.
    pub medium: i64,
    /// LOW.
    pub low: i64,
    /// UNKNOWN.
    pub unknown: i64,
}

impl SeverityTotals {
    /// All of them.
    pub fn total(&self) -> i64 {
        self.critical + self.high + self.medium + self.low + self.unknown
    }

    pub(crate) fn set(&mut self, severity: Severity, count: i64) {
        match severity {
            Severity::Critical => self.critical = count,
            Severity::High => self.high = count,
            Severity::Medium => self.medium = count,
            Severity::Low => self.low = count,
            Severity::Unknown => self.unknown = count,
        }
    }
}

/// The images in numbers.
pub async fn image_totals(conn: &impl ConnectionTrait, _requester: &Requester) -> Result<ImageTotals, DbErr> {
    use image::{ScanStatus, SecurityStatus};
    let verdict = |status: SecurityStatus| count_if(image::Column::SecurityStatus.eq(status));
    let scanning = image::Column::ScanStatus.is_in([ScanStatus::Queued, ScanStatus::Scanning]);
    let totals = image::Entity::find()
        .filter(image::Column::GoneAt.is_null())
        .select_only()
        .column_as(image::Column::Id.count(), "total")
        .column_as(verdict(SecurityStatus::AtRisk), "at_risk")
        .column_as(verdict(SecurityStatus::Safe), "safe")
        .column_as(verdict(SecurityStatus::Unknown), "unknown")
        .column_as(count_if(image::Column::Authorized.eq(true)), "authorized")
        .column_as(count_if(scanning), "scanning")
        .column_as(big(image::Column::LastScannedAt.max().if_null(0_i64)), "last_scanned_at")
        .into_model::<ImageTotals>()
        .one(conn)
        .await?;
    Ok(totals.unwrap_or_default())
}

/// Vulnerabilities by severity, each counted once in each image that has it.
pub async fn vulnerability_occurrences(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<SeverityTotals, DbErr> {
    let sum = |column: image::Column| big(column.sum().if_null(0_i64));
    let sums = image::Entity::find()
        .filter(image::Column::GoneAt.is_null())
        .select_only()
        .column_as(sum(image::Column::Critical), "critical")
        .column_as(sum(image::Column::High), "high")
        .column_as(sum(image::Column::Medium), "medium")
        .column_as(sum(image::Column::Low), "low")
        .column_as(sum(image::Column::Unknown), "unknown")
        .into_model::<SeverityTotals>()
        .one(conn)
        .await?;
    Ok(sums.unwrap_or_default())
}

/// Vulnerabilities by severity, each counted once in the whole fleet, by its severest rating there.
pub async fn distinct_vulnerabilities(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<SeverityTotals, DbErr> {
    let mut per_vulnerability: SelectStatement = package_vulnerability::Entity::find()
        .select_only()
        .join(
            JoinType::InnerJoin,
            sea_orm::RelationTrait::def(&package_vulnerability::Relation::Vulnerability),
        )
        .filter(vulnerability::Column::Malicious.eq(false))
        .filter(package_vulnerability::Column::Until.is_null())
        .filter(package_vulnerability::Column::PackageId.in_subquery(packages_in_use()))
        .group_by(package_vulnerability::Column::VulnerabilityId)
        .into_query();
    per_vulnerability.expr_as(
        Expr::col((package_vulnerability::Entity, package_vulnerability::Column::Severity)).max(),
        "worst",
    );
    by_worst(conn, per_vulnerability).await
}

/// Findings of a category by severity, each counted once in each image that has it.
pub async fn occurrences(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
    category: Category,
) -> Result<SeverityTotals, DbErr> {
    let sum = |column: image_category::Column| big(column.sum().if_null(0_i64));
    let sums = image_category::Entity::find()
        .inner_join(image::Entity)
        .filter(image_category::Column::Category.eq(category))
        .filter(image::Column::GoneAt.is_null())
        .select_only()
        .column_as(sum(image_category::Column::Critical), "critical")
        .column_as(sum(image_category::Column::High), "high")
        .column_as(sum(image_category::Column::Medium), "medium")
        .column_as(sum(image_category::Column::Low), "low")
        .column_as(sum(image_category::Column::Unknown), "unknown")
        .into_model::<SeverityTotals>()
        .one(conn)
        .await?;
    Ok(sums.unwrap_or_default())
}

/// Secrets that count by severity, each counted once in the whole fleet, by its severest rating there.
pub async fn distinct_secrets(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<SeverityTotals, DbErr> {
    use secret_finding::Column as C;
    let mut per_secret: SelectStatement = secret_finding::Entity::find()
        .select_only()
        .inner_join(image::Entity)
        .filter(image::Column::GoneAt.is_null())
        .filter(C::Until.is_null())
        .filter(C::AllowedBy.is_null())
        .group_by(C::Fingerprint)
        .into_query();
    per_secret.expr_as(Expr::col((secret_finding::Entity, C::Severity)).max(), "worst");
    by_worst(conn, per_secret).await
}

/// Malware that counts by severity, each content or package counted once in the whole fleet, by its severest rating
/// there.
pub async fn distinct_malware(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<SeverityTotals, DbErr> {
    use malware_finding::Column as C;
    let mut per_content: SelectStatement = malware_finding::Entity::find()
        .select_only()
        .inner_join(image::Entity)
        .filter(image::Column::GoneAt.is_null())
        .filter(C::Until.is_null())
        .filter(C::AllowedBy.is_null())
        .group_by(C::Sha256)
        .group_by(C::Purl)
        .into_query();
    per_content.expr_as(Expr::col((malware_finding::Entity, C::Severity)).max(), "worst");
    by_worst(conn, per_content).await
}

/// How many rows of a query have which severity as their `worst`.
async fn by_worst(conn: &impl ConnectionTrait, rows: SelectStatement) -> Result<SeverityTotals, DbErr> {
    let mut select = Query::select();
    select
        .expr_as(Expr::col("worst"), "severity")
        .expr_as(Expr::col("worst").count(), "rows")
        .from_subquery(rows, "rated")
        .group_by_col("worst");
    let mut totals = SeverityTotals::default();
    for row in conn.query_all(&select).await? {
        let severity: Severity = row.try_get("", "severity")?;
        totals.set(severity, row.try_get("", "rows")?);
    }
    Ok(totals)
}

/// How many hosts there are, and how many answer.
pub async fn host_totals(conn: &impl ConnectionTrait, _requester: &Requester) -> Result<(u64, u64), DbErr> {
    let total = host::Entity::find().count(conn).await?;
    let online =
        host::Entity::find().filter(host::Column::State.eq(host::HostState::Online)).count(conn).await?;
    Ok((total, online))
}

/// How many containers there are, and how many run.
pub async fn container_totals(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<(u64, u64), DbErr> {
    let existing = container::Entity::find().filter(container::Column::GoneAt.is_null());
    let running = existing.clone().filter(container::Column::State.eq(container::ContainerState::Running));
    Ok((existing.count(conn).await?, running.count(conn).await?))
}

/// The advisories that are there, by ecosystem.
pub async fn advisory_sets(
    conn: &impl ConnectionTrait,
    _requester: &Requester,
) -> Result<Vec<advisory_set::Model>, DbErr> {
    advisory_set::Entity::find().order_by_asc(advisory_set::Column::Ecosystem).all(conn).await
}

/// When a scan last finished; none when none has.
pub fn last_scan(totals: &ImageTotals) -> Option<Timestamp> {
    (totals.last_scanned_at > 0).then(|| Timestamp::from_micros(totals.last_scanned_at))
}

fn packages_in_use() -> SelectStatement {
    image_package::Entity::find()
        .select_only()
        .column(image_package::Column::PackageId)
        .join(JoinType::InnerJoin, sea_orm::RelationTrait::def(&image_package::Relation::Image))
        .filter(image_package::Column::Until.is_null())
        .filter(image_package::Column::SetAside.eq(image_package::SetAside::No))
        .filter(image::Column::GoneAt.is_null())
        .into_query()
}

/// Sums are NUMERIC on PostgreSQL, and sums of nothing are null.
fn big(expr: Expr) -> Expr {
    expr.cast_as("BIGINT")
}

fn count_if(condition: impl Into<Expr>) -> Expr {
    let one: Expr = Expr::case(condition.into(), 1).finally(0).into();
    big(one.sum().if_null(0_i64))
}

/// How many images are authorized, also those that no host has now: each took a license.
pub async fn authorized_images(conn: &impl ConnectionTrait) -> Result<u64, DbErr> {
    image::Entity::find().filter(image::Column::Authorized.eq(true)).count(conn).await
}
