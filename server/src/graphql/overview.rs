//! The whole fleet in numbers.

use async_graphql::{Context, Object, SimpleObject};
use lazaret_entities::Category;

use super::{
    context::{database, requester},
    error::ApiError,
    host::said,
    image::SeverityCounts,
    scalars::{DateTime, int, known},
};
use crate::inventory::overview;

/// The whole fleet in numbers; each part is read when it is selected.
pub struct Overview;

/// The images in numbers.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct ImageNumbers {
    /// Images that exist on some host.
    total: i32,
    /// Images with a finding of severity MEDIUM or above.
    at_risk: i32,
    /// Images without one, completely assessed.
    safe: i32,
    /// Images whose verdict is not known.
    unknown: i32,
    /// Images that may be scanned.
    authorized: i32,
    /// Images that are being scanned or wait for it.
    scanning: i32,
}

/// The vulnerabilities in numbers.
pub struct VulnerabilityNumbers;

/// The vulnerabilities in numbers.
#[Object]
impl VulnerabilityNumbers {
    /// Each vulnerability counted once in the whole fleet, by its severest rating there.
    async fn distinct(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::distinct_vulnerabilities(database(ctx)?, requester(ctx)?).await?.into())
    }

    /// Each vulnerability counted once in every image that has it.
    async fn occurrences(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::vulnerability_occurrences(database(ctx)?, requester(ctx)?).await?.into())
    }
}

/// The secrets in numbers.
pub struct SecretNumbers;

/// The secrets in numbers.
#[Object]
impl SecretNumbers {
    /// Each secret counted once in the whole fleet, however many places hold it, by its severest rating there.
    async fn distinct(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::distinct_secrets(database(ctx)?, requester(ctx)?).await?.into())
    }

    /// Each secret counted once in every image that has it.
    async fn occurrences(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::occurrences(database(ctx)?, requester(ctx)?, Category::Secret).await?.into())
    }
}

/// The malware in numbers.
pub struct MalwareNumbers;

/// The malware in numbers.
#[Object]
impl MalwareNumbers {
    /// Each malicious file or package counted once in the whole fleet, by its severest rating there.
    async fn distinct(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::distinct_malware(database(ctx)?, requester(ctx)?).await?.into())
    }

    /// Each counted once at every place in every image that has it.
    async fn occurrences(&self, ctx: &Context<'_>) -> Result<SeverityCounts, ApiError> {
        Ok(overview::occurrences(database(ctx)?, requester(ctx)?, Category::Malware).await?.into())
    }
}

/// The hosts in numbers.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct HostNumbers {
    /// All hosts.
    total: i32,
    /// Hosts that answer.
    online: i32,
}

/// The containers in numbers.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct ContainerNumbers {
    /// Containers that exist on some host.
    total: i32,
    /// Containers that run.
    running: i32,
}

/// The advisories of one ecosystem.
#[derive(SimpleObject, Clone, Debug)]
pub struct AdvisorySet {
    /// The ecosystem as OSV names it, without release, for example `Debian`.
    ecosystem: String,
    /// How many records there are.
    records: i32,
    /// When the newest record last changed; null when there is none.
    modified: Option<DateTime>,
    /// When the records were last loaded; null when never.
    fetched_at: Option<DateTime>,
    /// Where they come from: an address, or `import`.
    source: String,
    /// Why the last try to load them failed; null when it did not.
    error: Option<String>,
}

/// The whole fleet in numbers.
#[Object]
impl Overview {
    /// The images.
    async fn images(&self, ctx: &Context<'_>) -> Result<ImageNumbers, ApiError> {
        let totals = overview::image_totals(database(ctx)?, requester(ctx)?).await?;
        Ok(ImageNumbers {
            total: int(totals.total),
            at_risk: int(totals.at_risk),
            safe: int(totals.safe),
            unknown: int(totals.unknown),
            authorized: int(totals.authorized),
            scanning: int(totals.scanning),
        })
    }

    /// The vulnerabilities.
    async fn vulnerabilities(&self) -> VulnerabilityNumbers {
        VulnerabilityNumbers
    }

    /// The secrets.
    async fn secrets(&self) -> SecretNumbers {
        SecretNumbers
    }

    /// The malware.
    async fn malware(&self) -> MalwareNumbers {
        MalwareNumbers
    }

    /// The hosts.
    async fn hosts(&self, ctx: &Context<'_>) -> Result<HostNumbers, ApiError> {
        let (total, online) = overview::host_totals(database(ctx)?, requester(ctx)?).await?;
        Ok(HostNumbers { total: int(total), online: int(online) })
    }

    /// The containers.
    async fn containers(&self, ctx: &Context<'_>) -> Result<ContainerNumbers, ApiError> {
        let (total, running) = overview::container_totals(database(ctx)?, requester(ctx)?).await?;
        Ok(ContainerNumbers { total: int(total), running: int(running) })
    }

    /// When a scan of any image last finished; null when none has.
    async fn last_scanned_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>, ApiError> {
        let totals = overview::image_totals(database(ctx)?, requester(ctx)?).await?;
        Ok(overview::last_scan(&totals).map(Into::into))
    }

    /// The advisories that images are matched against, by ecosystem.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn advisories(&self, ctx: &Context<'_>) -> Result<Vec<AdvisorySet>, ApiError> {
        let sets = overview::advisory_sets(database(ctx)?, requester(ctx)?).await?;
        Ok(sets
            .into_iter()
            .map(|set| AdvisorySet {
                ecosystem: set.ecosystem,
                records: int(set.records),
                modified: known(set.newest_modified),
                fetched_at: known(set.fetched_at),
                source: set.source,
                error: said(&set.last_error).map(str::to_owned),
            })
            .collect())
    }
}

/// The overview.
#[derive(Default)]
pub struct OverviewQuery;

#[Object]
impl OverviewQuery {
    /// The whole fleet in numbers.
    async fn overview(&self, ctx: &Context<'_>) -> Result<Overview, ApiError> {
        requester(ctx)?;
        Ok(Overview)
    }
}
