//! Images of a registry, scanned without an engine, against Debian's `docker-registry`.

use std::process::Command;

use lazaret_scanner::testing::{Compression, ImageBuilder, LayerBuilder, OciLayout};
use tempfile::TempDir;

use crate::support::{Registry, debian, lazaret, online, run, stderr};
use crate::targets::{affected, data, valid};

/// A scan that may call this machine; the environment's proxy leads nowhere and must not be used.
fn scan(data: &TempDir, target: &str) -> Command {
    let mut command = online(data.path());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    command.env("LAZARET_EGRESS_ALLOW_PRIVATE", "127.0.0.1").args(["scan", target, "--format", "json"]);
    command
}

fn shop(architecture: &str) -> ImageBuilder {
    let layer = LayerBuilder::new().file(
        "usr/lib/python3/site-packages/Django-2.2.dist-info/METADATA",
        format!("Metadata-Version: 2.1\nName: Django\nVersion: 2.2\nKeywords: {architecture}\n"),
    );
    debian().platform("linux", architecture).layer(layer)
}

#[actix_web::test]
async fn an_image_is_streamed_from_a_registry_and_known_layers_are_not_fetched() {
    let Some(registry) = Registry::plain() else { return };
    let data = data();
    let layout = || OciLayout::new().image(shop("amd64")).image(shop("arm64")).nested();
    registry.push(layout(), "team/shop", "1").await;
    let target = format!("registry:{}/team/shop:1", registry.host);

    let result = valid(&run(scan(&data, &target).arg("--registry-plain-http")));
    assert_eq!(affected(&result, false), ["django", "libssl1.1", "openssl", "zlib1g"]);
    let host = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    assert_eq!(result["image"]["id"], shop(host).id().to_string());
    assert_eq!(result["image"]["tags"][0], format!("{}/team/shop:1", registry.host));
    // Allowed by configuration; and another platform.
    let mut arm = scan(&data, &target);
    arm.env("LAZARET_REGISTRY_PLAIN_HTTP", &registry.host).args(["--platform", "linux/arm64"]);
    assert_eq!(valid(&run(&mut arm))["image"]["id"], shop("arm64").id().to_string());
    let absent = run(scan(&data, &target).args(["--registry-plain-http", "--platform", "linux/s390x"]));
    assert!(stderr(&absent).contains("linux/amd64, linux/arm64"), "{}", stderr(&absent));

    // The base is known by now: without its bytes the image can still be scanned, and read anew it cannot.
    registry.drop_blob(&shop(host).diff_ids()[0].to_string());
    let again = valid(&run(scan(&data, &target).arg("--registry-plain-http")));
    assert_eq!(again["vulnerabilities"], result["vulnerabilities"]);
    let anew = run(scan(&data, &target).args(["--registry-plain-http", "--no-cache"]));
    assert_eq!(anew.status.code(), Some(2));
    assert!(stderr(&anew).contains(&shop(host).diff_ids()[0].to_string()), "{}", stderr(&anew));
}

#[actix_web::test]
async fn packed_layers_are_read_and_by_digest_too() {
    let Some(registry) = Registry::plain() else { return };
    let data = data();
    let layout = OciLayout::new().image(shop("amd64")).compression(Compression::Gzip);
    let files = layout.clone().files();
    registry.push(layout, "shop", "1").await;
    let index: serde_json::Value = serde_json::from_slice(&files["index.json"]).unwrap();
    let digest = index["manifests"][0]["digest"].as_str().unwrap();
    let target = format!("registry:{}/shop@{digest}", registry.host);
    let result = valid(&run(scan(&data, &target).arg("--registry-plain-http")));
    assert_eq!(affected(&result, false), ["django", "libssl1.1", "openssl", "zlib1g"]);
}

#[actix_web::test]
async fn a_registry_with_a_password_and_a_private_authority() {
    let Some(registry) = Registry::locked() else { return };
    let data = data();
    registry.push(OciLayout::new().image(shop("amd64")), "shop", "1").await;
    let target = format!("registry:{}/shop:1", registry.host);
    let unknown = run(&mut scan(&data, &target));
    assert!(stderr(&unknown).contains("egress.ca_file"), "{}", stderr(&unknown));
    let trusting = || {
        let mut command = scan(&data, &target);
        command.env("LAZARET_EGRESS_CA_FILE", registry.authority());
        command
    };
    let nobody = run(&mut trusting());
    assert_eq!(nobody.status.code(), Some(2));
    assert!(stderr(&nobody).contains("docker login"), "{}", stderr(&nobody));
    let result = valid(&run(trusting().env("DOCKER_CONFIG", registry.docker_config())));
    assert_eq!(affected(&result, false), ["django", "libssl1.1", "openssl", "zlib1g"]);
}

#[actix_web::test]
async fn what_must_not_or_cannot_be_called_is_said_with_what_would_help() {
    let Some(registry) = Registry::plain() else { return };
    let data = data();
    let target = format!("registry:{}/shop:1", registry.host);
    let said = |command: &mut Command| {
        let output = run(command);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let private = said(online(data.path()).args(["scan", &target, "--registry-plain-http"]));
    assert!(private.contains("egress.allow_private"), "{private}");
    let offline = said(lazaret(data.path()).args(["scan", &target]));
    assert!(offline.contains("--offline"), "{offline}");
    let plain = said(&mut scan(&data, &target));
    assert!(plain.contains("--registry-plain-http"), "{plain}");
    let absent = said(scan(&data, &target).arg("--registry-plain-http"));
    assert!(absent.contains("has no image"), "{absent}");
    let malformed = said(&mut scan(&data, "registry:UPPER CASE"));
    assert!(malformed.contains("HOST/REPOSITORY:TAG"), "{malformed}");
    let metadata = said(scan(&data, "registry:169.254.169.254/shop:1").arg("--registry-plain-http"));
    assert!(metadata.contains("never calls"), "{metadata}");
}
