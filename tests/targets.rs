//! What `lazaret scan` reads besides archives and images of the engine.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use lazaret_scanner::testing::{ImageBuilder, LayerBuilder, OciLayout};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::docker;
use crate::support::{advisories, lazaret, run, stderr, stdout, write_archive};

const STATUS: &str =
    "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.1.1k-1\n\n";
const OS_RELEASE: &str = "ID=debian\nVERSION_ID=\"11\"\nPRETTY_NAME=\"Debian GNU/Linux 11 (bullseye)\"\n";
const DJANGO: &str = "Metadata-Version: 2.1\nName: Django\nVersion: 2.2\n";
/// A lock file that npm wrote.
const LOCK: &str = r#"{"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
    "":{"name":"shop","version":"1.0.0","dependencies":{"lodash":"4.17.15"}},
    "node_modules/lodash":{"version":"4.17.15","resolved":"https://registry.npmjs.org/lodash/-/lodash-4.17.15.tgz"}}}"#;

/// A data folder with the sample advisories.
pub(crate) fn data() -> TempDir {
    let data = TempDir::new().unwrap();
    let imported = run(lazaret(data.path()).args(["advisories", "import"]).arg(advisories(data.path())));
    assert!(imported.status.success(), "{}", stderr(&imported));
    data
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn scan(data: &TempDir, target: &str, options: &[&str]) -> Output {
    run(lazaret(data.path()).args(["scan", target]).args(options))
}

/// The result as JSON, valid by the published schema.
pub(crate) fn valid(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    let result: Value = serde_json::from_str(&stdout(output)).unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas/scan-result.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&result).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    result
}

/// Names of the packages that have a vulnerability which counts, or one that is set aside.
pub(crate) fn affected(result: &Value, aside: bool) -> Vec<String> {
    let found = result["vulnerabilities"].as_array().unwrap().iter();
    let mut names: Vec<String> = found
        .filter(|found| found["setAside"].is_null() != aside)
        .map(|found| found["package"]["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_folder_is_scanned_as_a_root_file_system() {
    let data = data();
    let root = TempDir::new().unwrap();
    write(
        root.path(),
        &[
            ("usr/lib/os-release", OS_RELEASE),
            ("var/lib/dpkg/status", STATUS),
            ("opt/app/lib/python3.9/site-packages/Django-2.2.dist-info/METADATA", DJANGO),
        ],
    );
    std::fs::create_dir(root.path().join("etc")).unwrap();
    symlink("../usr/lib/os-release", root.path().join("etc/os-release")).unwrap();
    symlink("/", root.path().join("opt/everything")).unwrap();
    let target = format!("dir:{}", root.path().display());
    let result = valid(&scan(&data, &target, &["--format", "json"]));
    assert_eq!(affected(&result, false), ["django", "openssl"]);
    assert_eq!(result["image"]["kind"], "FOLDER");
    assert_eq!(result["image"]["name"], root.path().display().to_string());
    assert_eq!(result["image"]["os"]["id"], "debian");
    assert_eq!(result["image"]["tags"], json!([]));
    assert_eq!(result["packages"].as_array().unwrap().len(), 2, "{:#}", result["packages"]);

    // The same folder without a prefix; and in each form.
    let bare = valid(&scan(&data, &root.path().display().to_string(), &["--format", "json"]));
    assert_eq!(bare["image"], result["image"]);
    for format in ["table", "csv", "html", "sarif"] {
        let output = scan(&data, &target, &["--format", format]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", stderr(&output));
        assert!(text.contains("openssl") && text.contains(&root.path().display().to_string()), "{format}");
        assert!(!text.contains("layer 0"), "{format}: {text}");
    }
    let table = stdout(&scan(&data, &target, &[]));
    assert!(table.contains("Debian GNU/Linux 11 (bullseye) · folder · 2 packages"), "{table}");
}

#[test]
fn a_folder_is_read_anew_each_time() {
    let data = data();
    let root = TempDir::new().unwrap();
    let target = format!("dir:{}", root.path().display());
    let django = |version: &str| {
        let text = DJANGO.replace("2.2", version);
        write(root.path(), &[("lib/python3/site-packages/Django-2.dist-info/METADATA", &text)]);
        valid(&scan(&data, &target, &["--format", "json"]))
    };
    let (old, new) = (django("2.2"), django("4.2.30"));
    assert_eq!(affected(&old, false), ["django"]);
    assert_eq!(affected(&new, false), [] as [&str; 0]);
    assert_ne!(old["image"]["id"], new["image"]["id"]);
}

#[test]
fn lock_files_count_in_a_folder_and_not_in_an_image() {
    let data = data();
    let root = TempDir::new().unwrap();
    write(root.path(), &[("package-lock.json", LOCK)]);
    let folder = format!("dir:{}", root.path().display());
    assert_eq!(affected(&valid(&scan(&data, &folder, &["--format", "json"])), false), ["lodash"]);
    assert_eq!(scan(&data, &folder, &["--fail-on", "high"]).status.code(), Some(1));

    let archive = data.path().join("shop.tar");
    let layer = LayerBuilder::new().file("srv/shop/package-lock.json", LOCK);
    write_archive(&ImageBuilder::new().layer(layer).tag("shop:1"), &archive);
    let archive = archive.display().to_string();
    let result = valid(&scan(&data, &archive, &["--format", "json"]));
    assert_eq!((affected(&result, false), affected(&result, true)), (vec![], vec!["lodash".to_owned()]));
    assert_eq!(result["vulnerabilities"][0]["setAside"]["reason"], "LOCKFILE");
    assert_eq!(scan(&data, &archive, &["--fail-on", "low"]).status.code(), Some(0));
    let table = stdout(&scan(&data, &archive, &[]));
    assert!(table.contains("more in lock files, which do not count"), "{table}");

    let counting = run(lazaret(data.path())
        .args(["scan", &archive, "--fail-on", "high"])
        .env("LAZARET_SCAN_COUNT_LOCKFILES", "true"));
    assert_eq!(counting.status.code(), Some(1), "{}", stdout(&counting));
}

#[test]
fn a_container_is_scanned_with_what_was_changed_in_it() {
    let Some(engine) = docker::engine() else { return };
    let data = data();
    let image = format!("lazaret-e2e/container:{}", std::process::id());
    let archive = data.path().join("load.tar");
    let base = LayerBuilder::new()
        .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
        .file("var/lib/dpkg/status", STATUS)
        .file("srv/lock/package-lock.json", LOCK);
    write_archive(&ImageBuilder::new().layer(base).tag(&image), &archive);
    docker::docker(&engine, &["load", "-i", archive.to_str().unwrap()]);
    let container = docker::docker(&engine, &["create", &image, "/bin/true"]);
    let name = docker::docker(&engine, &["inspect", "--format", "{{.Name}}", &container]);
    let name = name.trim_start_matches('/');
    let changed = data.path().join("Django-2.2.dist-info");
    std::fs::create_dir(&changed).unwrap();
    std::fs::write(changed.join("METADATA"), DJANGO).unwrap();
    let inside = format!("{container}:/srv/lib/python3.9/site-packages/");
    let folders = data.path().join("lib");
    write(&folders, &[("python3.9/site-packages/notes", "")]);
    docker::docker(&engine, &["cp", folders.to_str().unwrap(), &format!("{container}:/srv/lib")]);
    docker::docker(&engine, &["cp", changed.to_str().unwrap(), &inside]);

    let scan = |target: &str, options: &[&str]| {
        run(lazaret(data.path()).args(["scan", target]).args(options).env("DOCKER_HOST", &engine))
    };
    let result = valid(&scan(&format!("container:{name}"), &["--format", "json"]));
    let table = stdout(&scan(&format!("container:{container}"), &[]));
    let absent = scan("container:lazaret-e2e-is-not-there", &[]);
    docker::docker(&engine, &["rm", &container]);
    docker::docker(&engine, &["rmi", &image]);

    assert_eq!(affected(&result, false), ["django", "openssl"]);
    assert_eq!(affected(&result, true), ["lodash"], "a container is no source tree");
    let about = &result["image"];
    assert_eq!((&about["kind"], &about["name"]), (&json!("CONTAINER"), &json!(name)));
    assert_eq!(about["tags"], json!([image]));
    assert_eq!(about["architecture"], "amd64");
    assert!(table.contains(name) && table.contains(&format!("container of {image}")), "{table}");
    assert_eq!(absent.status.code(), Some(2));
    assert!(stderr(&absent).contains("has no container `lazaret-e2e-is-not-there`"), "{}", stderr(&absent));
}

#[test]
fn of_an_image_for_several_platforms_one_is_scanned() {
    let data = data();
    let of = |architecture: &str, version: &str| {
        let layer = LayerBuilder::new().file(
            &format!("usr/lib/python3/site-packages/Django-{version}.dist-info/METADATA"),
            DJANGO.replace("2.2", version),
        );
        ImageBuilder::new().platform("linux", architecture).layer(layer).tag("shop:1")
    };
    let layout = OciLayout::new().image(of("amd64", "2.2")).image(of("arm64", "2.2.1")).nested();
    let folder = data.path().join("layout");
    layout.clone().write_folder(&folder).unwrap();
    let tar = data.path().join("layout.tar");
    std::fs::write(&tar, layout.build()).unwrap();
    let host = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    for target in [folder, tar] {
        let target = target.display().to_string();
        let result = valid(&scan(&data, &target, &["--format", "json"]));
        assert_eq!(result["image"]["architecture"], host, "{target}");
        for (platform, version) in [("linux/amd64", "2.2"), ("linux/arm64/v8", "2.2.1")] {
            let result = valid(&scan(&data, &target, &["--format", "json", "--platform", platform]));
            assert_eq!(result["packages"][0]["version"], version, "{target} {platform}");
        }
        let absent = scan(&data, &target, &["--platform", "linux/s390x"]);
        assert_eq!(absent.status.code(), Some(2));
        assert!(stderr(&absent).contains("linux/amd64, linux/arm64"), "{}", stderr(&absent));
    }
    let wrong = scan(&data, "x.tar", &["--platform", "amd64"]);
    assert!(stderr(&wrong).contains("OS/ARCH"), "{}", stderr(&wrong));
}

#[test]
fn layers_are_read_again_when_asked_for() {
    let data = data();
    let archive = data.path().join("shop.tar");
    let layer =
        LayerBuilder::new().os_release("debian", "11", "Debian 11").file("var/lib/dpkg/status", STATUS);
    write_archive(&ImageBuilder::new().layer(layer).tag("shop:1"), &archive);
    let target = archive.display().to_string();
    valid(&scan(&data, &target, &["--format", "json"]));
    // The layer is damaged now: who knows it does not look, who is told to look sees it.
    let mut bytes = std::fs::read(&archive).unwrap();
    let at = bytes.windows(7).position(|window| window == b"openssl").unwrap();
    bytes[at] = b'O';
    std::fs::write(&archive, bytes).unwrap();
    valid(&scan(&data, &target, &["--format", "json"]));
    let anew = scan(&data, &target, &["--no-cache"]);
    assert_eq!(anew.status.code(), Some(2));
    assert!(stderr(&anew).contains("digest"), "{}", stderr(&anew));
}

#[test]
fn a_target_that_is_not_there_is_said_by_its_kind() {
    let data = data();
    let file = data.path().join("file");
    std::fs::write(&file, "text").unwrap();
    for (target, said) in [
        ("dir:/nowhere/at/all".to_owned(), "there is no file or folder"),
        (format!("dir:{}", file.display()), "is no folder"),
    ] {
        let output = scan(&data, &target, &[]);
        assert_eq!(output.status.code(), Some(2), "{target}");
        assert!(stderr(&output).contains(said), "{target}: {}", stderr(&output));
    }
}
