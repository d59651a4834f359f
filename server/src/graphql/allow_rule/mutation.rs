//! Allowing findings, and taking it back.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::AllowRule;
use crate::{
    allow::{self, AllowError, NewRule},
    auth::Role,
    graphql::{
        context::{requester_with, services},
        error::ApiError,
        image::FindingCategory,
        node::{Kind, key_of},
        scalars::DateTime,
    },
};

/// What goes wrong when a rule is made or revoked. More codes may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowRuleErrorCode {
    /// An id names nothing.
    NotFound,
    /// The rule was revoked already.
    Conflict,
    /// The input is not acceptable.
    Invalid,
}

user_error!(
    AllowRuleError,
    AllowRuleErrorCode,
    "Why a rule was not made or revoked. Nothing was changed then."
);

/// A rule to be made. All that it asks must match, and it must ask something.
#[derive(InputObject, Clone, Debug)]
pub struct CreateAllowRuleInput {
    /// The category of findings, SECRET or MALWARE.
    category: FindingCategory,
    /// The finding's fingerprint.
    fingerprint: Option<String>,
    /// A pattern of paths from the root: `*` stands for any name, `**` for any number of folders.
    path: Option<String>,
    /// The rule of a secret, or the engine's name for malware.
    rule: Option<String>,
    /// MD5, SHA-1 or SHA-256 of a file with malware.
    hash: Option<String>,
    /// The global id of an image; every image when absent.
    image_id: Option<ID>,
    /// Why it is trusted.
    reason: String,
    /// From when on it no longer holds; until it is revoked when absent.
    expires_at: Option<DateTime>,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// A rule to be taken back.
#[derive(InputObject, Clone, Debug)]
pub struct RevokeAllowRuleInput {
    /// The global id of the rule.
    id: ID,
    /// Comes back in the payload, so that a client knows its own request again.
    client_mutation_id: Option<String>,
}

/// What became of a rule.
#[derive(SimpleObject, Clone, Debug)]
pub struct AllowRulePayload {
    /// The rule; null when nothing was changed.
    allow_rule: Option<AllowRule>,
    /// Why nothing was changed; empty when something was.
    user_errors: Vec<AllowRuleError>,
    /// What the input had.
    client_mutation_id: Option<String>,
}

/// Changes of allow rules.
#[derive(Default)]
pub struct AllowRuleMutation;

#[Object]
impl AllowRuleMutation {
    /// Lets secrets or malware pass: what matches counts nowhere any more and stays in sight. Needs the role OPERATOR.
    async fn create_allow_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: CreateAllowRuleInput,
    ) -> Result<AllowRulePayload, ApiError> {
        let requester = requester_with(ctx, Role::Operator)?.clone();
        let store = &services(ctx)?.store;
        let image_id = match &input.image_id {
            None => None,
            Some(id) => match key_of(Kind::Image, id) {
                Some(key) => Some(key),
                None => return refused(AllowError::ImageNotFound(0), input.client_mutation_id),
            },
        };
        let rule = NewRule {
            category: input.category.into(),
            fingerprint: input.fingerprint.unwrap_or_default(),
            path: input.path.unwrap_or_default(),
            rule: input.rule.unwrap_or_default(),
            hash: input.hash.unwrap_or_default(),
            image_id,
            reason: input.reason,
            expires_at: input.expires_at.map(|time| time.0),
        };
        let now = store.clock().now();
        let made = store
            .write_tx(move |tx| Box::pin(async move { allow::create(tx, &requester, rule, now).await }))
            .await;
        answer(made, input.client_mutation_id)
    }

    /// Takes a rule back: what it allowed counts again, unless another rule allows it. Needs the role OPERATOR.
    async fn revoke_allow_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: RevokeAllowRuleInput,
    ) -> Result<AllowRulePayload, ApiError> {
        let requester = requester_with(ctx, Role::Operator)?.clone();
        let store = &services(ctx)?.store;
        let Some(key) = key_of(Kind::AllowRule, &input.id) else {
            return refused(AllowError::NotFound(0), input.client_mutation_id);
        };
        let now = store.clock().now();
        let revoked = store
            .write_tx(move |tx| Box::pin(async move { allow::revoke(tx, &requester, key, now).await }))
            .await;
        answer(revoked, input.client_mutation_id)
    }
}

fn answer(
    outcome: Result<lazaret_entities::allow_rule::Model, AllowError>,
    client_mutation_id: Option<String>,
) -> Result<AllowRulePayload, ApiError> {
    match outcome {
        Ok(row) => Ok(AllowRulePayload {
            allow_rule: Some(AllowRule(row)),
            user_errors: Vec::new(),
            client_mutation_id,
        }),
        Err(error) => refused(error, client_mutation_id),
    }
}

/// What a client can act on; the rest is internal.
fn refused(error: AllowError, client_mutation_id: Option<String>) -> Result<AllowRulePayload, ApiError> {
    let (code, field) = match &error {
        AllowError::NotFound(_) => (AllowRuleErrorCode::NotFound, "id"),
        AllowError::Revoked(_) => (AllowRuleErrorCode::Conflict, "id"),
        AllowError::ImageNotFound(_) => (AllowRuleErrorCode::NotFound, "imageId"),
        AllowError::Category => (AllowRuleErrorCode::Invalid, "category"),
        AllowError::Reason(_) => (AllowRuleErrorCode::Invalid, "reason"),
        AllowError::Path { .. } => (AllowRuleErrorCode::Invalid, "path"),
        AllowError::Hash(_) | AllowError::HashOfSecret => (AllowRuleErrorCode::Invalid, "hash"),
        AllowError::Expired => (AllowRuleErrorCode::Invalid, "expiresAt"),
        AllowError::AsksNothing | AllowError::TooLong { .. } => (AllowRuleErrorCode::Invalid, ""),
        AllowError::Forbidden(_) | AllowError::Count(_) | AllowError::Database(_) | AllowError::Store(_) => {
            return Err(ApiError::internal(error));
        }
    };
    let path: &[&str] = if field.is_empty() { &[] } else { &[field] };
    let user_errors = vec![AllowRuleError::new(code, path, error.to_string())];
    Ok(AllowRulePayload { allow_rule: None, user_errors, client_mutation_id })
}
