//! Against a real Docker Engine: `LAZARET_TEST_DOCKER` names its socket as `DOCKER_HOST` would.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Database, Lazaret, advisories, lazaret, python_app, run, stderr, stdout, write_archive,
};

pub(crate) fn engine() -> Option<String> {
    let engine = std::env::var("LAZARET_TEST_DOCKER").ok();
    if engine.is_none() {
        println!("skipped: no Docker Engine (LAZARET_TEST_DOCKER is not set)");
    }
    engine
}

pub(crate) fn docker(engine: &str, args: &[&str]) -> String {
    let output = Command::new("docker").args(["-H", engine]).args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", stderr(&output));
    stdout(&output).trim().to_owned()
}

/// Loads the Python application into the engine.
pub(crate) fn load(engine: &str, folder: &Path) {
    let archive = folder.join("load.tar");
    write_archive(&python_app(), &archive);
    docker(engine, &["load", "-i", archive.to_str().unwrap()]);
}

/// (id, package, fixed versions) of every finding, in order.
fn findings(nodes: &Value, id: &str) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                v[id].as_str().unwrap().to_owned(),
                v["package"]["name"].to_string(),
                v["fixedVersions"].to_string(),
            )
        })
        .collect();
    found.sort();
    found
}

#[actix_web::test]
async fn images_tags_and_containers_are_found_and_scanned_as_by_the_command() {
    let Some(engine) = engine() else { return };
    let scratch = TempDir::new().unwrap();
    load(&engine, scratch.path());
    let name = docker(&engine, &["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    let name = name.lines().find(|line| line.contains("lazaret-e2e/python")).unwrap().to_owned();
    docker(&engine, &["tag", &name, "second/name:2"]);
    let container =
        docker(&engine, &["create", "--network", "none", "--name", "lazaret-e2e", &name, "/bin/true"]);

    let server = Lazaret::start_with(Database::Sqlite, Some(&engine)).await;
    assert!(
        run(server.command().args(["advisories", "import"]).arg(advisories(scratch.path()))).status.success()
    );
    let listing = "{ images(first: 20) { nodes { id digest name tags { reference }
        containers(first: 5) { nodes { name state } } hosts(first: 5) { nodes { name kind } } } } }";
    let has_python = |data: &Value| {
        data["images"]["nodes"].as_array().unwrap().iter().any(|image| {
            image["tags"].as_array().unwrap().iter().any(|tag| tag["reference"] == name.as_str())
        })
    };
    let data = server.wait_for(listing, has_python).await;
    let nodes = data["images"]["nodes"].as_array().unwrap();
    let image = nodes.iter().find(|image| image["tags"].to_string().contains("second/name:2")).unwrap();
    assert_eq!(image["tags"].as_array().unwrap().len(), 2);
    assert_eq!(image["containers"]["nodes"][0]["name"], "lazaret-e2e");
    assert_eq!(image["containers"]["nodes"][0]["state"], "CREATED");
    let engine_hosts = server.data("{ hosts { nodes { kind state engineVersion } } }", json!({})).await;
    assert!(engine_hosts["hosts"]["nodes"].to_string().contains("ONLINE"), "{engine_hosts:#}");

    let id = image["id"].as_str().unwrap();
    let job = server.scan(&[id]).await;
    assert_eq!(job["status"], "SUCCEEDED", "{job:#}");
    let query = "query($id: ID!) { image(by: { id: $id }) { vulnerabilities(first: 100) { nodes {
        identifier fixedVersions package { name } } } } }";
    let served = server.data(query, json!({ "id": id })).await;
    let by_server = findings(&served["image"]["vulnerabilities"]["nodes"], "identifier");

    let alone = TempDir::new().unwrap();
    assert!(
        run(lazaret(alone.path()).args(["advisories", "import"]).arg(advisories(scratch.path())))
            .status
            .success()
    );
    let scanned =
        run(lazaret(alone.path()).args(["scan", &name, "--format", "json"]).env("DOCKER_HOST", &engine));
    assert_eq!(scanned.status.code(), Some(0), "{}", stderr(&scanned));
    let scanned: Value = serde_json::from_str(&stdout(&scanned)).unwrap();
    let by_command = findings(&scanned["vulnerabilities"], "id");
    assert!(!by_command.is_empty());
    assert_eq!(by_server, by_command);

    // What the engine drops is marked gone and leaves the list, by its event.
    docker(&engine, &["rm", &container]);
    docker(&engine, &["rmi", "-f", &name, "second/name:2"]);
    server.wait_for(listing, |data| !has_python(data)).await;
}
