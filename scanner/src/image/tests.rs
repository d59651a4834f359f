//! Stacks of layers, and what is visible of them.

use super::*;
use crate::Limits;
use crate::catalog::{Evidence, dpkg};
use crate::layer::{LayerAnalysis, analyse};
use crate::testing::LayerBuilder;

fn layer(builder: LayerBuilder) -> LayerAnalysis {
    analyse(&builder.build()[..], &Limits::default()).unwrap()
}

fn merged(layers: Vec<LayerBuilder>) -> ImageAnalysis {
    let layers: Vec<_> = layers.into_iter().map(layer).collect();
    merge(&layers.iter().collect::<Vec<_>>())
}

fn dpkg(packages: &[(&str, &str)]) -> String {
    let stanza = |(name, version): &(&str, &str)| {
        format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
    };
    packages.iter().map(stanza).collect::<Vec<_>>().concat()
}

fn apk(packages: &[(&str, &str)]) -> String {
    let record = |(name, version): &(&str, &str)| format!("P:{name}\nV:{version}\nA:x86_64\no:{name}\n\n");
    packages.iter().map(record).collect::<Vec<_>>().concat()
}

/// `name version layer` of each package.
fn list(image: &ImageAnalysis) -> Vec<String> {
    image.packages.iter().map(|p| format!("{} {} {}", p.name, p.version, p.layer)).collect()
}

fn debian() -> LayerBuilder {
    LayerBuilder::new().os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
}

const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn a_package_belongs_to_the_layer_that_brought_its_version() {
    let image = merged(vec![
        debian().file(STATUS, dpkg(&[("bash", "5.1"), ("openssl", "1"), ("perl", "5")])),
        LayerBuilder::new().file(STATUS, dpkg(&[("bash", "5.1"), ("curl", "7"), ("openssl", "2")])),
        LayerBuilder::new().file("etc/motd", ""),
        // perl comes back: what layer 0 had of it was gone in between.
        LayerBuilder::new()
            .file(STATUS, dpkg(&[("bash", "5.1"), ("curl", "7"), ("openssl", "2"), ("perl", "5")])),
    ]);
    assert_eq!(list(&image), ["bash 5.1 0", "curl 7 1", "openssl 2 1", "perl 5 3"]);
    assert_eq!(image.packages[0].ecosystem, "Debian:11");
    assert_eq!(image.distro.unwrap().name, "Debian GNU/Linux 11 (bullseye)");
}

#[test]
fn whiteouts_hide_lower_layers_only_whatever_their_order() {
    let hidden =
        merged(vec![debian().file(STATUS, dpkg(&[("a", "1")])), LayerBuilder::new().whiteout(STATUS)]);
    assert!(hidden.packages.is_empty());
    for replaced in [
        LayerBuilder::new().whiteout(STATUS).file(STATUS, dpkg(&[("b", "1")])),
        LayerBuilder::new().file(STATUS, dpkg(&[("b", "1")])).whiteout(STATUS),
    ] {
        let image = merged(vec![debian().file(STATUS, dpkg(&[("a", "1")])), replaced]);
        assert_eq!(list(&image), ["b 1 1"]);
    }
    let folder =
        merged(vec![debian().file(STATUS, dpkg(&[("a", "1")])), LayerBuilder::new().whiteout("var/lib")]);
    assert!(folder.packages.is_empty());
}

#[test]
fn opaque_folders_hide_what_lower_layers_have_below_them() {
    let meta = |name: &str| format!("srv/node_modules/{name}/package.json");
    let json = |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0"}}"#);
    let base = || debian().file(&meta("left"), json("left"));
    for upper in [
        LayerBuilder::new().opaque("srv/node_modules").file(&meta("right"), json("right")),
        LayerBuilder::new().file(&meta("right"), json("right")).opaque("srv/node_modules"),
    ] {
        assert_eq!(list(&merged(vec![base(), upper])), ["right 1.0.0 1"]);
    }
    let root = LayerBuilder::from(crate::testing::TarBuilder::new().file(".wh..wh..opq", ""));
    let image = merged(vec![base(), root]);
    assert!(image.packages.is_empty() && image.distro.is_none());
}

#[test]
fn a_folder_replaced_by_a_file_and_back_is_empty() {
    let base = || debian().file(STATUS, dpkg(&[("a", "1")]));
    let file = || LayerBuilder::new().file("var/lib/dpkg", "a file now");
    assert!(merged(vec![base(), file()]).packages.is_empty());
    assert!(merged(vec![base(), file(), LayerBuilder::new().directory("var/lib/dpkg")]).packages.is_empty());
}

#[test]
fn merged_usr_shows_the_apk_database_once() {
    let alpine =
        || LayerBuilder::new().os_release("alpine", "3.23.0", "Alpine Linux v3.23").symlink("lib", "usr/lib");
    let image = merged(vec![alpine().file("usr/lib/apk/db/installed", apk(&[("musl", "1")]))]);
    assert_eq!(list(&image), ["musl 1 0"]);
    assert_eq!(image.packages[0].ecosystem, "Alpine:v3.23");
    assert_eq!(image.packages[0].path, "usr/lib/apk/db/installed");
    // An upper layer that writes through the link replaces the same file.
    let image = merged(vec![
        alpine().file("usr/lib/apk/db/installed", apk(&[("musl", "1"), ("zlib", "1")])),
        LayerBuilder::new().file("lib/apk/db/installed", apk(&[("musl", "1"), ("zlib", "2")])),
    ]);
    assert_eq!(list(&image), ["musl 1 0", "zlib 2 1"]);
}

#[test]
fn links_in_a_loop_and_out_of_the_root_end() {
    let image = merged(vec![
        LayerBuilder::new()
            .symlink("etc/os-release", "../../../../usr/lib/os-release")
            .file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
            .symlink(STATUS, "status")
            .symlink("lib", "lib"),
    ]);
    assert_eq!(image.distro.unwrap().ecosystem.as_deref(), Some("Debian:12"));
    assert!(image.packages.is_empty());
}

#[test]
fn unread_content_behind_links_is_asked_for_and_otherwise_told() {
    let lower = layer(debian().file("data/db", dpkg(&[("a", "1")])));
    let symlink = layer(LayerBuilder::new().symlink(STATUS, "/data/db"));
    let hard = layer(LayerBuilder::new().hardlink(STATUS, "data/db"));
    for upper in [&symlink, &hard] {
        let wanted = unread(&[Some(&lower), Some(upper)]);
        assert_eq!(wanted.len(), 1);
        assert_eq!(
            (wanted[0].layer, wanted[0].path.as_str(), wanted[0].name.as_str()),
            (0, "data/db", STATUS)
        );
        let image = merge(&[&lower, upper]);
        assert!(image.warnings[0].message.contains("not covered"), "{:?}", image.warnings);
    }
    let folder = layer(LayerBuilder::new().symlink("var/lib/dpkg", "/data").file("data/status", ""));
    assert_eq!(unread(&[Some(&folder)])[0].path, "data/status");
    assert!(unread(&[None, Some(&symlink)]).is_empty());
}

#[test]
fn databases_without_a_matching_distro_match_no_advisory_and_say_so() {
    let image = merged(vec![LayerBuilder::new().file(STATUS, dpkg(&[("a", "1")]))]);
    assert_eq!(image.packages[0].ecosystem, "unknown");
    assert!(image.warnings[0].message.contains("no os-release"));
    let image = merged(vec![
        LayerBuilder::new().os_release("alpine", "3.20.1", "Alpine").file(STATUS, dpkg(&[("a", "1")])),
    ]);
    assert_eq!(image.packages[0].ecosystem, "alpine:3.20.1");
    assert_eq!(image.warnings.len(), 1);
    let image = merged(vec![
        LayerBuilder::new().os_release("gentoo", "2.15", "Gentoo").file(STATUS, dpkg(&[("a", "1")])),
    ]);
    assert_eq!(image.packages[0].ecosystem, "gentoo:2.15");
}

#[test]
fn an_rpm_database_is_found_through_a_linked_folder_while_it_is_visible() {
    let database = &include_bytes!("../../fixtures/rpm-sqlite/root/usr/lib/sysimage/rpm/rpmdb.sqlite")[..];
    let rpm = || {
        LayerBuilder::new()
            .symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm")
            .file("usr/lib/sysimage/rpm/rpmdb.sqlite", database)
    };
    assert_eq!(merged(vec![rpm()]).packages.len(), 7);
    let garbled = || LayerBuilder::new().file("var/lib/rpm/Packages", "garbled");
    assert!(merged(vec![garbled()]).warnings[0].message.contains("no package of it is assessed"));
    for hidden in [rpm(), garbled()] {
        let above = LayerBuilder::new().whiteout("usr/lib/sysimage").whiteout("var/lib/rpm");
        let image = merged(vec![hidden, above]);
        assert_eq!((image.packages, image.warnings), (vec![], vec![]));
    }
}

#[test]
fn trap_a_log_above_its_database_is_named_while_it_is_visible() {
    let database = &include_bytes!("../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite")[..];
    let log = &include_bytes!("../../fixtures/rpm-sqlite/unwritten/rpmdb.sqlite-wal")[..];
    let (path, beside) = ("var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite-wal");
    let os = || LayerBuilder::new().os_release("rocky", "9.3", "Rocky Linux");
    let layers = || vec![os().file(path, database), LayerBuilder::new().file(beside, log)];
    let named = |layers| merged(layers).warnings.iter().any(|warning| warning.path == beside);
    assert!(named(layers()));
    assert!(!named([layers(), vec![LayerBuilder::new().whiteout(beside)]].concat()));
    assert!(!named(vec![os().file(path, database).file(beside, log)]));
}

#[test]
fn warnings_of_hidden_files_are_dropped_and_those_of_refused_entries_stay() {
    let json = "a/node_modules/b/package.json";
    let broken = || LayerBuilder::new().file(json, "{");
    let hostile = LayerBuilder::from(crate::testing::TarBuilder::new().file("../x", ""));
    assert_eq!(merged(vec![broken()]).warnings.len(), 1);
    assert!(merged(vec![broken(), LayerBuilder::new().whiteout("a")]).warnings.is_empty());
    assert_eq!(merged(vec![hostile, LayerBuilder::new().whiteout("a")]).warnings.len(), 1);
}

#[test]
fn purls_follow_their_type() {
    let mut package = ImagePackage {
        ecosystem: "Debian:11".to_owned(),
        name: "g++".to_owned(),
        version: "4:10.2.1-1~x".to_owned(),
        source_name: String::new(),
        source_version: String::new(),
        arch: "amd64".to_owned(),
        module: String::new(),
        licenses: String::new(),
        format: Some(dpkg::FORMAT),
        evidence: Evidence::Installed,
        layer: 0,
        path: String::new(),
    };
    assert_eq!(package.purl(), "pkg:deb/debian/g%2B%2B@4:10.2.1-1~x?arch=amd64&distro=debian-11");
    package.ecosystem = "Alpine:v3.20".to_owned();
    package.arch.clear();
    assert_eq!(package.purl(), "pkg:apk/alpine/g%2B%2B@4:10.2.1-1~x?distro=alpine-3.20");
    package.ecosystem = "npm".to_owned();
    package.name = "@angular/core".to_owned();
    package.version = "17.0.0".to_owned();
    assert_eq!(package.purl(), "pkg:npm/%40angular/core@17.0.0");
}

#[test]
fn a_configuration_is_read_with_tolerance_and_without_depth() {
    let config =
        parse_config(br#"{"rootfs":{"type":"layers","diff_ids":null},"history":null,"author":""}"#).unwrap();
    assert_eq!(config, ImageConfig::default());
    assert!(parse_config(b"{}").is_err());
    let deep = "[".repeat(200_000);
    assert!(parse_config(format!(r#"{{"rootfs":{{}},"x":{deep}"#).as_bytes()).is_err());
}

#[test]
fn programs_are_of_the_layer_that_brought_them_and_gone_when_replaced() {
    let go =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-binary/root/usr/local/bin/hello"));
    let go = go.unwrap();
    let tool = || LayerBuilder::new().program("usr/local/bin/tool", &go);
    let image = merged(vec![tool(), tool().symlink("usr/bin/tool", "../local/bin/tool")]);
    assert_eq!(image.packages.len(), 4);
    assert!(image.packages.iter().all(|package| package.layer == 0 && package.ecosystem == "Go"));
    assert!(image.warnings.is_empty(), "{:?}", image.warnings);
    for above in [
        LayerBuilder::new().program("usr/local/bin/tool", "#!/bin/sh\n"),
        LayerBuilder::new().whiteout("usr/local/bin/tool"),
        LayerBuilder::new()
            .symlink("usr/local/bin/tool", "/bin/true")
            .program("bin/true", "\x7fELF and no more"),
    ] {
        let image = merged(vec![tool(), above]);
        assert!(image.packages.is_empty() && image.warnings.is_empty(), "{image:?}");
    }
}

#[test]
fn trap_an_npm_package_that_links_reach_is_found_once() {
    let manifest = r#"{"name": "a", "version": "1.0.0"}"#;
    let stored = "srv/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json";
    let image = merged(vec![
        LayerBuilder::new()
            .file(stored, manifest)
            // pnpm links folders within the project, and files to those of a second one.
            .symlink("srv/node_modules/a", ".pnpm/a@1.0.0/node_modules/a")
            .symlink("srv/node_modules/.pnpm/node_modules/a", "../a@1.0.0/node_modules/a")
            .hardlink("opt/node_modules/a/package.json", stored)
            .symlink("usr/lib/node_modules", "../../srv/node_modules"),
    ]);
    assert_eq!(list(&image), ["a 1.0.0 0"]);
    assert_eq!(image.packages[0].path, stored);
}

const METADATA: &str = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO";
const REQUESTS: &str = "Name: requests\nVersion: 2.28.1\n";
const LIST: &str = "var/lib/dpkg/info/python3-requests.list";

fn with_python3_requests(base: LayerBuilder) -> LayerBuilder {
    base.file(STATUS, dpkg(&[("python3-requests", "2.28.1+dfsg-1")]))
        .file(LIST, format!("/.\n/usr/lib/python3\n/{METADATA}\n"))
        .file(METADATA, REQUESTS)
}

#[test]
fn trap_what_an_os_package_owns_is_found_once() {
    let image = merged(vec![with_python3_requests(debian())]);
    assert_eq!(list(&image), ["python3-requests 2.28.1+dfsg-1 0"]);
    let image = merged(vec![debian(), with_python3_requests(LayerBuilder::new())]);
    assert_eq!(list(&image), ["python3-requests 2.28.1+dfsg-1 1"]);
    // A list that names the file by its place before /usr was merged.
    let old = LayerBuilder::new()
        .symlink("lib", "usr/lib")
        .file(STATUS, dpkg(&[("python3-requests", "2.28.1+dfsg-1")]))
        .file(LIST, format!("/{}\n", METADATA.strip_prefix("usr/").unwrap()))
        .file(METADATA, REQUESTS);
    assert_eq!(list(&merged(vec![debian(), old])), ["python3-requests 2.28.1+dfsg-1 1"]);
}

#[test]
fn what_a_later_step_wrote_over_an_os_package_is_found() {
    let replaced = LayerBuilder::new().file(METADATA, "Name: requests\nVersion: 2.31.0\n");
    let image = merged(vec![with_python3_requests(debian()), replaced]);
    assert_eq!(list(&image), ["python3-requests 2.28.1+dfsg-1 0", "requests 2.31.0 1"]);
    let removed = LayerBuilder::new().whiteout(LIST).file(STATUS, dpkg(&[("bash", "5")]));
    let image = merged(vec![with_python3_requests(debian()), removed]);
    assert_eq!(list(&image), ["bash 5 1", "requests 2.28.1 0"]);
}

#[test]
fn a_copy_that_tells_the_same_and_a_database_above_the_files_keep_the_owner() {
    let copied = LayerBuilder::new().file(METADATA, REQUESTS);
    let image = merged(vec![with_python3_requests(debian()), copied]);
    assert_eq!(list(&image), ["python3-requests 2.28.1+dfsg-1 0"]);
    let database = LayerBuilder::new()
        .file(STATUS, dpkg(&[("python3-requests", "2.28.1+dfsg-1")]))
        .file(LIST, format!("/{METADATA}\n"));
    let image = merged(vec![debian().file(METADATA, REQUESTS), database]);
    assert_eq!(list(&image), ["python3-requests 2.28.1+dfsg-1 1"]);
}

#[test]
fn trap_feeds_that_list_fixes_alone_do_not_silence_a_language() {
    let metadata = "usr/lib/python3.12/site-packages/requests-2.32.3.dist-info/METADATA";
    let (folder, file) = metadata.rsplit_once('/').unwrap();
    let database = format!("P:py3-requests\nV:2.32.3-r0\nA:x86_64\no:py3-requests\nF:{folder}\nR:{file}\n\n");
    let layer = || {
        LayerBuilder::new()
            .file("lib/apk/db/installed", database.clone())
            .file(metadata, "Name: requests\nVersion: 2.32.3\n")
    };
    let alpine = layer().os_release("alpine", "3.20.3", "Alpine Linux v3.20");
    assert_eq!(list(&merged(vec![alpine])), ["py3-requests 2.32.3-r0 0", "requests 2.32.3 0"]);
    // Nor does a distribution that nobody publishes advisories of.
    let kali = with_python3_requests(LayerBuilder::new().os_release("kali", "2024.1", "Kali GNU/Linux"));
    assert_eq!(list(&merged(vec![kali])).len(), 2);
}

#[test]
fn licences_of_dpkg_come_from_the_copyright_file_also_by_a_linked_folder() {
    let copyright = "Format: x\n\nFiles: *\nLicense: GPL-2+\n";
    let image = merged(vec![
        debian()
            .file(STATUS, dpkg(&[("bash", "5"), ("bash-doc", "5"), ("zlib1g", "1")]))
            .file("usr/share/doc/bash/copyright", copyright)
            .symlink("usr/share/doc/bash-doc", "bash"),
    ]);
    let licenses: Vec<&str> = image.packages.iter().map(|package| package.licenses.as_str()).collect();
    assert_eq!(licenses, ["GPL-2.0-or-later", "GPL-2.0-or-later", ""]);
}

#[test]
fn cyclic_links_and_texts_of_any_size_are_survived() {
    let long = "9".repeat(100_000);
    let image = merged(vec![
        debian()
            .file(STATUS, dpkg(&[("a", &long), ("b", "1")]))
            .symlink("usr/share/doc/a", "b")
            .symlink("usr/share/doc/b", "a")
            .symlink("var/lib/apk", "../lib/apk")
            .symlink("lib", "lib"),
    ]);
    // A version beyond all measure is left out, with a warning that says so.
    assert_eq!(image.packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(
        image
            .warnings
            .iter()
            .any(|warning| warning.path == STATUS && warning.message.contains("not covered"))
    );
}

#[test]
fn an_image_of_127_layers_is_merged() {
    let mut layers = vec![debian().file(STATUS, dpkg(&[("bash", "0")]))];
    for number in 1..127 {
        layers.push(LayerBuilder::new().file(STATUS, dpkg(&[("bash", "0"), ("p", &number.to_string())])));
    }
    assert_eq!(list(&merged(layers)), ["bash 0 0", "p 126 126"]);
}

#[test]
fn what_another_vendor_put_beside_the_distribution_speaks_for_itself() {
    let metadata = "opt/vendor/lib/python3.11/site-packages/requests-2.28.1.dist-info/METADATA";
    let image = merged(vec![
        debian()
            .file(STATUS, dpkg(&[("vendor-agent", "1.0")]))
            .file("var/lib/dpkg/info/vendor-agent.list", format!("/{metadata}\n"))
            .file(metadata, REQUESTS),
    ]);
    assert_eq!(list(&image), ["vendor-agent 1.0 0", "requests 2.28.1 0"]);
}
