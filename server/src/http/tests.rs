//! The routes as a client meets them: the real server on a free port, over a real database.

use std::net::TcpListener;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{State, run};
use crate::{
    auth::{Requester, Role, tokens},
    graphql::{Services, schema},
    store::testing,
};

const GRAPHQL_JSON: &str = "application/graphql-response+json";
const QUERY: &str = "{ viewer { name role } }";

struct Server {
    base: String,
    token: String,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
    folder: tempfile::TempDir,
}

impl Server {
    /// A running server, and a token of an operator called `ci`.
    async fn start() -> Self {
        let (store, folder) = testing::sqlite().await;
        let tx = store.begin_write().await.unwrap();
        let now = store.clock().now();
        let made = tokens::create(&*tx, &Requester::local(), "ci", Role::Operator, None, now).await.unwrap();
        tx.commit().await.unwrap();
        let data_dir = folder.path().to_path_buf();
        let schema = schema(Services { store: store.clone(), data_dir: data_dir.clone() });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let state = State { store, schema, data_dir };
        let running = tokio::spawn(async move {
            run(listener, state, 1, async {
                let _ = stopped.await;
            })
            .await
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base, token: made.text, client, stop: Some(stop), running, folder }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    fn post(&self, body: &Value) -> RequestBuilder {
        self.request(Method::POST, "/graphql")
            .header("content-type", "application/json")
            .body(body.to_string())
    }
}

/// Status, content type and body of an answer.
async fn answer(request: RequestBuilder) -> (StatusCode, String, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let media = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    (status, media.unwrap_or_default(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn a_query_is_answered_in_the_accepted_media_type() {
    let server = Server::start().await;
    let body = json!({ "query": QUERY, "variables": null, "operationName": null, "extensions": {} });
    let viewer = json!({ "data": { "viewer": { "name": "ci", "role": "OPERATOR" } } });
    for (accept, media) in [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        (GRAPHQL_JSON, "application/graphql-response+json; charset=utf-8"),
    ] {
        let (status, found, answer) = answer(server.post(&body).header("accept", accept)).await;
        assert_eq!((status, found.as_str(), answer), (StatusCode::OK, media, viewer.clone()), "{accept}");
    }
    let (status, ..) = answer(server.post(&body).header("accept", "text/html")).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    let parameters = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(
            "query",
            "query A($first: Int) { images(first: $first) { totalCount } } query B { nothing }",
        )
        .append_pair("variables", r#"{"first":1}"#)
        .append_pair("operationName", "A")
        .finish();
    let (status, ..) = answer(server.request(Method::GET, &format!("/graphql?{parameters}"))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn request_errors_have_the_status_of_their_media_type_and_no_data() {
    let server = Server::start().await;
    let coercion =
        json!({ "query": "query($n: Int) { images(first: $n) { totalCount } }", "variables": { "n": "x" } });
    for body in [json!({ "query": "{" }), json!({ "query": "{ nothing }" }), coercion] {
        for (accept, expected) in
            [(GRAPHQL_JSON, StatusCode::BAD_REQUEST), ("application/json", StatusCode::OK)]
        {
            let (status, _, answer) = answer(server.post(&body).header("accept", accept)).await;
            assert_eq!(status, expected, "{body} {accept}");
            assert!(answer.get("data").is_none(), "{answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        }
    }
    // A field error was executed: data is there, and the status is 200.
    let body = json!({ "query": "{ images(first: 10000) { totalCount } }" });
    let (status, _, answer) = answer(server.post(&body).header("accept", GRAPHQL_JSON)).await;
    assert_eq!((status, answer["errors"][0]["path"][0].as_str()), (StatusCode::OK, Some("images")));
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let server = Server::start().await;
    for body in [
        json!([{ "query": QUERY }]),
        json!("text"),
        json!({}),
        json!({ "query": {} }),
        json!({ "query": QUERY, "operationName": 1 }),
        json!({ "query": QUERY, "variables": "x" }),
        json!({ "query": QUERY, "extensions": [] }),
    ] {
        let (status, ..) = answer(server.post(&body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let post = || server.request(Method::POST, "/graphql");
    let (status, ..) = answer(post().header("content-type", "application/json").body("{ not json")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let text = json!({ "query": QUERY }).to_string();
    for media in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"] {
        let (status, ..) = answer(post().header("content-type", media).body(text.clone())).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media}");
    }
    let (status, ..) = answer(post().body(text)).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = json!({ "query": QUERY, "variables": { "x": "y".repeat(256 * 1024) } });
    let (status, ..) = answer(server.post(&long)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn get_runs_no_mutation() {
    let server = Server::start().await;
    let mutation = "mutation { startScan(input: {}) { clientMutationId } }";
    for (query, name) in [
        (mutation.to_owned(), ""),
        (format!("query A {QUERY} {}", mutation.replace("mutation", "mutation B")), "B"),
    ] {
        let parameters = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &query)
            .append_pair("operationName", name)
            .finish();
        let (status, ..) = answer(server.request(Method::GET, &format!("/graphql?{parameters}"))).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{query}");
    }
    let (status, ..) = answer(server.request(Method::PUT, "/graphql")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, ..) = answer(server.request(Method::GET, "/graphql")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn everything_but_health_needs_a_token() {
    let server = Server::start().await;
    let bare = |method: Method, path: &str| server.client.request(method, format!("{}{path}", server.base));
    let body = json!({ "query": QUERY }).to_string();
    let graphql =
        || bare(Method::POST, "/graphql").header("content-type", "application/json").body(body.clone());
    for request in [
        graphql(),
        graphql().bearer_auth("lzt_000000000000_x"),
        graphql().header("authorization", format!("Basic {}", server.token)),
        bare(Method::GET, "/schema.graphql"),
        bare(Method::GET, "/reports/x.html"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().contains_key("www-authenticate"));
        let text = response.text().await.unwrap();
        assert!(text.contains("UNAUTHENTICATED"), "{text}");
    }
    let (status, _, health) = answer(bare(Method::GET, "/health")).await;
    assert_eq!((status, health), (StatusCode::OK, json!({ "status": "ok" })));
    let (status, _, schema) = answer(server.request(Method::GET, "/schema.graphql")).await;
    assert!(status.is_success() && schema.as_str().unwrap().contains("type Query"));
}

#[tokio::test]
async fn reports_are_read_from_their_folder_alone() {
    let server = Server::start().await;
    let reports = server.folder.path().join("reports");
    std::fs::create_dir_all(&reports).unwrap();
    std::fs::write(reports.join("fleet.html"), "<p>fine</p>").unwrap();
    let (status, media, text) = answer(server.request(Method::GET, "/reports/fleet.html")).await;
    assert_eq!((status, media.as_str()), (StatusCode::OK, "text/html; charset=utf-8"));
    assert_eq!(text, json!("<p>fine</p>"));
    for name in ["..%2Flazaret.db", "%2E%2E%2Flazaret.db", "missing.html", "..", "%2Fetc%2Fpasswd"] {
        let (status, ..) = answer(server.request(Method::GET, &format!("/reports/{name}"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn responses_have_an_id_and_the_server_stops_when_told() {
    let mut server = Server::start().await;
    let request = server.post(&json!({ "query": QUERY })).header("x-request-id", "forged");
    let response = request.send().await.unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap();
    assert!(id.len() == 16 && id != "forged");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    drop(response);
    server.stop.take().unwrap().send(()).unwrap();
    // A connection that is kept alive must not hold the server up.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), server.running).await;
    assert!(ended.unwrap().unwrap().is_ok());
}
