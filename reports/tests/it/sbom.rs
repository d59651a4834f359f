//! The bill-of-materials formats against their published schemas, and what their readers depend on.

use std::collections::BTreeSet;

use lazaret_reports::model::{ScanResult, SetAside, SetAsideReason};
use lazaret_reports::{cyclonedx, spdx};
use serde_json::Value;

use crate::{HOSTILE, hostile, sample, schema};

fn cyclonedx(scan: &ScanResult) -> Value {
    let mut out = Vec::new();
    cyclonedx::image(scan.into(), &mut out).unwrap();
    assert!(out.ends_with(b"}\n"));
    serde_json::from_slice(&out).unwrap()
}

fn spdx(scan: &ScanResult) -> Value {
    let mut out = Vec::new();
    spdx::image(scan.into(), &mut out).unwrap();
    assert!(out.ends_with(b"}\n"));
    serde_json::from_slice(&out).unwrap()
}

/// The sample with every kind of declared licence, and findings that do not count.
fn rich() -> ScanResult {
    let mut scan = sample::scan();
    let declared = ["MIT", "MIT OR Apache-2.0", "BSD", "GPL-2.0+", "LicenseRef-own", "Öffentlich / Public"];
    for (package, license) in scan.facts.packages.iter_mut().zip(declared) {
        license.clone_into(&mut package.licenses);
    }
    scan.facts.packages[0].source_version = "1.1.1k-0".into();
    for (found, reason) in
        scan.facts.vulnerabilities.iter_mut().zip([SetAsideReason::Vex, SetAsideReason::Lockfile])
    {
        found.set_aside = Some(SetAside { reason, statement: "the code is not reached".into() });
    }
    scan
}

fn bare() -> ScanResult {
    let mut scan = sample::scan();
    scan.facts = lazaret_reports::model::ImageFacts::default();
    scan
}

#[test]
fn cyclonedx_holds_to_the_published_schema() {
    let validator = schema::cyclonedx();
    for scan in [sample::scan(), rich(), bare()] {
        schema::check(&validator, &cyclonedx(&scan));
    }
    for text in HOSTILE {
        let mut scan = hostile(text);
        for package in &mut scan.facts.packages {
            package.licenses = text.into();
            package.name = text.into();
        }
        schema::check(&validator, &cyclonedx(&scan));
    }
    let mut wrong = cyclonedx(&sample::scan());
    wrong["components"][0]["type"] = Value::from("nonsense");
    assert!(!validator.is_valid(&wrong), "the schema is really asked");
}

#[test]
fn spdx_holds_to_the_published_schema() {
    let validator = schema::spdx();
    for scan in [sample::scan(), rich(), bare()] {
        schema::check(&validator, &spdx(&scan));
    }
    for text in HOSTILE {
        let mut scan = hostile(text);
        for package in &mut scan.facts.packages {
            package.licenses = text.into();
            package.name = text.into();
        }
        schema::check(&validator, &spdx(&scan));
    }
    let mut wrong = spdx(&sample::scan());
    wrong["packages"][0]["nonsense"] = Value::from(1);
    assert!(!validator.is_valid(&wrong), "the schema is really asked");
}

#[test]
fn the_same_scan_gives_the_same_document_and_another_one_another_identity() {
    let mut other = sample::scan();
    other.facts.packages.pop();
    for (write, identity) in
        [(cyclonedx as fn(&ScanResult) -> Value, "serialNumber"), (spdx, "documentNamespace")]
    {
        let document = write(&sample::scan());
        assert_eq!(document, write(&sample::scan()));
        assert_ne!(document[identity], write(&other)[identity]);
    }
}

#[test]
fn a_component_names_its_package_its_place_and_its_source() {
    let document = cyclonedx(&rich());
    assert_eq!(document["metadata"]["component"]["type"], "container");
    assert_eq!(document["metadata"]["component"]["name"], "registry.example.com/shop/web:1.4");
    let components = document["components"].as_array().unwrap();
    assert_eq!(
        (&components[0]["type"], &components[0]["name"]),
        (&"operating-system".into(), &"debian".into())
    );
    let library = &components[1];
    assert_eq!(library["name"], "libssl1.1");
    assert_eq!(library["purl"], "pkg:deb/debian/libssl1.1@1.1.1k-1?upstream=openssl%401.1.1k-0");
    assert_eq!(library["licenses"][0]["license"]["id"], "MIT");
    assert_eq!(components[2]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(components[3]["licenses"][0]["license"]["name"], "BSD");
    assert_eq!(components[4]["licenses"][0]["expression"], "GPL-2.0+");
    assert_eq!(library["evidence"]["occurrences"][0]["location"], "var/lib/dpkg/status");
    let property = |name: &str| {
        let properties = library["properties"].as_array().unwrap();
        properties.iter().find(|property| property["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(property("lazaret:layer:diffId"), format!("sha256:{}", "a3".repeat(32)));
    assert_eq!(property("lazaret:source:name"), "openssl");

    // Every reference names something.
    let refs: BTreeSet<&str> =
        components.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
    assert_eq!(refs.len(), components.len());
    for edge in document["dependencies"].as_array().unwrap() {
        for target in edge["dependsOn"].as_array().unwrap() {
            assert!(refs.contains(target.as_str().unwrap()), "{target}");
        }
    }
    for vulnerability in document["vulnerabilities"].as_array().unwrap() {
        let affects = vulnerability["affects"].as_array().unwrap();
        assert!(!affects.is_empty(), "{vulnerability:#}");
        assert!(affects.iter().all(|affected| refs.contains(affected["ref"].as_str().unwrap())));
    }
}

#[test]
fn a_vulnerability_stands_once_with_all_packages_that_have_it() {
    let document = cyclonedx(&sample::scan());
    let vulnerabilities = document["vulnerabilities"].as_array().unwrap();
    assert_eq!(vulnerabilities.len(), 22);
    let openssl = vulnerabilities.iter().find(|entry| entry["id"] == "CVE-2021-3711").unwrap();
    assert_eq!(openssl["affects"].as_array().unwrap().len(), 2);
    assert_eq!(openssl["ratings"][0]["severity"], "critical");
    assert_eq!(openssl["ratings"][0]["score"], 9.8);
    assert_eq!(openssl["references"][0]["id"], "DSA-4963-1");
    let aside = cyclonedx(&rich());
    let details: Vec<_> = aside["vulnerabilities"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["analysis"]["detail"].as_str())
        .collect();
    assert_eq!(details.len(), 2);
    assert!(details.contains(&"Set aside: VEX: the code is not reached"), "{details:?}");
}

#[test]
fn spdx_declares_only_licences_that_it_explains() {
    let document = spdx(&rich());
    let packages = document["packages"].as_array().unwrap();
    let declared = |name: &str| {
        let package = packages.iter().find(|package| package["name"] == name).unwrap();
        package["licenseDeclared"].as_str().unwrap().to_owned()
    };
    assert_eq!(declared("libssl1.1"), "MIT");
    assert_eq!(declared("openssl"), "MIT OR Apache-2.0");
    assert_eq!(declared("Jinja2"), "NOASSERTION");
    let explained = document["hasExtractedLicensingInfos"].as_array().unwrap();
    let bsd = explained.iter().find(|info| info["licenseId"] == declared("zlib1g")).unwrap();
    assert_eq!(bsd["extractedText"], "BSD");
    let reference = packages[2]["externalRefs"][0]["referenceLocator"].as_str().unwrap();
    assert!(reference.starts_with("pkg:deb/debian/libssl1.1@1.1.1k-1"), "{reference}");
    let related: BTreeSet<&str> = document["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|relationship| relationship["relatedSpdxElement"].as_str().unwrap())
        .collect();
    assert!(packages.iter().all(|package| related.contains(package["SPDXID"].as_str().unwrap())));
}
