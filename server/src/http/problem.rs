//! Refusals before GraphQL is reached, in the shape that GraphQL clients read.

use actix_web::{HttpResponse, HttpResponseBuilder, Responder, http::StatusCode};
use serde_json::json;

use crate::graphql::error::ErrorCode;

/// A response with one error. `code` is what programs read, `message` what people do.
pub(super) fn problem(status: StatusCode, code: ErrorCode, message: &str) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header(("www-authenticate", "Bearer realm=\"lazaret\""));
    }
    response.content_type("application/json; charset=utf-8").body(
        json!({ "errors": [{ "message": message, "extensions": { "code": code.as_str() } }] }).to_string(),
    )
}

/// The answer where there is no route.
pub(super) async fn not_found() -> impl Responder {
    problem(
        StatusCode::NOT_FOUND,
        ErrorCode::BadUserInput,
        "there is nothing at this address; GraphQL is at /graphql, health at /health",
    )
}
