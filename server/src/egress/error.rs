//! What can go wrong when another machine is called.

use std::error::Error;
use std::path::PathBuf;

use super::cidr::InvalidCidr;
use super::policy::Refusal;
use super::resolver::RefusedName;

/// A call that was not made, or did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// `--offline` was given.
    #[error("{0} was not fetched: the network is switched off (`--offline`)")]
    Offline(String),
    /// The address is not an http or https URL.
    #[error("`{0}` cannot be fetched: write an address that begins with http:// or https://")]
    InvalidUrl(String),
    /// The address policy refuses the machine.
    #[error("{url} was not called: {reason}")]
    Refused {
        /// The address called.
        url: String,
        /// Which address is meant and what would allow it.
        reason: String,
    },
    /// No connection or no answer.
    #[error("{url} could not be reached: {reason}")]
    Unreachable {
        /// The address called.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// The answer is neither success nor "not modified".
    #[error("{url} answered with HTTP status {status}")]
    Status {
        /// The address called.
        url: String,
        /// The status code.
        status: u16,
    },
    /// More redirects than are followed.
    #[error("{url} redirects more than {most} times; write the final address instead")]
    TooManyRedirects {
        /// The address called first.
        url: String,
        /// How many are followed.
        most: usize,
    },
    /// The connection ended before the body did.
    #[error("{url} ended after {received} bytes, before all was there: {reason}")]
    Truncated {
        /// The address called.
        url: String,
        /// Bytes that had come.
        received: u64,
        /// The innermost cause.
        reason: String,
    },
    /// The body is larger than allowed.
    #[error("{url} is larger than the {limit} bytes that are read from it")]
    TooLarge {
        /// The address called.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The body could not be kept.
    #[error("what {url} sent could not be written: {source}")]
    Write {
        /// The address called.
        url: String,
        /// Why.
        source: std::io::Error,
    },
    /// `egress.allow_private` is malformed.
    #[error("`egress.allow_private` is wrong: {0}")]
    InvalidNetwork(#[from] InvalidCidr),
    /// `egress.proxy` is malformed.
    #[error("`egress.proxy` is wrong: `{0}` is not an http, https or socks5 address")]
    InvalidProxy(String),
    /// `egress.ca_file` cannot be used.
    #[error("`egress.ca_file` {path} cannot be used: {reason}")]
    InvalidCaFile {
        /// The configured file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}

impl EgressError {
    /// Whether another call now would most likely fail as well, wherever it goes: no network, no route, a refusal.
    pub fn concerns_every_call(&self) -> bool {
        !matches!(self, Self::Status { .. } | Self::TooLarge { .. } | Self::TooManyRedirects { .. })
    }

    /// Whether the configuration or the command line forbade the call: nothing was sent, and only a person can change
    /// that.
    pub fn is_by_configuration(&self) -> bool {
        matches!(
            self,
            Self::Offline(_)
                | Self::InvalidUrl(_)
                | Self::Refused { .. }
                | Self::InvalidNetwork(_)
                | Self::InvalidProxy(_)
                | Self::InvalidCaFile { .. }
        )
    }

    pub(super) fn refused(url: &url::Url, refusal: Refusal) -> Self {
        Self::Refused { url: url.to_string(), reason: refusal.to_string() }
    }

    /// Tells a refusal inside the resolver from a failure of the network.
    pub(super) fn from_send(url: &url::Url, error: &reqwest::Error) -> Self {
        let mut cause: &dyn Error = error;
        loop {
            if let Some(refused) = cause.downcast_ref::<RefusedName>() {
                return Self::Refused { url: url.to_string(), reason: refused.to_string() };
            }
            match cause.source() {
                Some(inner) => cause = inner,
                None => break,
            }
        }
        let reason = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
        Self::Unreachable { url: url.to_string(), reason }
    }
}

/// The innermost cause: the outer layers only repeat that sending failed.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
