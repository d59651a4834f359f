//! What runs here, and who asks.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::{context::requester, error::ApiError};
use crate::auth;

/// What a token may do. Each role may do what the ones before it may.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "auth::Role")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Authorizes images, starts and cancels scans, writes reports.
    Operator,
    /// Manages the installation.
    Admin,
}

/// The server that answers.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct ServerInfo {
    /// The version of Lazaret.
    version: &'static str,
}

/// Who asks.
#[derive(SimpleObject, Clone, Debug)]
pub struct Viewer {
    /// The name of the token.
    name: String,
    /// What the token may do.
    role: Role,
}

/// What runs here, and who asks.
#[derive(Default)]
pub struct ServerInfoQuery;

#[Object]
impl ServerInfoQuery {
    /// The server that answers.
    async fn server_info(&self, ctx: &Context<'_>) -> Result<ServerInfo, ApiError> {
        requester(ctx)?;
        Ok(ServerInfo { version: env!("CARGO_PKG_VERSION") })
    }

    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer, ApiError> {
        let requester = requester(ctx)?;
        Ok(Viewer { name: requester.name().to_owned(), role: requester.role().into() })
    }
}
