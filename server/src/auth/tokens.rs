//! Tokens: made, listed, revoked and checked. Only their hashes are stored.

use lazaret_entities::{timestamp::Timestamp, token};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, sea_query::Expr,
};

use super::{
    Forbidden, Requester, Role,
    secret::{SHORTEST_FOREIGN, Secret},
};
use crate::store::StoreError;

/// A use of a token is noted at most this often, in microseconds.
const NOTE_EVERY: i64 = 60 * 1_000_000;

/// Why something about tokens did not work.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No such token, or one that is expired or revoked. One answer for all three: a caller learns nothing.
    #[error("the token is unknown, expired or revoked; make a new one with `lazaret token create`")]
    Invalid,
    /// No live token has this prefix.
    #[error("no token with the prefix \"{0}\"; `lazaret token list` shows them")]
    NotFound(String),
    /// A name is empty or too long.
    #[error("a token's name has 1 to 100 characters; this one has {0}")]
    BadName(usize),
    /// An expiry that has passed already.
    #[error("the expiry of the new token lies in the past; give a later time")]
    Expired,
    /// A token given by configuration that is too easy to guess.
    #[error(
        "the token has {0} characters; use at least {SHORTEST_FOREIGN}, for example the output of `openssl rand -hex 32`"
    )]
    TooShort(usize),
    /// The role does not allow it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The operating system gave no randomness.
    #[error("no random bytes from the operating system for a new token: {0}")]
    Random(getrandom::Error),
    /// The database did not answer.
    #[error("tokens could not be read or written: {0}")]
    Database(#[from] DbErr),
    /// The store did not take the change.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token that was just made. The only moment at which its text is known.
pub struct Created {
    /// The text to hand over: `lzt_…`.
    pub text: String,
    /// The stored row.
    pub token: token::Model,
}

/// Makes a token. `expires_at` of none means that it is valid until revoked.
pub async fn create(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    name: &str,
    role: Role,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Created, TokenError> {
    requester.require(Role::Admin)?;
    if expires_at.is_some_and(|at| at <= now) {
        return Err(TokenError::Expired);
    }
    let secret = Secret::generate().map_err(TokenError::Random)?;
    let token = insert(tx, &secret, name, role, expires_at, now).await?;
    Ok(Created { text: secret.text, token })
}

/// Makes a given text a token, unless it is one. For an administrator's token that a deployment chose.
pub async fn adopt(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    name: &str,
    role: Role,
    text: &str,
    now: Timestamp,
) -> Result<token::Model, TokenError> {
    requester.require(Role::Admin)?;
    let text = text.trim();
    if text.len() < SHORTEST_FOREIGN {
        return Err(TokenError::TooShort(text.len()));
    }
    let secret = Secret::of(text.to_owned());
    match by_prefix(tx, &secret.prefix).await? {
        Some(token) if secret.matches(&token.hash) => Ok(token),
        _ => insert(tx, &secret, name, role, None, now).await,
    }
}

/// All tokens, the oldest first, the revoked ones too.
pub async fn list(
    conn: &impl ConnectionTrait,
    requester: &Requester,
) -> Result<Vec<token::Model>, TokenError> {
    requester.require(Role::Admin)?;
    Ok(token::Entity::find().order_by_asc(token::Column::Id).all(conn).await?)
}

/// True when no token was ever made.
pub async fn none_exist(conn: &impl ConnectionTrait) -> Result<bool, TokenError> {
    Ok(token::Entity::find().count(conn).await? == 0)
}

/// Ends a token's validity at once.
pub async fn revoke(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    prefix: &str,
    now: Timestamp,
) -> Result<token::Model, TokenError> {
    requester.require(Role::Admin)?;
    let found = by_prefix(tx, prefix).await?.filter(|token| token.revoked_at.is_none());
    let token = found.ok_or_else(|| TokenError::NotFound(prefix.to_owned()))?;
    let mut change: token::ActiveModel = token.into();
    change.revoked_at = Set(Some(now));
    Ok(change.update(tx).await?)
}

/// Who shows this text, when it is a valid token.
pub async fn verify(
    conn: &impl ConnectionTrait,
    text: &str,
    now: Timestamp,
) -> Result<(Requester, token::Model), TokenError> {
    let secret = Secret::of(text.to_owned());
    let token = by_prefix(conn, &secret.prefix).await?.ok_or(TokenError::Invalid)?;
    let alive = token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now);
    if !(secret.matches(&token.hash) && alive) {
        return Err(TokenError::Invalid);
    }
    Ok((Requester::with_token(token.id, token.name.clone(), token.role.into()), token))
}

/// True when the use of a token is worth a write: not within a minute of the last noted one.
pub fn use_is_due(token: &token::Model, now: Timestamp) -> bool {
    now.as_micros().saturating_sub(token.last_used_at.as_micros()) >= NOTE_EVERY
}

/// Notes that a token was used.
pub async fn note_use(tx: &impl ConnectionTrait, token_id: i64, now: Timestamp) -> Result<(), TokenError> {
    token::Entity::update_many()
        .col_expr(token::Column::LastUsedAt, Expr::value(now))
        .filter(token::Column::Id.eq(token_id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn by_prefix(conn: &impl ConnectionTrait, prefix: &str) -> Result<Option<token::Model>, DbErr> {
    token::Entity::find().filter(token::Column::Prefix.eq(prefix)).one(conn).await
}

async fn insert(
    tx: &impl ConnectionTrait,
    secret: &Secret,
    name: &str,
    role: Role,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<token::Model, TokenError> {
    let length = name.chars().count();
    if !(1..=100).contains(&length) {
        return Err(TokenError::BadName(length));
    }
    let row = token::ActiveModel {
        prefix: Set(secret.prefix.clone()),
        hash: Set(secret.hash.clone()),
        role: Set(role.into()),
        name: Set(name.to_owned()),
        created_at: Set(now),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        last_used_at: Set(Timestamp::from_micros(0)),
        ..Default::default()
    };
    Ok(row.insert(tx).await?)
}
