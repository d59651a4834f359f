//! Why a rule was not made or taken back.

use sea_orm::DbErr;

use crate::advisories::AdvisoryError;
use crate::auth::Forbidden;
use crate::store::StoreError;

/// Why something about allow rules did not work. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// Vulnerabilities are decided about elsewhere.
    #[error(
        "a rule allows findings of the category SECRET or MALWARE; vulnerabilities are not allowed by rules"
    )]
    Category,
    /// It would allow everything.
    #[error("the rule asks nothing: give a fingerprint, a path, a rule, a hash or an image")]
    AsksNothing,
    /// Nobody says why.
    #[error("a reason has 1 to {MAX_TEXT} characters; this one has {0}", MAX_TEXT = super::rules::MAX_TEXT)]
    Reason(usize),
    /// A text is too long.
    #[error("the {what} has {length} characters, more than {MAX_TEXT}", MAX_TEXT = super::rules::MAX_TEXT)]
    TooLong {
        /// What is.
        what: &'static str,
        /// Its characters.
        length: usize,
    },
    /// The path is no pattern.
    #[error("`{pattern}` is no pattern of paths: {reason}; write it like srv/app/*.pem or **/testdata/**")]
    Path {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The hash is none.
    #[error("`{0}` is no hash: give the MD5, SHA-1 or SHA-256 of a file in hex digits")]
    Hash(String),
    /// Secrets have no hash.
    #[error("a hash is of a file with malware; a secret is allowed by its fingerprint")]
    HashOfSecret,
    /// It would never hold.
    #[error("the expiry of the new rule lies in the past; give a later time")]
    Expired,
    /// No such image.
    #[error("there is no such image; list them with the query `images`")]
    ImageNotFound(i64),
    /// No such rule.
    #[error("there is no such rule; list them with the query `allowRules`")]
    NotFound(i64),
    /// It was taken back before.
    #[error("the rule has been revoked already")]
    Revoked(i64),
    /// The role does not allow it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The images could not be counted again.
    #[error(transparent)]
    Count(#[from] AdvisoryError),
    /// The database refused.
    #[error("allow rules could not be read or written: {0}")]
    Database(#[from] DbErr),
    /// The store did not take the change.
    #[error(transparent)]
    Store(#[from] StoreError),
}
