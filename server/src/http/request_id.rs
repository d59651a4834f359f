//! A number for every request, in its log lines and in its response.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};
use tracing::Instrument;

use crate::graphql::RequestId;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id of our own making: one that the client chose could forge log lines.
pub(super) async fn assign(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId(fresh());
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!(
        "request",
        id = %id.0,
        method = %request.method(),
        path = %request.path(),
    );
    let mut response = next.call(request).instrument(span).await?;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

fn fresh() -> String {
    let mut bytes = [0_u8; 8];
    // Without randomness the request is served all the same, only its id says nothing.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}
