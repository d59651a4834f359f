//! Java archives, ordinary and hostile.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::archive::parse;
use crate::Limits;
use crate::catalog::Listing;

fn jar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn maven(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    let properties = format!("groupId={group}\nartifactId={artifact}\nversion={version}\n");
    let place = format!("META-INF/maven/{group}/{artifact}/pom.properties");
    jar(&[(&place, properties.as_bytes())])
}

fn read(path: &str, bytes: Vec<u8>, limits: &Limits) -> (Vec<String>, Vec<String>) {
    let Listing { mut packages, warnings, .. } = parse(path, &mut bytes.into(), limits);
    packages.sort();
    let line = |package: &crate::catalog::Package| {
        format!("{} {} {}", package.name, package.version, package.within).trim_end().to_owned()
    };
    (packages.iter().map(line).collect(), warnings)
}

fn listed(path: &str, bytes: Vec<u8>) -> Vec<String> {
    let (packages, warnings) = read(path, bytes, &Limits::default());
    assert_eq!(warnings, [""; 0]);
    packages
}

fn by_manifest(path: &str, manifest: &str) -> Vec<String> {
    listed(path, jar(&[("META-INF/MANIFEST.MF", format!("Manifest-Version: 1.0\n{manifest}\n").as_bytes())]))
}

#[test]
fn trap_nested_jars_are_read_and_named_by_their_place() {
    let inner = maven("g", "inner", "1");
    let lib = jar(&[("lib/inner-1.jar", inner.as_slice())]);
    let app =
        jar(&[("BOOT-INF/lib/lib-2.jar", lib.as_slice()), ("WEB-INF/lib/inner-1.jar", inner.as_slice())]);
    assert_eq!(
        listed("opt/app.war", app),
        [
            "g:inner 1 BOOT-INF/lib/lib-2.jar!/lib/inner-1.jar",
            "g:inner 1 WEB-INF/lib/inner-1.jar",
            "lib 2 BOOT-INF/lib/lib-2.jar"
        ]
        .map(str::to_owned)
    );
}

#[test]
fn trap_shaded_jars_list_every_artifact_that_was_put_in() {
    let shaded = jar(&[
        ("META-INF/maven/g/own/pom.properties", b"groupId=g\nartifactId=own\nversion=1\n"),
        ("META-INF/maven/h/shaded/pom.properties", b"groupId=h\nartifactId=shaded\nversion=2\n"),
        ("META-INF/maven/h/bare/pom.properties", b"version=3\n"),
        ("META-INF/maven/h/unfilled/pom.properties", b"version=${v}\n"),
    ]);
    assert_eq!(listed("own-1.jar", shaded), ["g:own 1", "h:bare 3", "h:shaded 2"]);
}

#[test]
fn trap_a_stray_pom_properties_does_not_give_a_jar_its_name() {
    let stray = jar(&[
        ("META-INF/MANIFEST.MF", b"Implementation-Vendor-Id: org.example\n"),
        ("META-INF/maven/h/stray/pom.properties", b"groupId=h\nartifactId=stray\nversion=2\n"),
    ]);
    assert_eq!(listed("tool-1.5.jar", stray.clone()), ["h:stray 2", "org.example:tool 1.5"]);
    // A name of its own, without a version, is no artifact's.
    assert_eq!(listed("app.jar", stray), ["h:stray 2"]);
}

#[test]
fn trap_the_manifest_stands_in_for_a_missing_pom() {
    for (path, manifest, expected) in [
        (
            "a-1.jar",
            "Implementation-Vendor-Id: org.x\nImplementation-Version: 1.0.1\nBundle-Version: 9",
            "org.x:a 1.0.1",
        ),
        (
            "a.jar",
            "Implementation-Title: b\nImplementation-Vendor-Id: org.x\nSpecification-Version: 3",
            "org.x:b 3",
        ),
        (
            "guava-18.0.jar",
            "Bundle-SymbolicName: com.google.guava\nBundle-Version: 18.0.0",
            "com.google:guava 18.0",
        ),
        (
            "core.jar",
            "Bundle-SymbolicName: org.x.core;singleton:=true\nBundle-Version: 2.0.0",
            "org.x:core 2.0.0",
        ),
        (
            "spring-core-5.3.1.jar",
            "Implementation-Title: spring-core\nImplementation-Version: 5.3.1",
            "org.springframework:spring-core 5.3.1",
        ),
        ("a-1.jar", "Automatic-Module-Name: org.x.a", "org.x:a 1"),
        (
            "git.hpi",
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.3 (private-x)",
            "org.jenkins-ci.plugins:git 4.11.3",
        ),
        ("a-1.jar", "Implementation-Version: unknown build", "a 1"),
    ] {
        assert_eq!(by_manifest(path, manifest), [expected], "{path} {manifest}");
    }
}

#[test]
fn trap_a_jar_without_coordinates_is_listed_by_its_name_alone() {
    assert_eq!(listed("lib/some-thing-1.2.jar", jar(&[("a.class", b"")])), ["some-thing 1.2"]);
    assert_eq!(listed("app.jar", jar(&[("a.class", b"")])), [""; 0]);
}

#[test]
fn licences_are_those_of_the_project_then_of_the_bundle() {
    let pom = b"<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><licenses>\
        <license><name>The Apache Software License, Version 2.0</name></license><license><name>LGPL-2.1</name>\
        </license></licenses></project>";
    let licenses = |entries: &[(&str, &[u8])]| {
        let listing = parse("a-1.jar", &mut jar(entries).into(), &Limits::default());
        (listing.packages[0].name.clone(), listing.packages[0].licenses.clone())
    };
    assert_eq!(
        licenses(&[("META-INF/maven/g/a/pom.xml", pom)]),
        ("g:a".into(), "Apache-2.0 OR LGPL-2.1".into())
    );
    let bundle = b"Bundle-License: https://www.apache.org/licenses/LICENSE-2.0.txt;x=y\n";
    assert_eq!(licenses(&[("META-INF/MANIFEST.MF", bundle)]), ("a".into(), "Apache-2.0".into()));
}

#[test]
fn trap_jars_deeper_than_the_limit_are_a_warning() {
    let mut bytes = maven("g", "deepest", "1");
    for depth in 0..12 {
        bytes = jar(&[
            ("in.jar", bytes.as_slice()),
            ("META-INF/maven/g/a/pom.properties", format!("version={depth}").as_bytes()),
        ]);
    }
    let (packages, warnings) = read("a.jar", bytes, &Limits::default());
    assert_eq!(packages.len(), 11);
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("in.jar!/in.jar!/") && warnings[0].contains("more than 10"),
        "{warnings:?}"
    );
}

#[test]
fn trap_bombs_are_named_and_the_rest_is_complete() {
    let good = maven("g", "good", "1");
    let zeros = vec![0; 65 << 20];
    let app = jar(&[("lib/bomb.jar", zeros.as_slice()), ("lib/good-1.jar", good.as_slice())]);
    let (packages, warnings) = read("app.jar", app.clone(), &Limits { ratio: 100, ..Limits::default() });
    assert_eq!(packages, ["g:good 1 lib/good-1.jar"]);
    assert!(
        warnings.len() == 1 && warnings[0].starts_with("lib/bomb.jar") && warnings[0].contains("bomb"),
        "{warnings:?}"
    );
    let (packages, warnings) = read("app.jar", app, &Limits { file_bytes: 1 << 20, ..Limits::default() });
    assert_eq!((packages.len(), warnings.len()), (1, 1), "{warnings:?}");
}

#[test]
fn trap_sizes_that_lie_are_a_warning() {
    let good = maven("g", "good", "1");
    let mut lying = jar(&[("lib/lying.jar", vec![7; 5_000].as_slice()), ("lib/good-1.jar", good.as_slice())]);
    // The size in the directory: 5000 becomes 10 in the first header there.
    let directory = lying.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    lying[directory + 24..directory + 28].copy_from_slice(&10u32.to_le_bytes());
    let (packages, warnings) = read("app.jar", lying, &Limits::default());
    assert_eq!(packages, ["g:good 1 lib/good-1.jar"]);
    assert!(warnings.len() == 1 && warnings[0].starts_with("lib/lying.jar"), "{warnings:?}");
}

#[test]
fn thousands_of_entries_are_read_up_to_the_limit() {
    let names: Vec<String> = (0..20_000).map(|n| format!("a/{n}.class")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let properties = b"version=1\n";
    entries.push(("META-INF/maven/g/a/pom.properties", properties));
    let bytes = jar(&entries);
    assert_eq!(listed("a-1.jar", bytes.clone()), ["g:a 1"]);
    let (_, warnings) = read("a-1.jar", bytes, &Limits { entries: 100, ..Limits::default() });
    assert_eq!(warnings.len(), 1);
}

#[test]
fn what_is_no_archive_is_a_warning_where_it_claims_to_be_one() {
    assert_eq!(read("a.jar", b"no zip".to_vec(), &Limits::default()).1.len(), 1);
    assert_eq!(read("backup.par", b"no zip".to_vec(), &Limits::default()).1.len(), 0);
    assert_eq!(read("a.jar", Vec::new(), &Limits::default()).1.len(), 0);
    let inner = jar(&[("lib/a.jar", b"no zip"), ("lib/empty.jar", b"")]);
    let (_, warnings) = read("app.jar", inner, &Limits::default());
    assert!(warnings.len() == 1 && warnings[0].starts_with("lib/a.jar "), "{warnings:?}");
}

#[test]
fn every_cut_and_every_damaged_byte_is_read_without_a_panic() {
    let inner = maven("g", "inner", "1");
    let whole =
        jar(&[("lib/inner-1.jar", inner.as_slice()), ("META-INF/MANIFEST.MF", b"Bundle-Version: 1\n")]);
    for end in 0..whole.len() {
        let (packages, warnings) = read("a.jar", whole[..end].to_vec(), &Limits::default());
        assert!(!packages.is_empty() || !warnings.is_empty() || end == 0, "{end}");
    }
    for place in 0..whole.len() {
        for value in [0, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] = value;
            read("a.jar", damaged, &Limits::default());
        }
    }
}
