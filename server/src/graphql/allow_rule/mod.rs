//! Rules by which people let secrets and malware pass.

mod mutation;

use async_graphql::{Context, ID, InputObject, Object};
use lazaret_entities::allow_rule;

pub(super) use self::mutation::AllowRuleMutation;
use super::{
    connection::{ListTag, PageArgs, page_cost},
    context::{database, requester, services},
    error::ApiError,
    host::said,
    image::{FindingCategory, Image},
    loaders::loaders,
    node::{Kind, encode, keys_of},
    scalars::DateTime,
};
use crate::allow::{RuleFilter, count_rules, list_rules};

/// An allow rule as the API shows it.
#[derive(Clone, Debug)]
pub struct AllowRule(pub(super) allow_rule::Model);

/// A person's word that findings may stay: what it matches is shown apart and counts nowhere. All that it asks must match.
#[Object]
impl AllowRule {
    /// The global id, opaque and stable.
    pub(super) async fn id(&self) -> ID {
        encode(Kind::AllowRule, self.0.id)
    }

    /// The category of findings, SECRET or MALWARE.
    async fn category(&self) -> FindingCategory {
        self.0.category.into()
    }

    /// The fingerprint that it asks for; null when any.
    async fn fingerprint(&self) -> Option<&str> {
        said(&self.0.fingerprint)
    }

    /// The pattern of paths that it asks for; null when any.
    async fn path(&self) -> Option<&str> {
        said(&self.0.path)
    }

    /// The rule of a secret, or the engine's name for malware, that it asks for; null when any.
    async fn rule(&self) -> Option<&str> {
        said(&self.0.rule)
    }

    /// The MD5, SHA-1 or SHA-256 of a file that it asks for; null when any.
    async fn hash(&self) -> Option<&str> {
        said(&self.0.hash)
    }

    /// The image that it asks for; null when any.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>, ApiError> {
        match self.0.image_id {
            Some(image) => super::node::image(ctx, image).await,
            None => Ok(None),
        }
    }

    /// Why it was made.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Who made it: the name of the token, or of the program's own part.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// From when on it no longer holds; null when it holds until it is revoked.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(Into::into)
    }

    /// When it was taken back; null when it was not.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(Into::into)
    }
}

impl AllowRule {
    /// The rule that a finding names.
    pub(super) async fn of(ctx: &Context<'_>, key: Option<i64>) -> Result<Option<Self>, ApiError> {
        let Some(key) = key else { return Ok(None) };
        Ok(loaders(ctx)?.allow_rules.load_one(key).await.map_err(ApiError::internal)?.map(Self))
    }
}

/// Which rules are wanted. All conditions must hold; what is absent or null asks nothing.
#[derive(InputObject, Clone, Debug, Default)]
pub struct AllowRuleFilter {
    /// Of this category, SECRET or MALWARE.
    category: Option<FindingCategory>,
    /// That hold for the image with this global id, those for every image too.
    image_id: Option<ID>,
    /// Whether they hold now: neither revoked nor expired.
    active: Option<bool>,
}

connection!(
    AllowRuleConnection,
    AllowRuleEdge,
    AllowRule,
    "A page of allow rules.",
    "An allow rule in a page."
);

/// Look-ups of allow rules.
#[derive(Default)]
pub struct AllowRuleQuery;

#[Object]
impl AllowRuleQuery {
    /// The rules by which people let secrets and malware pass, the newest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn allow_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many rows from the start, 1 to 100; 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which rules; all when absent.")] filter: Option<AllowRuleFilter>,
    ) -> Result<AllowRuleConnection, ApiError> {
        let input = filter.unwrap_or_default();
        let image = input.image_id.map(|id| keys_of(Kind::Image, "filter.imageId", &[id])).transpose()?;
        let asked = ListTag::of(&("allow rules", input.category, &image, input.active));
        let request = PageArgs { first, after, last, before }.request(&asked)?;
        let now = services(ctx)?.store.clock().now();
        let filter = RuleFilter {
            category: input.category.map(Into::into),
            image_id: image.and_then(|keys| keys.first().copied()),
            active: input.active.map(|active| (active, now)),
        };
        let (conn, requester) = (database(ctx)?.clone(), requester(ctx)?.clone());
        let rows = list_rules(&conn, &requester, &filter, true, &request).await?;
        let count = Box::new(move || -> futures_util::future::BoxFuture<'static, _> {
            let (conn, requester, filter) = (conn.clone(), requester.clone(), filter.clone());
            Box::pin(async move { Ok(count_rules(&conn, &requester, &filter).await?) })
        });
        Ok(AllowRuleConnection::new(rows.map(AllowRule), asked, count))
    }
}
