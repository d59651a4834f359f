//! Tests against a real server on this machine.

use super::testing::{Answer, Server};
use super::{Egress, EgressConfig, EgressError, Fetch, Fetched};

fn egress(allowed: &[&str]) -> Egress {
    let allow_private = allowed.iter().map(|text| (*text).to_owned()).collect();
    Egress::new(&EgressConfig { allow_private, ..EgressConfig::default() }, false).unwrap()
}

async fn body(egress: &Egress, url: &str, redirects: usize) -> Result<Vec<u8>, EgressError> {
    match egress.get(url, Fetch { etag: "", redirects }).await? {
        Fetched::NotModified => panic!("nothing was sent that could still hold"),
        Fetched::Body(body) => {
            let mut bytes = Vec::new();
            body.save(&mut bytes, 1000, &|_| ()).await.map(|_| bytes)
        }
    }
}

const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

#[tokio::test]
async fn entity_tags_are_sent_and_understood() {
    let server = Server::start(|request| match request.if_none_match.as_str() {
        "\"1\"" => Answer::status(304),
        _ => Answer::ok(b"hello".to_vec()).etag("\"1\""),
    })
    .await;
    let egress = egress(LOOPBACK);
    let Fetched::Body(first) = egress.get(&server.url(), Fetch::default()).await.unwrap() else {
        panic!("no body")
    };
    assert_eq!((first.etag(), first.length()), ("\"1\"", Some(5)));
    let again = egress.get(&server.url(), Fetch { etag: "\"1\"", redirects: 0 }).await.unwrap();
    assert!(matches!(again, Fetched::NotModified));
}

#[tokio::test]
async fn redirects_are_followed_only_as_far_as_allowed() {
    let server = Server::start(|request| match request.path.as_str() {
        "/3" => Answer::redirect("/2"),
        "/2" => Answer::redirect("/1"),
        "/1" => Answer::redirect("/0"),
        "/loop" => Answer::redirect("/loop2"),
        "/loop2" => Answer::redirect("/loop"),
        "/nowhere" => Answer::status(302),
        "/file" => Answer::redirect("file:///etc/passwd"),
        "/metadata" => Answer::redirect("http://169.254.169.254/latest/meta-data/"),
        "/private" => Answer::redirect("http://10.255.255.1/"),
        _ => Answer::ok(b"there".to_vec()),
    })
    .await;
    let egress = egress(LOOPBACK);
    let get =
        async |path: &str, redirects| body(&egress, &format!("{}{path}", server.url()), redirects).await;
    assert_eq!(get("/3", 3).await.unwrap(), b"there");
    assert!(matches!(get("/3", 2).await, Err(EgressError::TooManyRedirects { most: 2, .. })));
    assert!(matches!(get("/1", 0).await, Err(EgressError::Status { status: 302, .. })));
    assert!(matches!(get("/loop", 3).await, Err(EgressError::TooManyRedirects { .. })));
    assert!(matches!(get("/nowhere", 3).await, Err(EgressError::Status { status: 302, .. })));
    assert!(matches!(get("/file", 3).await, Err(EgressError::InvalidUrl(_))));
    assert!(matches!(get("/metadata", 3).await, Err(EgressError::Refused { .. })));
    let refused = get("/private", 3).await.unwrap_err().to_string();
    assert!(refused.contains("egress.allow_private"), "{refused}");
}

#[tokio::test]
async fn bodies_are_bounded_and_whole() {
    let server = Server::start(|request| match request.path.as_str() {
        "/cut" => Answer::ok(vec![7; 900]).cut_at(400),
        "/large" => Answer::ok(vec![7; 1001]),
        "/most" => Answer::ok(vec![7; 1000]),
        _ => Answer::status(404),
    })
    .await;
    let egress = egress(LOOPBACK);
    let get = async |path: &str| body(&egress, &format!("{}{path}", server.url()), 0).await;
    assert_eq!(get("/most").await.unwrap().len(), 1000);
    assert!(matches!(get("/large").await, Err(EgressError::TooLarge { limit: 1000, .. })));
    assert!(matches!(get("/cut").await, Err(EgressError::Truncated { .. })));
    let absent = get("/absent").await.unwrap_err();
    assert!(matches!(absent, EgressError::Status { status: 404, .. }) && !absent.concerns_every_call());
}

#[tokio::test]
async fn names_and_literals_meet_the_same_policy() {
    let server = Server::start(|_| Answer::ok(b"there".to_vec())).await;
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let strict = egress(&[]);
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
    {
        let refused = body(&strict, &format!("http://{host}:{port}/"), 0).await.unwrap_err();
        assert!(matches!(refused, EgressError::Refused { .. }), "{host}: {refused}");
        assert!(refused.to_string().contains("egress.allow_private"), "{refused}");
    }
    assert!(server.requests().is_empty(), "nothing was sent");
    assert_eq!(body(&egress(LOOPBACK), &format!("http://localhost:{port}/"), 0).await.unwrap(), b"there");
}

#[tokio::test]
async fn offline_sends_nothing_and_only_http_is_spoken() {
    let server = Server::start(|_| Answer::ok(Vec::new())).await;
    let config = EgressConfig { allow_private: vec!["127.0.0.0/8".to_owned()], ..EgressConfig::default() };
    let offline = Egress::new(&config, true).unwrap();
    assert!(matches!(body(&offline, &server.url(), 0).await, Err(EgressError::Offline(_))));
    assert!(server.requests().is_empty());
    for url in ["ftp://example.org/", "file:///etc/passwd", "example.org", ""] {
        assert!(matches!(body(&egress(&[]), url, 0).await, Err(EgressError::InvalidUrl(_))), "{url}");
    }
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_the_policy_still_judges_literals() {
    let proxy = Server::start(|_| Answer::ok(b"by proxy".to_vec())).await;
    let config = EgressConfig { proxy: Some(proxy.url()), ..EgressConfig::default() };
    let egress = Egress::new(&config, false).unwrap();
    assert_eq!(body(&egress, "http://feeds.example.org/x", 0).await.unwrap(), b"by proxy");
    assert_eq!(proxy.requests()[0].path, "http://feeds.example.org/x");
    assert!(matches!(body(&egress, "http://169.254.169.254/", 0).await, Err(EgressError::Refused { .. })));
}

#[test]
fn a_wrong_section_names_its_key() {
    let wrong = |config: EgressConfig| Egress::new(&config, false).err().unwrap().to_string();
    let networks =
        EgressConfig { allow_private: vec!["10.0.0.0".into(), "x".into()], ..EgressConfig::default() };
    assert!(wrong(networks).contains("egress.allow_private"));
    assert!(
        wrong(EgressConfig { proxy: Some("x".into()), ..EgressConfig::default() }).contains("egress.proxy")
    );
}
