//! The image as an object.

use async_graphql::{Context, ID, Object};
use lazaret_entities::{Category, image, image_layer, layer, tag};
use lazaret_scanner::layer::Warning;

use super::{
    package::{InstalledPackageConnection, PackageFilterInput, SbomFormat},
    status::{CategoryResult, FindingCategory, ScanStatus, SecurityStatus, SeverityCounts},
};
use crate::{
    advisories::Gap,
    graphql::{
        connection::{PageArgs, page_cost},
        container::{ContainerConnection, ContainerFilterInput, ContainerOrderInput},
        context::database,
        error::ApiError,
        host::{Host, HostConnection, HostFilterInput, HostOrderInput, said},
        loaders::loaders,
        malware::{MalwareFilterInput, MalwareFindingConnection, MalwareOrderInput},
        node::{Kind, encode},
        scalars::{BigInt, DateTime, known},
        scan_job::ScanJobConnection,
        secret::{SecretFilterInput, SecretFindingConnection, SecretOrderInput},
        vulnerability::{FindingFilterInput, FindingOrderInput, VulnerabilityFindingConnection},
    },
    inventory::overview::SeverityTotals,
    reporting,
    store::read_json,
};

/// An image as the API shows it.
#[derive(Clone, Debug)]
pub struct Image(pub(in crate::graphql) image::Model);

impl Image {
    fn totals(&self) -> SeverityTotals {
        SeverityTotals {
            critical: self.0.critical.into(),
            high: self.0.high.into(),
            medium: self.0.medium.into(),
            low: self.0.low.into(),
            unknown: self.0.unknown.into(),
        }
    }
}

/// A container image, identified by the digest of its configuration. The same image on ten hosts is one image.
#[Object]
#[expect(clippy::too_many_arguments, reason = "the arguments of a connection are the field's arguments")]
impl Image {
    /// The global id, opaque and stable.
    pub(in crate::graphql) async fn id(&self) -> ID {
        encode(Kind::Image, self.0.id)
    }

    /// The image's ID as Docker shows it: the digest of its configuration, `sha256:…`.
    async fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The first tag, or the short digest of an image without tags.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The tags that point to it now, on all hosts.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>, ApiError> {
        let found = loaders(ctx)?.tags.load_one(self.0.id).await.map_err(ApiError::internal)?;
        Ok(found.unwrap_or_default().into_iter().map(Tag).collect())
    }

    /// Bytes, uncompressed where known.
    async fn size(&self) -> BigInt {
        BigInt(self.0.size)
    }

    /// The distribution, or what the configuration says when there is none; null when unknown.
    async fn operating_system(&self) -> Option<&str> {
        said(&self.0.distro).or_else(|| said(&self.0.os))
    }

    /// What the configuration says it runs on, for example `linux`; null when it does not.
    async fn os(&self) -> Option<&str> {
        said(&self.0.os)
    }

    /// The CPU architecture, for example `amd64`; null when unknown.
    async fn architecture(&self) -> Option<&str> {
        said(&self.0.architecture)
    }

    /// The ecosystem of the distribution's packages as OSV names it, for example `Debian:11`; null when none.
    async fn ecosystem(&self) -> Option<&str> {
        said(&self.0.ecosystem)
    }

    /// Who made it; null when the configuration does not say.
    async fn author(&self) -> Option<&str> {
        said(&self.0.author)
    }

    /// When it was built; null when unknown.
    async fn created_at(&self) -> Option<DateTime> {
        known(self.0.created_at)
    }

    /// When Lazaret first saw it.
    async fn first_seen_at(&self) -> DateTime {
        self.0.first_seen_at.into()
    }

    /// When Lazaret last saw it.
    async fn last_seen_at(&self) -> DateTime {
        self.0.last_seen_at.into()
    }

    /// Since when no host has it; null while one has.
    async fn gone_at(&self) -> Option<DateTime> {
        self.0.gone_at.map(Into::into)
    }

    /// Whether it may be scanned.
    async fn authorized(&self) -> bool {
        self.0.authorized
    }

    /// Where its scans stand.
    async fn scan_status(&self) -> ScanStatus {
        self.0.scan_status.into()
    }

    /// Why the last scan failed, and what to do; null when it did not.
    async fn scan_error(&self) -> Option<&str> {
        said(&self.0.scan_error)
    }

    /// When a scan last finished; null when never.
    async fn last_scanned_at(&self) -> Option<DateTime> {
        known(self.0.last_scanned_at)
    }

    /// The verdict.
    async fn security_status(&self) -> SecurityStatus {
        self.0.security_status.into()
    }

    /// Why the verdict is UNKNOWN; null when it is not.
    async fn security_reason(&self) -> Option<&str> {
        said(&self.0.security_reason)
    }

    /// The categories in which it is at risk.
    async fn risk_categories(&self) -> Vec<FindingCategory> {
        self.0.categories_at_risk.iter().map(Into::into).collect()
    }

    /// How the last scan went, and what it found, category by category.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<CategoryResult>, ApiError> {
        let found = loaders(ctx)?.categories.load_one(self.0.id).await.map_err(ApiError::internal)?;
        let found = found.unwrap_or_default();
        Category::ALL.into_iter().map(|category| CategoryResult::of(category, found.get(&category))).collect()
    }

    /// Its vulnerabilities in numbers, each counted once however many packages have it.
    async fn vulnerability_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which vulnerabilities; all when absent.")] filter: Option<FindingFilterInput>,
    ) -> Result<SeverityCounts, ApiError> {
        match filter {
            None => Ok(self.totals().into()),
            filter => crate::graphql::vulnerability::counts_of(ctx, filter, self.0.id).await,
        }
    }

    /// Vulnerabilities of severity CRITICAL that a newer version fixes.
    async fn fixable_critical(&self) -> i32 {
        self.0.fixable_critical
    }

    /// Vulnerabilities of severity HIGH that a newer version fixes.
    async fn fixable_high(&self) -> i32 {
        self.0.fixable_high
    }

    /// How many hosts have it.
    async fn host_count(&self) -> i32 {
        self.0.hosts_count
    }

    /// How many containers use it.
    async fn container_count(&self) -> i32 {
        self.0.containers_count
    }

    /// What the last scan could not assess, one sentence each.
    async fn not_assessed(&self) -> Result<Vec<String>, ApiError> {
        let gaps: Vec<Gap> = read_json("images.not_assessed", self.0.id, &self.0.not_assessed)?;
        Ok(gaps.iter().map(Gap::sentence).collect())
    }

    /// What the last scan could not read, one sentence each.
    async fn warnings(&self) -> Result<Vec<String>, ApiError> {
        let warnings: Vec<Warning> = read_json("images.warnings", self.0.id, &self.0.warnings)?;
        Ok(warnings.iter().map(|warning| format!("{}: {}", warning.path, warning.message)).collect())
    }

    /// Its layers, the lowest first, each with the build step that made it.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn layers(&self, ctx: &Context<'_>) -> Result<Vec<Layer>, ApiError> {
        let found = loaders(ctx)?.layers.load_one(self.0.id).await.map_err(ApiError::internal)?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(|(place, layer)| Layer::from_rows(&place, layer))
            .collect())
    }

    /// Its packages, by name.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn packages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which packages; all when absent.")] filter: Option<PackageFilterInput>,
    ) -> Result<InstalledPackageConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        super::package::connection_of(ctx, page, filter, self.0.id).await
    }

    /// Its vulnerabilities: one row per vulnerability and package.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn vulnerabilities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which vulnerabilities; all when absent.")] filter: Option<FindingFilterInput>,
        #[graphql(desc = "The order; the severest first when absent.")] order_by: Option<FindingOrderInput>,
    ) -> Result<VulnerabilityFindingConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        crate::graphql::vulnerability::connection_of(ctx, page, filter, order_by, self.0.id).await
    }

    /// Its secrets: one row per secret and place. The secrets themselves are never stored or shown.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn secrets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which secrets; all that count when absent.")] filter: Option<SecretFilterInput>,
        #[graphql(desc = "The order; the severest first when absent.")] order_by: Option<SecretOrderInput>,
    ) -> Result<SecretFindingConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        crate::graphql::secret::connection_of(ctx, page, filter, order_by, self.0.id).await
    }

    /// Its malware: one row per file or package, engine and name.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn malware(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which malware; all that counts when absent.")] filter: Option<MalwareFilterInput>,
        #[graphql(desc = "The order; the severest first when absent.")] order_by: Option<MalwareOrderInput>,
    ) -> Result<MalwareFindingConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        crate::graphql::malware::connection_of(ctx, page, filter, order_by, self.0.id).await
    }

    /// Its bill of materials, a document as text, with the vulnerabilities where the format has a place for them; null
    /// when it was never scanned. The mutation `generateReport` writes the same to a file.
    #[graphql(complexity = "1000")]
    async fn sbom(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The format of the document.")] format: SbomFormat,
    ) -> Result<Option<String>, ApiError> {
        reporting::sbom(database(ctx)?, &self.0, format.into()).await.map_err(ApiError::internal)
    }

    /// The hosts that have it now.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn hosts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which hosts; all when absent.")] filter: Option<HostFilterInput>,
        #[graphql(desc = "The order; by name when absent.")] order_by: Option<HostOrderInput>,
    ) -> Result<HostConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        crate::graphql::host::connection_of(ctx, page, filter, order_by, Some(self.0.id)).await
    }

    /// The containers that use it now.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn containers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which containers; all when absent.")] filter: Option<ContainerFilterInput>,
        #[graphql(desc = "The order; by name when absent.")] order_by: Option<ContainerOrderInput>,
    ) -> Result<ContainerConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        let of = crate::graphql::container::Of { host: None, image: Some(self.0.id) };
        crate::graphql::container::connection_of(ctx, page, filter, order_by, of).await
    }

    /// The scan jobs that concern it, the newest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn scan_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<ScanJobConnection, ApiError> {
        let page = PageArgs { first, after, last, before };
        crate::graphql::scan_job::connection_of(ctx, page, None, None, Some(self.0.id)).await
    }
}

/// A tag as the API shows it.
#[derive(Clone, Debug)]
pub struct Tag(tag::Model);

/// A `repository:tag` reference that points to an image on a host.
#[Object]
impl Tag {
    /// The reference, for example `debian:12`.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// The host on which it does.
    async fn host(&self, ctx: &Context<'_>) -> Result<Option<Host>, ApiError> {
        crate::graphql::node::host(ctx, self.0.host_id).await
    }

    /// When it was first seen to point there.
    async fn first_seen_at(&self) -> DateTime {
        self.0.first_seen_at.into()
    }

    /// When it was last seen to point there.
    async fn last_seen_at(&self) -> DateTime {
        self.0.last_seen_at.into()
    }
}

/// A filesystem layer of an image.
#[derive(async_graphql::SimpleObject, Clone, Debug)]
pub struct Layer {
    /// 0 is the lowest.
    position: i32,
    /// Digest of the uncompressed tar, `sha256:…`.
    diff_id: String,
    /// Bytes, uncompressed; null when unknown.
    size: Option<BigInt>,
    /// The build step that made it; null when unsaid.
    created_by: Option<String>,
}

impl Layer {
    pub(in crate::graphql) fn from_rows(place: &image_layer::Model, layer: layer::Model) -> Self {
        Self {
            position: place.position,
            diff_id: layer.diff_id,
            size: (layer.size > 0).then_some(BigInt(layer.size)),
            created_by: said(&place.created_by).map(str::to_owned),
        }
    }
}
