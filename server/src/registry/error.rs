//! Why an image of a registry was not found.

use std::error::Error;
use std::path::PathBuf;

use oci_client::Reference;
use oci_client::errors::{OciDistributionError, OciErrorCode};

use super::CredentialsError;
use crate::egress::EgressError;

/// Why an image of a registry was not found.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The text is no reference.
    #[error(
        "`{reference}` is no reference of an image ({reason}); write HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST"
    )]
    Reference {
        /// As given.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry may not be called.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The credentials cannot be had.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The file of certificate authorities cannot be used.
    #[error("`egress.ca_file` {} cannot be used: {reason}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nobody answers, or not in the way that was expected.
    #[error("the registry {registry} could not be reached: {reason}{hint}")]
    Unreachable {
        /// Its host and port.
        registry: String,
        /// The innermost cause.
        reason: String,
        /// What to do, or empty.
        hint: &'static str,
    },
    /// Whoever asks may not have the image.
    #[error(
        "the registry {registry} gives `{image}` not to whoever asks now; log in with `docker login {registry}`"
    )]
    Unauthorized {
        /// Its host and port.
        registry: String,
        /// The image.
        image: String,
    },
    /// There is no such image.
    #[error("the registry {registry} has no image `{image}`; check its name and tag")]
    NoSuchImage {
        /// Its host and port.
        registry: String,
        /// The image.
        image: String,
    },
    /// Any other answer.
    #[error("the registry {registry} did not give `{image}`: {reason}")]
    Refused {
        /// Its host and port.
        registry: String,
        /// The image.
        image: String,
        /// Its answer.
        reason: String,
    },
}

impl RegistryError {
    pub(super) fn of(reference: &Reference, plain: bool, error: &OciDistributionError) -> Self {
        let (registry, image) = (reference.registry().to_owned(), reference.whole());
        let reason = reason(error);
        match error {
            OciDistributionError::RequestError(_) => {
                let hint = hint(&reason, plain);
                Self::Unreachable { registry, reason, hint }
            }
            _ if is_unauthorized(error) => Self::Unauthorized { registry, image },
            _ if is_missing(error) => Self::NoSuchImage { registry, image },
            _ => Self::Refused { registry, image, reason },
        }
    }
}

/// What a person can do about a connection that failed.
fn hint(reason: &str, plain: bool) -> &'static str {
    let lower = reason.to_lowercase();
    if lower.contains("certificate") || lower.contains("unknownissuer") {
        "; name its certificate authority in `egress.ca_file`"
    } else if !plain && (lower.contains("corrupt message") || lower.contains("invalidcontenttype")) {
        "; if it is meant to speak without TLS, add `--registry-plain-http`"
    } else {
        ""
    }
}

fn has_code(error: &OciDistributionError, codes: &[OciErrorCode]) -> bool {
    match error {
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().any(|error| codes.contains(&error.code))
        }
        _ => false,
    }
}

fn is_unauthorized(error: &OciDistributionError) -> bool {
    matches!(
        error,
        OciDistributionError::AuthenticationFailure(_)
            | OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::ServerError { code: 401 | 403, .. }
    ) || has_code(error, &[OciErrorCode::Unauthorized, OciErrorCode::Denied])
}

/// Whether the registry answered that it does not have it.
pub(super) fn is_missing(error: &OciDistributionError) -> bool {
    use OciErrorCode::{BlobUnknown, ManifestBlobUnknown, ManifestUnknown, NameUnknown, NotFound};
    matches!(error, OciDistributionError::ServerError { code: 404, .. })
        || has_code(error, &[BlobUnknown, ManifestBlobUnknown, ManifestUnknown, NameUnknown, NotFound])
}

/// The registry's own words, else the innermost cause, without the addresses, which may hold signatures.
pub(super) fn reason(error: &OciDistributionError) -> String {
    match error {
        OciDistributionError::RegistryError { envelope, .. } => {
            let said: Vec<&str> = envelope.errors.iter().map(|error| error.message.as_str()).collect();
            said.join("; ")
        }
        OciDistributionError::ServerError { code, .. } => format!("it answered with HTTP status {code}"),
        OciDistributionError::UnauthorizedError { .. } => "it asks for credentials".to_owned(),
        error => {
            let mut cause: &dyn Error = error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            cause.to_string()
        }
    }
}
