//! Documents as the tools write them, by hand: the fields that those tools fill, with facts of published packages.

use serde_json::{Value, json};

use super::*;
use crate::catalog::Evidence;
use crate::image::ImagePackage;

fn document(json: &Value) -> Document {
    read(json.to_string().as_bytes()).unwrap()
}

fn package<'a>(document: &'a Document, name: &str) -> &'a ImagePackage {
    let found = document.analysis.packages.iter().find(|package| package.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:#?}", document.analysis))
}

fn source(package: &ImagePackage) -> (&str, &str) {
    (&package.source_name, &package.source_version)
}

/// As `syft -o cyclonedx-json` writes it.
fn syft_cyclonedx() -> Value {
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "author": "anchore", "name": "syft", "version": "1.18.1" }] },
            "component": {
                "bom-ref": "d5c1", "type": "container", "name": "shop/web", "version": "sha256:1c5b"
            }
        },
        "components": [
            {
                "bom-ref": "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12&package-id=1&upstream=zlib",
                "type": "library",
                "publisher": "Mark Brown <broonie@debian.org>",
                "name": "zlib1g",
                "version": "1:1.2.13.dfsg-1",
                "licenses": [{ "license": { "id": "Zlib" } }],
                "cpe": "cpe:2.3:a:zlib1g:zlib1g:1\\:1.2.13.dfsg-1:*:*:*:*:*:*:*",
                "purl": "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12&upstream=zlib",
                "properties": [
                    { "name": "syft:package:foundBy", "value": "dpkg-db-cataloger" },
                    { "name": "syft:package:type", "value": "deb" },
                    { "name": "syft:location:0:layerID", "value": format!("sha256:{}", "ab".repeat(32)) },
                    { "name": "syft:location:0:path", "value": "/var/lib/dpkg/status" },
                    { "name": "syft:metadata:source", "value": "zlib" }
                ]
            },
            {
                "type": "library",
                "name": "bash",
                "version": "5.2.15-2+b2",
                "purl": "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2"
            },
            {
                "type": "library",
                "name": "Jinja2",
                "version": "2.10",
                "purl": "pkg:pypi/Jinja2@2.10",
                "licenses": [{ "license": { "name": "BSD" } }]
            },
            {
                "type": "library",
                "group": "@babel",
                "name": "traverse",
                "version": "7.0.0",
                "purl": "pkg:npm/%40babel/traverse@7.0.0"
            },
            { "type": "file", "name": "/etc/passwd", "hashes": [] },
            {
                "type": "operating-system",
                "name": "debian",
                "version": "12",
                "description": "Debian GNU/Linux 12 (bookworm)",
                "swid": { "tagId": "debian", "name": "debian", "version": "12" },
                "properties": [
                    { "name": "syft:distro:id", "value": "debian" },
                    { "name": "syft:distro:prettyName", "value": "Debian GNU/Linux 12 (bookworm)" },
                    { "name": "syft:distro:versionID", "value": "12" }
                ]
            }
        ]
    })
}

#[test]
fn cyclonedx_by_syft() {
    let found = document(&syft_cyclonedx());
    assert_eq!(found.name, "shop/web");
    assert_eq!(found.analysis.warnings, []);
    let distro = found.analysis.distro.as_ref().unwrap();
    assert_eq!(
        (distro.name.as_str(), distro.ecosystem.as_deref()),
        ("Debian GNU/Linux 12 (bookworm)", Some("Debian:12"))
    );
    assert_eq!(found.analysis.packages.len(), 4);
    let zlib = package(&found, "zlib1g");
    assert_eq!((zlib.ecosystem.as_str(), zlib.version.as_str()), ("Debian:12", "1:1.2.13.dfsg-1"));
    assert_eq!(source(zlib), ("zlib", "1:1.2.13.dfsg-1"));
    assert_eq!((zlib.arch.as_str(), zlib.path.as_str()), ("amd64", "var/lib/dpkg/status"));
    assert_eq!((zlib.licenses.as_str(), zlib.format, zlib.evidence), ("Zlib", None, Evidence::Installed));
    // The binary was built anew, its source was not.
    assert_eq!(source(package(&found, "bash")), ("bash", "5.2.15-2"));
    assert_eq!(package(&found, "jinja2").ecosystem, "PyPI");
    assert_eq!(package(&found, "@babel/traverse").ecosystem, "npm");
}

/// As `trivy image --format cyclonedx` writes it: the epoch is a qualifier, the source package three properties.
#[test]
fn cyclonedx_by_trivy() {
    let diff_id = format!("sha256:{}", "cd".repeat(32));
    let property =
        |name: &str, value: &str| json!({ "name": format!("aquasecurity:trivy:{name}"), "value": value });
    let found = document(&json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": { "component": {
            "type": "container",
            "name": "debian:12",
            "purl": "pkg:oci/debian@sha256%3Aab?arch=amd64",
            "properties": [property("DiffID", &format!("sha256:{}", "ab".repeat(32))), property("DiffID", &diff_id)]
        } },
        "components": [
            { "bom-ref": "u1", "type": "operating-system", "name": "debian", "version": "12.5" },
            {
                "type": "library",
                "name": "zlib1g",
                "version": "1:1.2.13.dfsg-1",
                "purl": "pkg:deb/debian/zlib1g@1.2.13.dfsg-1?arch=amd64&distro=debian-12.5&epoch=1",
                "properties": [
                    property("LayerDiffID", &diff_id),
                    property("PkgType", "debian"),
                    property("SrcEpoch", "1"),
                    property("SrcName", "zlib"),
                    property("SrcRelease", "1"),
                    property("SrcVersion", "1.2.13.dfsg")
                ]
            },
            {
                "type": "application",
                "name": "app/package-lock.json",
                "properties": [property("Class", "lang-pkgs"), property("Type", "npm")]
            },
            {
                "type": "library",
                "name": "lodash",
                "version": "4.17.15",
                "purl": "pkg:npm/lodash@4.17.15",
                "properties": [property("PkgType", "npm")]
            }
        ]
    }));
    assert_eq!(found.analysis.warnings, []);
    let zlib = package(&found, "zlib1g");
    assert_eq!((zlib.ecosystem.as_str(), zlib.version.as_str()), ("Debian:12", "1:1.2.13.dfsg-1"));
    assert_eq!(source(zlib), ("zlib", "1:1.2.13.dfsg-1"));
    assert_eq!((zlib.layer, found.config.diff_ids.len()), (1, 2));
    assert_eq!(package(&found, "lodash").version, "4.17.15");
}

#[test]
fn rpm_packages_have_their_epoch_source_and_module() {
    let of = |purl: &str| {
        let found = document(&json!({
            "bomFormat": "CycloneDX", "specVersion": "1.4",
            "components": [
                { "type": "operating-system", "name": "rocky", "version": "9.3" },
                { "type": "library", "name": "x", "purl": purl }
            ]
        }));
        found.analysis.packages.first().unwrap_or_else(|| panic!("{:#?}", found.analysis)).clone()
    };
    let syft = of(
        "pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=rocky-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm",
    );
    assert_eq!((syft.ecosystem.as_str(), syft.version.as_str()), ("Rocky Linux:9", "1:3.0.7-24.el9"));
    assert_eq!(source(&syft), ("openssl", "1:3.0.7-24.el9"));
    let module = of(
        "pkg:rpm/rocky/nodejs@14.21.3-1?arch=x86_64&distro=rocky-9.3&rpmmod=nodejs:14:8060020220421152133:e6e4d6a4",
    );
    assert_eq!(module.module, "nodejs:14");
    let without = of("pkg:rpm/rocky/bash@5.1.8-6.el9");
    assert_eq!((without.ecosystem.as_str(), without.version.as_str()), ("Rocky Linux:9", "5.1.8-6.el9"));
    let zero = of("pkg:rpm/rocky/bash@5.1.8-6.el9?epoch=0");
    assert_eq!(zero.version, "5.1.8-6.el9");
}

/// As `syft -o spdx-json` and so `docker sbom` and `BuildKit` write it; `BuildKit` inside an in-toto statement.
fn syft_spdx() -> Value {
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "alpine",
        "documentNamespace": "https://anchore.com/syft/image/alpine-1",
        "creationInfo": { "creators": ["Organization: Anchore, Inc", "Tool: syft-1.18.1"], "created": "2026-01-01T00:00:00Z" },
        "packages": [
            {
                "name": "libcrypto3",
                "SPDXID": "SPDXRef-Package-apk-libcrypto3-1",
                "versionInfo": "3.1.4-r5",
                "supplier": "Person: Ariadne Conill (ariadne@dereferenced.org)",
                "downloadLocation": "https://www.openssl.org/",
                "filesAnalyzed": true,
                "sourceInfo": "acquired package info from APK DB: /lib/apk/db/installed",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "Apache-2.0",
                "externalRefs": [
                    { "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:libcrypto3:libcrypto3:3.1.4-r5:*:*:*:*:*:*:*" },
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": "pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&distro=alpine-3.19.1&upstream=openssl"
                    }
                ]
            },
            {
                "name": "own",
                "SPDXID": "SPDXRef-Package-own",
                "versionInfo": "1.0",
                "licenseDeclared": "LicenseRef-own"
            },
            {
                "name": "alpine",
                "SPDXID": "SPDXRef-DocumentRoot-Image-alpine",
                "versionInfo": "3.19",
                "primaryPackagePurpose": "CONTAINER",
                "externalRefs": [{ "referenceType": "purl", "referenceLocator": "pkg:oci/alpine@sha256%3Aab?arch=amd64&tag=3.19" }]
            }
        ],
        "files": [{ "SPDXID": "SPDXRef-File-1", "fileName": "/etc/passwd" }],
        "relationships": [
            { "spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-DocumentRoot-Image-alpine", "relationshipType": "DESCRIBES" }
        ]
    })
}

#[test]
fn spdx_by_syft_on_its_own_and_as_an_attestation_of_a_build() {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [{ "name": "pkg:docker/shop/web@1", "digest": { "sha256": "ab" } }],
        "predicate": syft_spdx()
    });
    for json in [syft_spdx(), statement] {
        let found = document(&json);
        assert_eq!(found.analysis.distro.as_ref().unwrap().ecosystem.as_deref(), Some("Alpine:v3.19"));
        let libcrypto = package(&found, "libcrypto3");
        assert_eq!(libcrypto.ecosystem, "Alpine:v3.19");
        assert_eq!(source(libcrypto), ("openssl", "3.1.4-r5"));
        assert_eq!(
            (libcrypto.licenses.as_str(), libcrypto.path.as_str()),
            ("Apache-2.0", "lib/apk/db/installed")
        );
        assert_eq!(found.analysis.packages.len(), 1);
        let warnings: Vec<&str> =
            found.analysis.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(warnings, ["the component `own 1.0` is not covered: it has no package URL"]);
    }
}

/// As `trivy image --format spdx-json` writes it.
#[test]
fn spdx_by_trivy() {
    let found = document(&json!({
        "spdxVersion": "SPDX-2.3",
        "name": "debian:12",
        "packages": [
            { "name": "debian", "SPDXID": "SPDXRef-OperatingSystem-1", "versionInfo": "12.5", "primaryPackagePurpose": "OPERATING-SYSTEM" },
            { "name": "app/package-lock.json", "SPDXID": "SPDXRef-Application-1", "primaryPackagePurpose": "APPLICATION" },
            {
                "name": "libc6",
                "SPDXID": "SPDXRef-Package-1",
                "versionInfo": "2.36-9+deb12u4",
                "sourceInfo": "built package from: glibc 2.36-9+deb12u4",
                "primaryPackagePurpose": "LIBRARY",
                "licenseDeclared": "LicenseRef-1",
                "externalRefs": [{ "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12.5" }],
                "annotations": [{ "comment": "PkgType: debian" }, { "comment": "LayerDiffID: sha256:zz" }]
            }
        ],
        "hasExtractedLicensingInfos": [{ "licenseId": "LicenseRef-1", "name": "LGPL", "extractedText": "GNU Lesser" }]
    }));
    assert_eq!(found.analysis.warnings, []);
    let libc = package(&found, "libc6");
    assert_eq!(source(libc), ("glibc", "2.36-9+deb12u4"));
    assert_eq!((libc.ecosystem.as_str(), libc.licenses.as_str()), ("Debian:12", "GNU Lesser"));
}

#[test]
fn each_component_that_cannot_be_matched_says_why() {
    let found = document(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [
            { "type": "library", "name": "a" },
            { "type": "library", "name": "b", "purl": "pkg:npm" },
            { "type": "library", "name": "c", "purl": "pkg:npm/c" },
            { "type": "library", "name": "d", "purl": "pkg:generic/d@1" },
            { "type": "container", "name": "e", "purl": "pkg:oci/e@sha256%3Aab" },
            { "type": "library", "name": "f", "purl": "pkg:deb/nowhere/f@1" },
            { "type": "library", "name": "g", "components": [{ "type": "library", "name": "h", "purl": "pkg:npm/h@1.0.0" }], "purl": "pkg:npm/g@1.0.0" }
        ]
    }));
    let warnings: Vec<&str> =
        found.analysis.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "the component `a` is not covered: it has no package URL",
            "the component `b` is not covered: `pkg:npm` is no package URL",
            "the component `c` is not covered: it has no version",
            "the component `d` is not covered: no advisories are read for package URLs of the type `generic`",
        ]
    );
    let names: Vec<&str> = found.analysis.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["f", "g", "h"]);
    assert_eq!(package(&found, "f").ecosystem, "nowhere");

    let many: Vec<Value> = (0..250).map(|n| json!({ "type": "library", "name": format!("n{n}") })).collect();
    let found = document(&json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": many }));
    assert_eq!(found.analysis.warnings.len(), 101);
    assert!(found.analysis.warnings[100].message.starts_with("150 more components"));
}

#[test]
fn what_is_no_bill_of_materials_says_what_it_is() {
    let refused = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert!(refused("{}").contains("no bill of materials"));
    assert!(refused("[1]").contains("JSON"));
    assert!(refused("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.1\"}").contains("CycloneDX 1.1"));
    assert!(refused("{\"spdxVersion\":\"SPDX-3.0\"}").contains("SPDX-3.0"));
    assert!(refused("{\"@context\":\"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\"}").contains("SPDX 3"));
    assert!(refused("{\"predicateType\":\"x\",\"predicate\":{}}").contains("no bill of materials"));
    assert!(
        refused("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":7}").contains("JSON")
    );
    assert!(may_be(b"\xef\xbb\xbf \n{\"a\"") && !may_be(b"PK\x03\x04") && !may_be(b""));
    assert!(read(b"\xef\xbb\xbf{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}").is_ok());
}

#[test]
fn hostile_documents_end_in_an_error_or_a_warning() {
    let whole = syft_cyclonedx().to_string();
    for length in 0..whole.len() {
        assert!(read(&whole.as_bytes()[..length]).is_err(), "{length}");
    }
    let deep = format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":{}",
        "[{\"components\":".repeat(100_000)
    );
    assert!(read(deep.as_bytes()).is_err());
    let invalid = read(b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":\"\xff\"}").unwrap();
    assert!(invalid.analysis.warnings[0].message.contains("no UTF-8"));
    let odd = document(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": { "component": { "name": [], "properties": [
            { "name": "lazaret:image:layer:18446744073709551616:diffId", "value": 1 },
            { "name": "lazaret:image:layer:7:diffId", "value": format!("sha256:{}", "ab".repeat(32)) }
        ] } },
        "components": [{ "type": {}, "name": null, "version": 1.0, "purl": "pkg:npm/%FF@%00", "properties": null }]
    }));
    assert_eq!(odd.analysis.packages.len(), 1);
    assert!(odd.config.diff_ids.is_empty());
}

#[test]
fn a_package_that_lazaret_wrote_is_what_it_was_whatever_its_package_url_can_say() {
    let property = |name: &str, value: &str| json!({ "name": format!("lazaret:{name}"), "value": value });
    let found = document(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "components": [{
            "type": "library",
            "name": "sys-apps/bash",
            "version": "5.2_p26",
            "purl": "pkg:generic/sys-apps/bash@5.2_p26",
            "properties": [
                property("ecosystem", "gentoo:2.15"), property("evidence", "LOCKFILE"), property("module", "a:1"),
                property("path", "a.lock"), property("source:name", "bash"), property("source:version", "5.2")
            ]
        }]
    }));
    assert_eq!(found.analysis.warnings, []);
    let bash = package(&found, "sys-apps/bash");
    assert_eq!((bash.ecosystem.as_str(), bash.version.as_str()), ("gentoo:2.15", "5.2_p26"));
    assert_eq!(source(bash), ("bash", "5.2"));
    assert_eq!(
        (bash.evidence, bash.module.as_str(), bash.path.as_str()),
        (Evidence::Lockfile, "a:1", "a.lock")
    );
}
