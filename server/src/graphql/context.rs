//! What resolvers find in their context.

use std::path::PathBuf;

use async_graphql::Context;
use sea_orm::DatabaseConnection;

use super::error::ApiError;
use crate::{
    auth::{Requester, Role},
    store::Store,
};

/// What the resolvers need of the running program.
#[derive(Clone, Debug)]
pub struct Services {
    /// The store.
    pub store: Store,
    /// The data folder, where reports are written.
    pub data_dir: PathBuf,
}

/// The services of the running program.
pub(super) fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services, ApiError> {
    ctx.data_opt::<Services>().ok_or_else(|| ApiError::internal("the schema was made without services"))
}

/// The connection for reading.
pub(super) fn database<'a>(ctx: &Context<'a>) -> Result<&'a DatabaseConnection, ApiError> {
    Ok(services(ctx)?.store.read())
}

/// Who asks.
pub(super) fn requester<'a>(ctx: &Context<'a>) -> Result<&'a Requester, ApiError> {
    ctx.data_opt::<Requester>().ok_or_else(ApiError::unauthenticated)
}

/// Who asks, when the role suffices.
pub(super) fn requester_with<'a>(ctx: &Context<'a>, role: Role) -> Result<&'a Requester, ApiError> {
    let requester = requester(ctx)?;
    requester.require(role)?;
    Ok(requester)
}
