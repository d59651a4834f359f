//! Secrets of images.

mod filter;

use async_graphql::{Context, Enum, ID, Object};
use lazaret_entities::secret_finding;
use lazaret_reports::model;

pub(super) use self::filter::{SecretFilterInput, SecretFindingConnection, SecretOrderInput, connection_of};
use super::{
    allow_rule::AllowRule,
    connection::{ListTag, PageArgs, page_cost},
    context::{database, requester},
    error::ApiError,
    host::said,
    image::{Image, ImageConnection, Layer, Severity},
    loaders::loaders,
    node::{Kind, encode},
    scalars::{BigInt, DateTime},
};
use crate::scan::secrets::{count_images_with, images_with};

/// Kinds of secrets. More values may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::secret_finding::SecretType")]
pub enum SecretType {
    /// A key: an access key, an API key, a private key.
    Key,
    /// A token that stands for a person or a program.
    Token,
    /// A password, or a hash of one that can be tried against.
    Password,
    /// A certificate together with its private key, or a key store.
    Certificate,
    /// An address with the credentials in it.
    ConnectionString,
    /// An address that acts for whoever calls it.
    Webhook,
}

/// What a secret was found in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "lazaret_entities::secret_finding::SecretSource")]
pub enum SecretSource {
    /// A file of a layer.
    File,
    /// The image's configuration: environment, labels, entry point, command.
    Config,
    /// A step of the build history.
    History,
}

/// A secret as the API shows it.
#[derive(Clone, Debug)]
pub struct SecretFinding(pub(super) secret_finding::Model);

/// A secret at a place of an image. The secret itself is never stored or shown.
#[Object]
impl SecretFinding {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::SecretFinding, self.0.id)
    }

    /// What it is, for example `GitHub personal access token`.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The rule that found it.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// The kind of secret.
    #[graphql(name = "type")]
    async fn kind(&self) -> SecretType {
        self.0.kind.into()
    }

    /// How bad its loss is.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// What it was found in.
    async fn source(&self) -> SecretSource {
        self.0.source.into()
    }

    /// The file, without a leading slash; of a configuration the instruction (`ENV API_PASSWORD`); of the history the
    /// step (`step 3`).
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// The line that it begins on, 1 the first.
    async fn line(&self) -> BigInt {
        BigInt(self.0.line)
    }

    /// The layer that brought it, with its build command; null where the place is no layer's.
    #[graphql(complexity = "10 + child_complexity")]
    async fn layer(&self, ctx: &Context<'_>) -> Result<Option<Layer>, ApiError> {
        Layer::of(ctx, self.0.image_id, self.0.layer).await
    }

    /// The build command or configuration line with its secrets made unreadable; null of a file.
    async fn instruction(&self) -> Option<&str> {
        said(&self.0.instruction)
    }

    /// The place where it stands, with the secret made unreadable.
    async fn snippet(&self) -> &str {
        &self.0.snippet
    }

    /// The same for the same secret wherever it is: a keyed hash, from which the secret cannot be had.
    async fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// Whether a later layer deletes or replaces the file. The secret is in the image all the same.
    async fn buried(&self) -> bool {
        self.0.buried
    }

    /// The layer that deletes or replaces the file; null when none does.
    #[graphql(complexity = "10 + child_complexity")]
    async fn buried_by(&self, ctx: &Context<'_>) -> Result<Option<Layer>, ApiError> {
        Layer::of(ctx, self.0.image_id, self.0.buried_by).await
    }

    /// What to do.
    async fn advice(&self) -> String {
        let index = |position: i32| usize::try_from(position).ok();
        model::Secret::advise(&self.0.advice, index(self.0.layer), index(self.0.buried_by))
    }

    /// The rule by which somebody allows it, so that it does not count; null when it counts.
    async fn allowed_by(&self, ctx: &Context<'_>) -> Result<Option<AllowRule>, ApiError> {
        AllowRule::of(ctx, self.0.allowed_by).await
    }

    /// Since when the image is known to have it.
    async fn first_detected_at(&self) -> DateTime {
        self.0.since.into()
    }

    /// The image that has it.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>, ApiError> {
        super::node::image(ctx, self.0.image_id).await
    }

    /// All images that have the same secret now, this one too, by name: where else it is.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<ImageConnection, ApiError> {
        let tag = ListTag::of(&("images with secret", &self.0.fingerprint));
        let request = PageArgs { first, after, last, before }.request(&tag)?;
        let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
        let fingerprint = self.0.fingerprint.clone();
        let page = images_with(&conn, &requester, &fingerprint, &request).await?;
        let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
            let (conn, requester, asked) = (conn.clone(), requester.clone(), [fingerprint.clone()]);
            Box::pin(async move {
                let counts = count_images_with(&conn, &requester, &asked).await?;
                Ok(counts.into_values().next().unwrap_or(0))
            })
        });
        Ok(ImageConnection::new(page.map(Image), tag, count))
    }
}

/// A secret finding by its key; none when the image does not have it now.
pub(super) async fn by_key(ctx: &Context<'_>, key: i64) -> Result<Option<SecretFinding>, ApiError> {
    use sea_orm::EntityTrait;
    let found = secret_finding::Entity::find_by_id(key).one(database(ctx)?).await?;
    Ok(found.filter(|row| row.until.is_none()).map(SecretFinding))
}

impl Layer {
    /// The layer of an image at this position; none when the position is none.
    pub(super) async fn of(ctx: &Context<'_>, image: i64, position: i32) -> Result<Option<Self>, ApiError> {
        if position < 0 {
            return Ok(None);
        }
        let found = loaders(ctx)?.layers.load_one(image).await.map_err(ApiError::internal)?;
        let at = found.unwrap_or_default().into_iter().find(|(place, _)| place.position == position);
        Ok(at.map(|(place, layer)| Self::from_rows(&place, layer)))
    }
}
