//! Rules are made and taken back.

use lazaret_entities::{Category, Timestamp, allow_rule, image};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QuerySelect, Set};

use super::apply;
use super::error::AllowError;
use super::matching::glob;
use crate::auth::{Requester, Role};
use crate::scan::counts;

/// Characters of a text at most.
pub(super) const MAX_TEXT: usize = 1000;

/// A rule to be made. An empty text asks nothing; all that is asked must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// SECRET or MALWARE.
    pub category: Category,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// A pattern of paths from the root: `*` stands for any name, `**` for any number of folders.
    pub path: String,
    /// The rule of a secret; the engine's name for malware.
    pub rule: String,
    /// MD5, SHA-1 or SHA-256 of a file with malware, in hex digits.
    pub hash: String,
    /// The image; none for every image.
    pub image_id: Option<i64>,
    /// Why it is trusted.
    pub reason: String,
    /// From when on it no longer holds; none when it holds until revoked.
    pub expires_at: Option<Timestamp>,
}

/// Makes a rule, applies it to what is stored and counts the images that it concerns again, all in the caller's
/// transaction.
///
/// # Errors
/// When the requester may not, the rule makes no sense, or the database refuses.
pub async fn create(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    rule: NewRule,
    now: Timestamp,
) -> Result<allow_rule::Model, AllowError> {
    requester.require(Role::Operator)?;
    let rule = checked(rule, now)?;
    if let Some(id) = rule.image_id {
        image::Entity::find_by_id(id).one(tx).await?.ok_or(AllowError::ImageNotFound(id))?;
    }
    let row = allow_rule::ActiveModel {
        category: Set(rule.category),
        fingerprint: Set(rule.fingerprint),
        path: Set(rule.path),
        rule: Set(rule.rule),
        hash: Set(rule.hash),
        image_id: Set(rule.image_id),
        reason: Set(rule.reason),
        author: Set(requester.name().to_owned()),
        created_at: Set(now),
        expires_at: Set(rule.expires_at),
        revoked_at: Set(None),
        ..Default::default()
    };
    let row = row.insert(tx).await?;
    let images = apply::begin(tx, &row).await?;
    counts::recount(tx, &images, now).await?;
    Ok(row)
}

/// Takes a rule back: what it allowed counts again unless another rule allows it. All in the caller's transaction.
///
/// # Errors
/// When the requester may not, there is no such rule, it was taken back before, or the database refuses.
pub async fn revoke(
    tx: &impl ConnectionTrait,
    requester: &Requester,
    rule_id: i64,
    now: Timestamp,
) -> Result<allow_rule::Model, AllowError> {
    requester.require(Role::Operator)?;
    let row = allow_rule::Entity::find_by_id(rule_id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(AllowError::NotFound(rule_id))?;
    if row.revoked_at.is_some() {
        return Err(AllowError::Revoked(rule_id));
    }
    let mut change: allow_rule::ActiveModel = row.into();
    change.revoked_at = Set(Some(now));
    let row = change.update(tx).await?;
    let images = apply::end(tx, &row, now).await?;
    counts::recount(tx, &images, now).await?;
    Ok(row)
}

/// The rule as it is stored, when it makes sense.
fn checked(mut rule: NewRule, now: Timestamp) -> Result<NewRule, AllowError> {
    if rule.category == Category::Vulnerability {
        return Err(AllowError::Category);
    }
    for text in [&mut rule.fingerprint, &mut rule.path, &mut rule.rule, &mut rule.hash, &mut rule.reason] {
        text.replace('\0', "").trim().clone_into(text);
    }
    let asked = [
        ("fingerprint", &rule.fingerprint),
        ("path", &rule.path),
        ("rule", &rule.rule),
        ("hash", &rule.hash),
    ];
    if asked.iter().all(|(_, text)| text.is_empty()) && rule.image_id.is_none() {
        return Err(AllowError::AsksNothing);
    }
    for (what, text) in asked {
        let length = text.chars().count();
        if length > MAX_TEXT {
            return Err(AllowError::TooLong { what, length });
        }
    }
    let length = rule.reason.chars().count();
    if !(1..=MAX_TEXT).contains(&length) {
        return Err(AllowError::Reason(length));
    }
    if !rule.path.is_empty() {
        glob(&rule.path).map_err(|reason| AllowError::Path { pattern: rule.path.clone(), reason })?;
    }
    if !rule.hash.is_empty() {
        if rule.category == Category::Secret {
            return Err(AllowError::HashOfSecret);
        }
        let digits = rule.hash.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits || ![32, 40, 64].contains(&rule.hash.len()) {
            return Err(AllowError::Hash(rule.hash));
        }
        rule.hash.make_ascii_lowercase();
    }
    if rule.expires_at.is_some_and(|at| at <= now) {
        return Err(AllowError::Expired);
    }
    Ok(rule)
}
