//! Small sets of records and packages, of published facts.

use std::io::{Cursor, Write};

use lazaret_scanner::catalog::{Evidence, dpkg};
use lazaret_scanner::image::ImagePackage;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::advisories::{Imported, SetOrigin, import_zip, no_progress};
use crate::store::Store;

/// A zip of records, each a member named after its id.
pub fn zip_of(records: &[Value]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for record in records {
        let id = record["id"].as_str().unwrap();
        zip.start_file(format!("{id}.json"), SimpleFileOptions::default()).unwrap();
        zip.write_all(record.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An entry of `affected` with one range.
pub fn affected(ecosystem: &str, name: &str, fixed: Option<&str>) -> Value {
    let mut events = vec![json!({ "introduced": "0" })];
    events.extend(fixed.map(|fixed| json!({ "fixed": fixed })));
    json!({ "package": { "ecosystem": ecosystem, "name": name }, "ranges": [{ "type": "ECOSYSTEM", "events": events }] })
}

/// A record.
pub fn record(id: &str, modified: &str, aliases: &[&str], upstream: &[&str], affected: &[Value]) -> Value {
    json!({
        "id": id, "modified": modified, "published": "2023-02-07T00:00:00Z", "aliases": aliases, "upstream": upstream,
        "summary": format!("{id} in short"), "details": "More of it.", "affected": affected,
    })
}

/// The record with the severity word that GitHub gives.
pub fn rated(mut record: Value, word: &str) -> Value {
    record["database_specific"] = json!({ "severity": word });
    record
}

/// OpenSSL in Debian: CVE-2023-0286 and what DSA-5343-1 fixed with it.
pub fn debian() -> Vec<Value> {
    vec![
        record(
            "DSA-5343-1",
            "2023-02-07T00:00:00Z",
            &[],
            &["CVE-2022-4304", "CVE-2023-0286"],
            &[affected("Debian:11", "openssl", Some("1.1.1n-0+deb11u4"))],
        ),
        record(
            "DEBIAN-CVE-2023-0286",
            "2023-02-20T00:00:00Z",
            &[],
            &["CVE-2023-0286"],
            &[
                affected("Debian:10", "openssl", Some("1.1.1n-0+deb10u4")),
                affected("Debian:11", "openssl", Some("1.1.1n-0+deb11u4")),
                affected("Debian:12", "openssl", Some("3.0.8-1")),
            ],
        ),
    ]
}

/// Jinja2's sandbox escape as GitHub and the Python packaging authority publish it.
pub fn pypi() -> Vec<Value> {
    vec![
        rated(
            record(
                "GHSA-462w-v97r-4m45",
                "2024-03-01T00:00:00Z",
                &["CVE-2019-10906", "PYSEC-2019-217"],
                &[],
                &[affected("PyPI", "Jinja2", Some("2.10.1"))],
            ),
            "HIGH",
        ),
        record(
            "PYSEC-2019-217",
            "2021-07-02T00:00:00Z",
            &["CVE-2019-10906", "GHSA-462w-v97r-4m45"],
            &[],
            &[affected("PyPI", "jinja2", Some("2.10.1"))],
        ),
    ]
}

/// A package of an image.
pub fn package(ecosystem: &str, name: &str, version: &str) -> ImagePackage {
    ImagePackage {
        ecosystem: ecosystem.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        source_name: name.to_owned(),
        source_version: version.to_owned(),
        arch: String::new(),
        module: String::new(),
        licenses: String::new(),
        format: Some(dpkg::FORMAT),
        evidence: Evidence::Installed,
        layer: 0,
        path: "var/lib/dpkg/status".to_owned(),
    }
}

/// Imports records as the set of an ecosystem, as if from `https://example.org`.
pub async fn load(store: &Store, ecosystem: &str, records: &[Value]) -> Imported {
    let origin = SetOrigin {
        ecosystem: ecosystem.to_owned(),
        source: "https://example.org".to_owned(),
        etag: "\"1\"".to_owned(),
    };
    import_zip(store, origin, Cursor::new(zip_of(records)), no_progress()).await.unwrap()
}
