//! What people and attackers get wrong: one clear sentence each, nothing lost, the server stays up.

use std::fmt::Write as _;
use std::path::Path;

use lazaret_scanner::testing::{DockerArchive, ImageBuilder, LayerBuilder, OciLayout, TarBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Database, Lazaret, debian, lazaret, run, stderr, stdout, write_archive};

/// The one sentence of a command that ends with 2.
fn complaint(data: &Path, args: &[&str]) -> String {
    let output = run(lazaret(data).args(args));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
    assert!(!text.contains("panicked") && !text.contains("RUST_BACKTRACE"), "{text}");
    text
}

#[test]
fn a_truncated_archive_is_named_as_such() {
    let data = TempDir::new().unwrap();
    let archive = data.path().join("cut.tar");
    write_archive(&debian(), &archive);
    let whole = std::fs::read(&archive).unwrap();
    for part in [whole.len() / 3, whole.len() * 2 / 3] {
        std::fs::write(&archive, &whole[..part]).unwrap();
        let said = complaint(data.path(), &["scan", archive.to_str().unwrap()]);
        assert!(said.contains("cut.tar"), "names the file: {said}");
    }
}

#[test]
fn a_tar_that_is_no_image_is_refused_with_what_was_expected() {
    let data = TempDir::new().unwrap();
    let archive = data.path().join("plain.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&archive).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    tar.append_data(&mut header, "hello.txt", &b"hello"[..]).unwrap();
    tar.into_inner().unwrap();
    let said = complaint(data.path(), &["scan", archive.to_str().unwrap()]);
    assert!(said.contains("image") && said.contains("manifest.json"), "{said}");
}

/// The JSON of a scan that ends well.
fn scanned(data: &Path, archive: &Path) -> Value {
    let output = run(lazaret(data).arg("scan").arg(archive).args(["--format", "json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

#[test]
fn a_layer_that_climbs_out_of_the_image_is_scanned_without_that_entry() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("deep/er");
    std::fs::create_dir_all(&folder).unwrap();
    let archive = folder.join("climbing.tar");
    let layer = TarBuilder::new()
        .file("../../etc/passwd", "root::0:0::/:/bin/sh\n")
        .file("srv/node_modules/lodash/package.json", r#"{"name":"lodash","version":"4.17.15"}"#);
    let image = ImageBuilder::new().layer(LayerBuilder::from(layer)).tag("climbing:1");
    std::fs::write(&archive, DockerArchive::new().image(image).build()).unwrap();
    let result = scanned(data.path(), &archive);
    assert_eq!(result["packages"][0]["name"], "lodash", "the rest of the layer is read");
    assert!(result["warnings"].to_string().contains("../../etc/passwd"), "{:#}", result["warnings"]);
    assert!(!data.path().join("etc").exists() && !folder.join("etc").exists(), "nothing is unpacked");
}

#[test]
fn a_missing_layer_is_named() {
    let data = TempDir::new().unwrap();
    let archive = data.path().join("gap.tar");
    let image = debian();
    let missing = image.diff_ids()[0];
    std::fs::write(&archive, OciLayout::new().image(image).without_blob(missing).build()).unwrap();
    let said = complaint(data.path(), &["scan", archive.to_str().unwrap()]);
    assert!(said.contains(&missing.hex()[..12]), "{said}");
}

#[test]
fn an_unreadable_dpkg_status_is_said_and_never_taken_for_no_packages() {
    let data = TempDir::new().unwrap();
    let archive = data.path().join("garbled.tar");
    let layer = LayerBuilder::new()
        .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
        .file("var/lib/dpkg/status", [0xff, 0xfe, 0x00, 0x01, 0x80].repeat(500));
    let image = ImageBuilder::new().layer(layer).tag("garbled:1");
    std::fs::write(&archive, DockerArchive::new().image(image).build()).unwrap();
    let result = scanned(data.path(), &archive);
    assert!(result["warnings"].to_string().contains("var/lib/dpkg/status"), "{:#}", result["warnings"]);
    let table = stdout(&run(lazaret(data.path()).arg("scan").arg(&archive)));
    assert!(table.contains("var/lib/dpkg/status") && !table.contains("no vulnerabilities known"), "{table}");
}

#[test]
fn an_unknown_image_reference_says_what_to_do() {
    let data = TempDir::new().unwrap();
    let output = run(lazaret(data.path())
        .args(["scan", "no-such-image:1"])
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock"));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no-such-image:1"), "{}", stderr(&output));
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let data = TempDir::new().unwrap();
    // A file where the folder should be cannot be written by root either.
    let blocked = data.path().join("blocked");
    std::fs::write(&blocked, "").unwrap();
    let folder = blocked.join("data");
    let output = run(lazaret(&folder).args(["token", "list"]).env("HOME", data.path()));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("blocked"), "{}", stderr(&output));
}

#[actix_web::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = TempDir::new().unwrap();
    let output = run(lazaret(data.path())
        .args(["serve", "--listen", &address])
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock"));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

#[actix_web::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let server = Lazaret::start(Database::Sqlite).await;
    let output = run(server.command().args(["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[actix_web::test]
async fn wrong_questions_get_an_answer_and_the_server_stays_up() {
    let server = Lazaret::start(Database::Sqlite).await;
    let (status, body) = server.post_raw("{ not json").await;
    assert_eq!(status, 400, "{body}");
    let malformed = server.graphql("{ images { ", json!({})).await;
    assert!(malformed["errors"][0]["message"].is_string() && malformed["data"].is_null(), "{malformed:#}");
    let page = server.graphql("{ images(first: 10000) { totalCount } }", json!({})).await;
    assert_eq!(page["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{page:#}");
    assert!(page["errors"][0]["message"].as_str().unwrap().contains("100"), "says the cap: {page:#}");
    let other =
        server.graphql("{ images(after: \"bm9uc2Vuc2U\") { totalCount nodes { id } } }", json!({})).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{other:#}");
    let gone = server.data("{ node(id: \"SW1hZ2U6OTk5OTk\") { id } }", json!({})).await;
    assert_eq!(gone["node"], Value::Null);
    let mut bomb = String::from("query { overview { ...F0 } } ");
    for level in 0..24 {
        let next = level + 1;
        let _ = write!(bomb, "fragment F{level} on Overview {{ ...F{next} ...F{next} }} ");
    }
    bomb.push_str("fragment F24 on Overview { lastScannedAt }");
    let refused = server.graphql(&bomb, json!({})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{refused:#}");
    let health = reqwest::get(format!("{}/health", server.url)).await.unwrap();
    assert_eq!(health.status(), 200);
}

#[actix_web::test]
async fn a_broken_archive_beside_good_ones_fails_alone() {
    let server = Lazaret::start(Database::Sqlite).await;
    write_archive(&debian(), &server.archives().join("good.tar"));
    std::fs::write(server.archives().join("bad.tar"), b"this is no archive").unwrap();
    let images = server.images(1).await;
    let job = server.scan(&[images[0]["id"].as_str().unwrap()]).await;
    assert_eq!(job["status"], "SUCCEEDED");
}

#[actix_web::test]
async fn sigterm_ends_the_server_gracefully() {
    let mut server = Lazaret::start(Database::Sqlite).await;
    assert_eq!(server.stop(), Some(0));
}
