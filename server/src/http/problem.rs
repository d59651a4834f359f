//! Refusals before GraphQL is reached, in the shape that GraphQL clients read.

use std::borrow::Cow;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use serde_json::json;

use crate::graphql::error::ErrorCode;

/// Why a request is not served.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    message: Cow<'static, str>,
    allow: Option<&'static str>,
}

impl Refusal {
    /// `code` is what programs read, `message` what people do.
    pub(super) fn new(status: StatusCode, code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), allow: None }
    }

    /// The method is not one that this address takes; `allowed` are those that it does.
    pub(super) fn method(message: &'static str, allowed: &'static str) -> Self {
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::BadUserInput, message);
        Self { allow: Some(allowed), ..refusal }
    }
}

impl From<Refusal> for HttpResponse {
    fn from(refusal: Refusal) -> Self {
        let mut response = HttpResponseBuilder::new(refusal.status);
        if refusal.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"lazaret\""));
        }
        if let Some(allowed) = refusal.allow {
            response.insert_header((header::ALLOW, allowed));
        }
        let error = json!({ "message": refusal.message, "extensions": { "code": refusal.code.as_str() } });
        response
            .content_type("application/json; charset=utf-8")
            .body(json!({ "errors": [error] }).to_string())
    }
}

/// The answer where there is no route.
pub(super) async fn not_found() -> HttpResponse {
    Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorCode::BadUserInput,
        "there is nothing at this address; GraphQL is at /graphql, health at /health",
    )
    .into()
}
