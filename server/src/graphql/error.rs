//! Errors at the top of a response: `extensions.code` is one of the list below, and internals stay inside.

use async_graphql::{Error, ErrorExtensions, ServerError, Value};
use sea_orm::DbErr;

use crate::{auth::Forbidden, store::StoreError};

/// The codes that `extensions.code` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// No valid token was shown.
    Unauthenticated,
    /// The token's role does not allow it.
    Forbidden,
    /// The document, an argument or a variable is not acceptable.
    BadUserInput,
    /// The document costs more than one request may.
    QueryTooComplex,
    /// The request took longer than it may.
    Timeout,
    /// Something failed inside; the log has it under the request's id.
    Internal,
}

impl ErrorCode {
    /// As it stands in a response.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error that a resolver answers with. It does not print itself: async-graphql would then turn every error
/// into an answer by its text.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
}

impl ApiError {
    /// What the caller sent is not acceptable; the message says what would be.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::BadUserInput, message: message.into() }
    }

    /// No valid token was shown.
    pub fn unauthenticated() -> Self {
        Self {
            code: ErrorCode::Unauthenticated,
            message: "a valid token is needed: send the header \"Authorization: Bearer lzt_…\"".to_owned(),
        }
    }

    /// Something failed that the caller can do nothing about. The cause goes to the log alone.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a GraphQL resolver failed");
        Self {
            code: ErrorCode::Internal,
            message: "something failed inside Lazaret; its log has the cause under this request id"
                .to_owned(),
        }
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Error::new(error.message).extend_with(|_, extensions| extensions.set("code", error.code.as_str()))
    }
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::internal(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl From<Forbidden> for ApiError {
    fn from(error: Forbidden) -> Self {
        Self { code: ErrorCode::Forbidden, message: error.to_string() }
    }
}

/// The code that an error carries.
pub(super) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Sets an error's code.
pub(super) fn with_code(mut error: ServerError, code: ErrorCode) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code.as_str());
    error
}
