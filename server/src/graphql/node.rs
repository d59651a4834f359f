//! Global ids, and the look-up of anything by its id.

use async_graphql::{Context, ID, Interface, Object};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use lazaret_entities::{container, scan_job, scan_task};
use sea_orm::EntityTrait;

use super::{
    allow_rule::AllowRule,
    container::Container,
    context::{database, requester},
    error::ApiError,
    host::Host,
    image::Image,
    loaders::loaders,
    malware::MalwareFinding,
    scan_job::{ScanJob, ScanTask},
    secret::SecretFinding,
    vulnerability::{Vulnerability, VulnerabilityFinding, finding_by_key},
};
use crate::scan::image_vulnerabilities::vulnerability_by_key;

/// The most ids that one request may name.
pub(super) const MAX_IDS: usize = 100;

/// What kind of thing an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Host,
    Container,
    ScanJob,
    ScanTask,
    Vulnerability,
    /// Image, vulnerability and package.
    Finding,
    SecretFinding,
    MalwareFinding,
    AllowRule,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Image,
        Self::Host,
        Self::Container,
        Self::ScanJob,
        Self::ScanTask,
        Self::Vulnerability,
        Self::Finding,
        Self::SecretFinding,
        Self::MalwareFinding,
        Self::AllowRule,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Host => "Host",
            Self::Container => "Container",
            Self::ScanJob => "ScanJob",
            Self::ScanTask => "ScanTask",
            Self::Vulnerability => "Vulnerability",
            Self::Finding => "VulnerabilityFinding",
            Self::SecretFinding => "SecretFinding",
            Self::MalwareFinding => "MalwareFinding",
            Self::AllowRule => "AllowRule",
        }
    }
}

/// The global id of a row.
pub(super) fn encode(kind: Kind, key: impl std::fmt::Display) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{}:{key}", kind.name())))
}

/// What a global id names, when it is one.
fn decode(id: &ID) -> Option<(Kind, Vec<i64>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let (name, key) = text.split_once(':')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    let key = key.split('-').map(|part| part.parse().ok()).collect::<Option<Vec<i64>>>()?;
    Some((kind, key))
}

/// The key of an id of this kind; none when it is not one, which reads like "not found" to the caller.
pub(super) fn key_of(kind: Kind, id: &ID) -> Option<i64> {
    match decode(id)? {
        (found, key) if found == kind && key.len() == 1 => key.first().copied(),
        _ => None,
    }
}

/// The keys of a list of ids in a filter, where an id of another kind is a mistake of the caller.
pub(super) fn keys_of(kind: Kind, argument: &str, ids: &[ID]) -> Result<Vec<i64>, ApiError> {
    ids.iter()
        .map(|id| {
            key_of(kind, id).ok_or_else(|| {
                ApiError::bad_input(format!("`{argument}` has an id that is not of a {}", kind.name()))
            })
        })
        .collect()
}

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id, opaque and stable."))]
pub enum Node {
    /// An image.
    Image(Image),
    /// A host.
    Host(Host),
    /// A container.
    Container(Container),
    /// A scan job.
    ScanJob(ScanJob),
    /// A scan task.
    ScanTask(ScanTask),
    /// A vulnerability.
    Vulnerability(Vulnerability),
    /// A vulnerability where an image has it.
    VulnerabilityFinding(VulnerabilityFinding),
    /// A secret where an image has it.
    SecretFinding(SecretFinding),
    /// Malware where an image has it.
    MalwareFinding(MalwareFinding),
    /// An allow rule.
    AllowRule(AllowRule),
}

/// Look-ups by global id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything by its global id; null when there is no such thing.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>, ApiError> {
        load(ctx, &id).await
    }

    /// Many things by their global ids, in the same order, null where there is no such thing.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        if ids.len() > MAX_IDS {
            return Err(ApiError::bad_input(format!(
                "`ids` has {} ids, and at most {MAX_IDS} are looked up at once",
                ids.len()
            )));
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in &ids {
            found.push(load(ctx, id).await?);
        }
        Ok(found)
    }
}

async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ApiError> {
    let requester = requester(ctx)?;
    let conn = database(ctx)?;
    let Some((kind, key)) = decode(id) else { return Ok(None) };
    if let (Kind::Finding, [image, vulnerability, package]) = (kind, key.as_slice()) {
        let found = finding_by_key(conn, requester, *image, *vulnerability, *package).await?;
        return Ok(found.map(Node::from));
    }
    let [key] = key.as_slice() else { return Ok(None) };
    Ok(match kind {
        Kind::Image => image(ctx, *key).await?.map(Node::from),
        Kind::Host => {
            let found = loaders(ctx)?.hosts.load_one(*key).await.map_err(ApiError::internal)?;
            found.map(|row| Host(row).into())
        }
        Kind::Container => {
            container::Entity::find_by_id(*key).one(conn).await?.map(|row| Container(row).into())
        }
        Kind::ScanJob => scan_job::Entity::find_by_id(*key).one(conn).await?.map(|row| ScanJob(row).into()),
        Kind::ScanTask => {
            scan_task::Entity::find_by_id(*key).one(conn).await?.map(|row| ScanTask(row).into())
        }
        Kind::Vulnerability => {
            vulnerability_by_key(conn, requester, *key).await?.map(|row| Vulnerability(row).into())
        }
        Kind::SecretFinding => super::secret::by_key(ctx, *key).await?.map(Node::from),
        Kind::MalwareFinding => super::malware::by_key(ctx, *key).await?.map(Node::from),
        Kind::AllowRule => AllowRule::of(ctx, Some(*key)).await?.map(Node::from),
        Kind::Finding => None,
    })
}

/// An image by its key.
pub(super) async fn image(ctx: &Context<'_>, key: i64) -> Result<Option<Image>, ApiError> {
    let found = loaders(ctx)?.images.load_one(key).await.map_err(ApiError::internal)?;
    Ok(found.map(Image))
}

/// A host by its key.
pub(super) async fn host(ctx: &Context<'_>, key: i64) -> Result<Option<Host>, ApiError> {
    let found = loaders(ctx)?.hosts.load_one(key).await.map_err(ApiError::internal)?;
    Ok(found.map(Host))
}
