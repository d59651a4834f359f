//! Executing one request: its data, its time limit, and codes on every error.

use std::time::Duration;

use async_graphql::{Request, Response, ServerError};

use super::{
    AppSchema,
    error::{ErrorCode, code_of, with_code},
    loaders::Loaders,
};
use crate::{auth::Requester, store::Store};

/// The longest that one request may take.
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// How async-graphql begins its refusals of documents that go too far.
const TOO_MUCH: [&str; 4] = [
    "Query is too complex",
    "Query is nested too deep",
    "The recursion depth of the query",
    "The number of directives on the field",
];

/// The id of a request, in the log and in the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Executes a request for a requester.
pub async fn execute(
    schema: &AppSchema,
    store: &Store,
    requester: Requester,
    request_id: &RequestId,
    request: Request,
) -> Response {
    let request = request.data(requester).data(Loaders::new(store));
    let mut response = match tokio::time::timeout(TIME_LIMIT, schema.execute(request)).await {
        Ok(response) => response,
        Err(_) => Response::from_errors(vec![with_code(
            ServerError::new(
                format!(
                    "the request took longer than {} seconds; ask for fewer rows or fields",
                    TIME_LIMIT.as_secs()
                ),
                None,
            ),
            ErrorCode::Timeout,
        )]),
    };
    response.errors = response.errors.into_iter().map(|error| complete(error, request_id)).collect();
    response
}

/// Gives an error the code it lacks, and an internal one the id under which the log has it.
fn complete(error: ServerError, request_id: &RequestId) -> ServerError {
    let error = if code_of(&error).is_some() {
        error
    } else if TOO_MUCH.iter().any(|start| error.message.starts_with(start)) {
        let message = error.message.trim_end_matches('.');
        let message = format!("{message}; ask for fewer rows (`first`), fields or levels in one request");
        with_code(ServerError { message, ..error }, ErrorCode::QueryTooComplex)
    } else {
        with_code(error, ErrorCode::BadUserInput)
    };
    if code_of(&error) != Some(ErrorCode::Internal.as_str()) {
        return error;
    }
    let mut error = error;
    error.extensions.get_or_insert_default().set("requestId", request_id.0.as_str());
    error
}
