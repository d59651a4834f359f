use std::time::Duration;

use super::samples::{debian, load, pypi, zip_of};
use crate::advisories::{
    AdvisoriesConfig, Feed, IMPORTED, ensure, import_path, no_progress, renew_due, status, update,
};
use crate::egress::testing::{Answer, Server};
use crate::egress::{Egress, EgressConfig};
use crate::store::Store;
use crate::store::testing::sqlite;

fn feed(source: &str, offline: bool, scratch: &std::path::Path) -> Feed {
    let egress = EgressConfig { allow_private: vec!["127.0.0.0/8".to_owned()], ..EgressConfig::default() };
    let egress = Egress::new(&egress, offline).unwrap();
    let config = AdvisoriesConfig { source: source.to_owned(), ..AdvisoriesConfig::default() };
    Feed::new(&config, egress, scratch.to_owned()).unwrap()
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

async fn records(store: &Store, ecosystem: &str) -> i64 {
    let sets = status(store.read()).await.unwrap();
    sets.iter().find(|set| set.ecosystem == ecosystem).map_or(-1, |set| set.records)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_is_fetched_at_first_need_and_renewed_by_entity_tag() {
    let (store, folder) = sqlite().await;
    let zip = zip_of(&debian());
    let server = Server::start(move |request| match request.path.as_str() {
        "/osv/Debian/all.zip" if request.if_none_match == "\"a\"" => Answer::status(304),
        "/osv/Debian/all.zip" => Answer::ok(zip.clone()).etag("\"a\""),
        _ => Answer::status(404),
    })
    .await;
    let feed = feed(&format!("{}/osv/", server.url()), false, folder.path());
    let fetches =
        ensure(&store, &feed, &names(&["Debian:11", "Debian:12", "gentoo:1"]), &no_progress()).await.unwrap();
    assert_eq!((fetches.loaded.len(), fetches.failed.len(), server.requests().len()), (1, 0, 1));
    ensure(&store, &feed, &names(&["Debian:11"]), &no_progress()).await.unwrap();
    assert_eq!(server.requests().len(), 1, "what is loaded is not fetched again");
    assert!(renew_due(&store, &feed, &no_progress()).await.unwrap().unchanged.is_empty());
    store.clock().advance(Duration::from_hours(24));
    assert_eq!(renew_due(&store, &feed, &no_progress()).await.unwrap().unchanged, ["Debian"]);
    assert!(
        renew_due(&store, &feed, &no_progress()).await.unwrap().unchanged.is_empty(),
        "not due again at once"
    );
    assert_eq!((server.requests().len(), records(&store, "Debian").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_source_lacks_does_not_end_the_tries_for_others() {
    let (store, folder) = sqlite().await;
    let zip = zip_of(&pypi());
    let server = Server::start(move |request| match request.path.as_str() {
        "/PyPI/all.zip" => Answer::ok(zip.clone()),
        _ => Answer::status(404),
    })
    .await;
    let feed = feed(&server.url(), false, folder.path());
    let fetches = ensure(&store, &feed, &names(&["Debian:11", "PyPI"]), &no_progress()).await.unwrap();
    assert_eq!(fetches.failed.len(), 1);
    assert!(fetches.failed[0].1.contains("404"), "{:?}", fetches.failed);
    assert_eq!((records(&store, "PyPI").await, records(&store, "Debian").await), (2, 0));
    ensure(&store, &feed, &names(&["Debian:11"]), &no_progress()).await.unwrap();
    assert_eq!(server.requests().len(), 2, "the failure is remembered");
    store.clock().advance(Duration::from_hours(1));
    ensure(&store, &feed, &names(&["Debian:11"]), &no_progress()).await.unwrap();
    assert_eq!(server.requests().len(), 3, "for an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_download_leaves_what_was_there() {
    let (store, folder) = sqlite().await;
    let zip = zip_of(&debian());
    let server = Server::start(move |_| Answer::ok(zip.clone()).cut_at(zip.len() / 2)).await;
    let feed = feed(&server.url(), false, folder.path());
    load(&store, "Debian", &debian()).await;
    let fetches = update(&store, &feed, &names(&["Debian"]), &no_progress()).await.unwrap();
    assert_eq!((fetches.loaded.len(), fetches.failed.len()), (0, 1));
    let set = &status(store.read()).await.unwrap()[0];
    assert_eq!((set.records, set.source.as_str()), (2, "https://example.org"));
    assert!(set.last_error.contains("before all was there"), "{}", set.last_error);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failure_of_the_network_ends_the_tries_and_is_remembered_by_the_next_process() {
    let (store, folder) = sqlite().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let first = feed(&source, false, folder.path());
    let fetches =
        ensure(&store, &first, &names(&["Debian:11", "npm", "PyPI"]), &no_progress()).await.unwrap();
    assert_eq!(fetches.failed.len(), 1, "the others are not tried");
    assert!(!first.is_reachable(store.clock().now()));
    let next = feed(&source, false, folder.path());
    let fetches = ensure(&store, &next, &names(&["npm"]), &no_progress()).await.unwrap();
    assert_eq!(fetches.failed.len(), 1);
    assert!(next.is_reachable(store.clock().now()), "nothing was tried");
    store.clock().advance(Duration::from_hours(1));
    ensure(&store, &next, &names(&["npm"]), &no_progress()).await.unwrap();
    assert!(!next.is_reachable(store.clock().now()), "after an hour it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_asks_nobody_and_a_folder_still_serves() {
    let (store, folder) = sqlite().await;
    let web = feed("http://127.0.0.1:9", true, folder.path());
    let fetches = ensure(&store, &web, &names(&["Debian:11"]), &no_progress()).await.unwrap();
    assert!(fetches.loaded.is_empty() && fetches.failed.is_empty());
    assert!(status(store.read()).await.unwrap().is_empty(), "what was not tried is not remembered");
    let source = folder.path().join("osv");
    std::fs::create_dir_all(source.join("Debian")).unwrap();
    std::fs::write(source.join("Debian/all.zip"), zip_of(&debian())).unwrap();
    let files = feed(&format!("file://{}", source.display()), true, folder.path());
    let fetches = ensure(&store, &files, &names(&["Debian:11", "npm"]), &no_progress()).await.unwrap();
    assert_eq!((fetches.loaded.len(), fetches.failed.len()), (1, 1));
    assert_eq!(update(&store, &files, &[], &no_progress()).await.unwrap().unchanged, ["Debian"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_is_not_remembered_beyond_the_process() {
    let (store, folder) = sqlite().await;
    let refused = feed("http://10.0.0.1", false, folder.path());
    let fetches = ensure(&store, &refused, &names(&["npm", "PyPI"]), &no_progress()).await.unwrap();
    assert_eq!(fetches.failed.len(), 1);
    assert!(fetches.failed[0].1.contains("egress.allow_private"), "{:?}", fetches.failed);
    assert!(!refused.is_reachable(store.clock().now()));
    assert!(status(store.read()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_by_hand_is_not_replaced_unasked() {
    let (store, folder) = sqlite().await;
    let zip = zip_of(&pypi()[..1]);
    let server = Server::start(move |_| Answer::ok(zip.clone())).await;
    let feed = feed(&server.url(), false, folder.path());
    let path = folder.path().join("all.zip");
    std::fs::write(&path, zip_of(&pypi())).unwrap();
    import_path(&store, &path, None, &no_progress()).await.unwrap();
    ensure(&store, &feed, &names(&["PyPI"]), &no_progress()).await.unwrap();
    store.clock().advance(Duration::from_hours(48));
    renew_due(&store, &feed, &no_progress()).await.unwrap();
    assert_eq!(update(&store, &feed, &[], &no_progress()).await.unwrap().kept, ["PyPI"]);
    assert_eq!(
        (server.requests().len(), status(store.read()).await.unwrap()[0].source.as_str()),
        (0, IMPORTED)
    );
    update(&store, &feed, &names(&["PyPI"]), &no_progress()).await.unwrap();
    assert_eq!((server.requests().len(), records(&store, "PyPI").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_need_a_set_at_once_fetch_it_once() {
    let (store, folder) = sqlite().await;
    let zip = zip_of(&debian());
    let server = Server::start(move |_| Answer::ok(zip.clone())).await;
    let feed = feed(&server.url(), false, folder.path());
    let progress = no_progress();
    let wanted = names(&["Debian:11"]);
    let (a, b) =
        tokio::join!(ensure(&store, &feed, &wanted, &progress), ensure(&store, &feed, &wanted, &progress));
    assert_eq!((a.unwrap().loaded.len() + b.unwrap().loaded.len(), server.requests().len()), (1, 1));
}
