//! GraphQL over HTTP by a handler of our own: a bounded JSON body, queries alone on GET, no batches, and status
//! codes as the GraphQL-over-HTTP specification has them.

use std::borrow::Cow;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{Method, StatusCode, header},
    web::{Data, Payload},
};
use async_graphql::{Request, Response, Variables, parser::types::OperationType};
use serde_json::{Map, Value};

use super::{
    State,
    authenticate::authenticate,
    media::{Media, is_json},
    problem::Refusal,
};
use crate::graphql::{self, RequestId, error::ErrorCode};

/// The longest body, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// What a request asks for, not yet a document.
#[derive(Debug)]
struct Asked {
    query: String,
    operation_name: Option<String>,
    variables: Map<String, Value>,
}

/// `/graphql`, all methods.
pub(super) async fn serve(state: Data<State>, request: HttpRequest, body: Payload) -> HttpResponse {
    match answer(&state, &request, body).await {
        Ok(response) => response,
        Err(refusal) => refusal.into(),
    }
}

/// `/schema.graphql`: the schema in its own language.
pub(super) async fn schema(state: Data<State>, request: HttpRequest) -> HttpResponse {
    match authenticate(&state, &request).await {
        Ok(_) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(graphql::sdl()),
        Err(refusal) => refusal.into(),
    }
}

async fn answer(state: &State, request: &HttpRequest, body: Payload) -> Result<HttpResponse, Refusal> {
    let get = match *request.method() {
        Method::POST => false,
        Method::GET => true,
        _ => return Err(Refusal::method("send GraphQL by POST, or queries by GET", "GET, POST")),
    };
    let accept = request.headers().get_all(header::ACCEPT).map(|value| value.to_str().unwrap_or_default());
    let accept = accept.collect::<Vec<_>>().join(",");
    let media = Media::accepted(Some(&accept)).ok_or_else(|| {
        refusal(
            StatusCode::NOT_ACCEPTABLE,
            "responses are application/graphql-response+json or application/json; accept one of them",
        )
    })?;
    let requester = authenticate(state, request).await?;
    let asked = if get { from_query(request.query_string())? } else { from_body(request, body).await? };
    let mut execution =
        Request::new(asked.query).variables(Variables::from_json(Value::Object(asked.variables)));
    if let Some(name) = &asked.operation_name {
        execution = execution.operation_name(name);
    }
    if get && !is_query(&mut execution, asked.operation_name.as_deref()) {
        return Err(Refusal::method("GET runs queries alone; send mutations by POST", "POST"));
    }
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    let response = graphql::execute(&state.schema, &state.store, requester, &id, execution).await;
    Ok(write(&response, media))
}

/// The parameters of a GET.
fn from_query(query: &str) -> Result<Asked, Refusal> {
    let mut asked = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" => serde_json::from_str(&value)
                .map_err(|error| bad(format!("the parameter `{name}` is no JSON: {error}")))?,
            _ => continue,
        };
        asked.insert(name.into_owned(), value);
    }
    parameters(asked)
}

/// The body of a POST.
async fn from_body(request: &HttpRequest, body: Payload) -> Result<Asked, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !is_json(content_type) {
        return Err(refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be JSON in UTF-8: send the header \"Content-Type: application/json\"",
        ));
    }
    let bytes = match body.to_bytes_limited(MAX_BODY).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(bad(format!("the body could not be read: {error}"))),
        Err(_) => {
            return Err(refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body has more than {MAX_BODY} bytes, the most that is read"),
            ));
        }
    };
    let value =
        serde_json::from_slice(&bytes).map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    match value {
        Value::Object(asked) => parameters(asked),
        Value::Array(_) => Err(bad("batches are not taken; send one request at a time")),
        _ => Err(bad("the body must be a JSON object with the field `query`")),
    }
}

fn parameters(mut asked: Map<String, Value>) -> Result<Asked, Refusal> {
    let query = match asked.remove("query") {
        Some(Value::String(query)) if !query.trim().is_empty() => query,
        Some(Value::String(_)) | None => {
            return Err(bad("`query` is missing; it holds the GraphQL document"));
        }
        Some(_) => return Err(bad("`query` must be a string")),
    };
    let operation_name = match asked.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(bad("`operationName` must be a string")),
    };
    let variables = object(asked.remove("variables"), "variables")?;
    // Nothing here uses extensions of requests, but their shape is checked as the specification wants.
    object(asked.remove("extensions"), "extensions")?;
    Ok(Asked { query, operation_name, variables })
}

fn object(value: Option<Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(bad(format!("`{name}` must be an object"))),
    }
}

/// Whether the operation that would run is a query. What cannot be parsed runs nothing, and says why later.
fn is_query(request: &mut Request, name: Option<&str>) -> bool {
    let Ok(document) = request.parsed_query() else { return true };
    document.operations.iter().all(|(found, operation)| {
        let chosen = name.is_none_or(|name| found.is_some_and(|found| found.as_str() == name));
        !chosen || operation.node.ty == OperationType::Query
    })
}

/// Writes a response. One without data and without an error at a path was never executed: a request error.
fn write(response: &Response, media: Media) -> HttpResponse {
    let request_error = !response.errors.is_empty()
        && response.data == async_graphql::Value::Null
        && response.errors.iter().all(|error| error.path.is_empty());
    let status = if request_error { status_of(response, media) } else { StatusCode::OK };
    let mut body = Map::new();
    if !request_error {
        body.insert("data".to_owned(), serde_json::to_value(&response.data).unwrap_or_default());
    }
    if !response.errors.is_empty() {
        body.insert("errors".to_owned(), serde_json::to_value(&response.errors).unwrap_or_default());
    }
    if !response.extensions.is_empty() {
        body.insert("extensions".to_owned(), serde_json::to_value(&response.extensions).unwrap_or_default());
    }
    HttpResponseBuilder::new(status).content_type(media.content_type()).body(Value::Object(body).to_string())
}

/// The status of a request error. Clients that take plain JSON expect 200 for every well-formed request.
fn status_of(response: &Response, media: Media) -> StatusCode {
    let timeout = response.errors.iter().any(|error| {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        code == Some(&async_graphql::Value::from(ErrorCode::Timeout.as_str()))
    });
    match media {
        _ if timeout => StatusCode::GATEWAY_TIMEOUT,
        Media::GraphQl => StatusCode::BAD_REQUEST,
        Media::Json => StatusCode::OK,
    }
}

fn bad(message: impl Into<Cow<'static, str>>) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, message)
}

fn refusal(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(status, ErrorCode::BadUserInput, message)
}
