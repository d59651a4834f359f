use jiff::civil::date;
use lazaret_reports::model::{
    Advisory, AffectedPackage, Allowed, Image, ImageFacts, LayerRef, Malware, MalwareEngine, SCHEMA_VERSION,
    ScanResult, Secret, SecretKind, SecretSource, SetAsideReason, Severity, Tool, Vulnerability,
};

use super::{Exceptions, ExceptionsError};

const TODAY: jiff::civil::Date = date(2026, 11, 24);

fn found(id: &str, purl: &str, path: &str) -> Vulnerability {
    Vulnerability {
        id: id.into(),
        aliases: vec![format!("GHSA-{id}")],
        severity: Severity::High,
        severity_source: String::new(),
        cvss_score: None,
        summary: String::new(),
        package: AffectedPackage {
            ecosystem: "Debian:12".into(),
            name: "openssl".into(),
            source_name: "openssl".into(),
            layer: LayerRef { index: 0, diff_id: String::new() },
            path: path.into(),
            purl: purl.into(),
        },
        installed_version: "3.0.11-1".into(),
        fixed_versions: Vec::new(),
        advice: String::new(),
        advisory: Advisory { id: id.into(), source: String::new(), url: String::new() },
        unimportant: false,
        set_aside: None,
    }
}

fn scan() -> ScanResult {
    let image = Image {
        id: "sha256:aa".into(),
        tags: vec!["registry.example/shop/web:1.2".into()],
        ..Image::default()
    };
    let openssl = found(
        "CVE-2024-1",
        "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12",
        "var/lib/dpkg/status",
    );
    let lodash = found("CVE-2024-2", "pkg:npm/lodash@4.17.15", "srv/app/node_modules/lodash/package.json");
    ScanResult {
        schema_version: SCHEMA_VERSION,
        tool: Tool::lazaret("0"),
        scanned_at: jiff::Timestamp::UNIX_EPOCH,
        target: String::new(),
        facts: ImageFacts { image, vulnerabilities: vec![openssl, lodash], ..ImageFacts::default() },
    }
}

/// What is set aside after these files were applied: reason and words of each finding.
fn applied(vex: Option<&str>, ignore: Option<(&str, &str)>) -> Vec<Option<(SetAsideReason, String)>> {
    let folder = tempfile::tempdir().unwrap();
    let mut exceptions = Exceptions::default();
    if let Some(text) = vex {
        let path = folder.path().join("vex.json");
        std::fs::write(&path, text).unwrap();
        exceptions.add_vex(&path).unwrap();
    }
    if let Some((name, text)) = ignore {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        exceptions.add_ignore_file(&path).unwrap();
    }
    let mut scan = scan();
    exceptions.apply(&mut scan, TODAY);
    let aside = scan.facts.vulnerabilities.into_iter().map(|found| found.set_aside);
    aside.map(|aside| aside.map(|aside| (aside.reason, aside.statement))).collect()
}

fn vex(vulnerability: &str, products: &str, status: &str) -> String {
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/1","author":"us",
        "timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{{"vulnerability":{vulnerability},
        "products":{products},"status":"{status}","justification":"vulnerable_code_not_in_execute_path"}}]}}"#
    )
}

#[test]
fn a_statement_on_the_image_or_its_package_sets_aside() {
    let openssl = r#"{"name":"CVE-2024-1"}"#;
    let words = "not affected: vulnerable code not in execute path";
    for products in [
        r#"[{"@id":"pkg:deb/debian/openssl"}]"#,
        r#"[{"@id":"pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"}]"#,
        r#"[{"@id":"pkg:oci/web?repository_url=registry.example/shop/web"}]"#,
        r#"[{"@id":"pkg:oci/web@1.2","subcomponents":[{"@id":"pkg:deb/debian/openssl"}]}]"#,
        r#"[{"@id":"registry.example/shop/web:1.2"}]"#,
        r#"[{"@id":"x","hashes":{"sha-256":"AA"}}]"#,
        r#"[{"identifiers":{"purl":"pkg:deb/debian/openssl@3.0.11-1"}}]"#,
    ] {
        let aside = applied(Some(&vex(openssl, products, "not_affected")), None);
        assert_eq!(aside, [Some((SetAsideReason::Vex, words.into())), None], "{products}");
    }
    for products in [
        r#"[{"@id":"pkg:deb/debian/openssl@3.0.12-1"}]"#,
        r#"[{"@id":"pkg:oci/other"}]"#,
        r#"[{"@id":"pkg:oci/web@sha256:bb"}]"#,
        r#"[{"@id":"pkg:oci/web","subcomponents":[{"@id":"pkg:deb/debian/zlib"}]}]"#,
        "[]",
    ] {
        assert_eq!(applied(Some(&vex(openssl, products, "not_affected")), None), [None, None], "{products}");
    }
    let old = r#"{"@context":"https://openvex.dev/ns","timestamp":"2023-01-01T00:00:00Z","statements":[
        {"vulnerability":"GHSA-CVE-2024-2","products":["pkg:oci/web"],"subcomponents":["pkg:npm/lodash"],"status":"fixed"}]}"#;
    assert_eq!(applied(Some(old), None), [None, Some((SetAsideReason::Vex, "fixed".into()))]);
}

#[test]
fn what_is_affected_or_under_investigation_counts_and_the_latest_word_holds() {
    for status in ["affected", "under_investigation"] {
        let text = vex(r#"{"name":"CVE-2024-1"}"#, r#"[{"@id":"pkg:deb/debian/openssl"}]"#, status);
        assert_eq!(applied(Some(&text), None), [None, None]);
    }
    let text = r#"{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[
        {"vulnerability":{"name":"CVE-2024-1"},"products":[{"@id":"pkg:oci/web"}],"status":"affected","timestamp":"2026-03-01T00:00:00Z"},
        {"vulnerability":{"name":"CVE-2024-1"},"products":[{"@id":"pkg:oci/web"}],"status":"not_affected"}]}"#;
    assert_eq!(applied(Some(text), None), [None, None]);
}

#[test]
fn an_ignore_file_has_id_path_package_reason_and_an_end() {
    let ignored = |words: &str| Some((SetAsideReason::Ignored, words.to_owned()));
    let file = |rest: &str| format!("[[ignore]]\nid = \"CVE-2024-2\"\nreason = \"only in tests\"\n{rest}");
    for rest in [
        "",
        "path = \"srv/**\"",
        "path = \"/srv/app/node_modules/*/package.json\"",
        "package = \"pkg:npm/lodash\"",
        "expires = 2026-11-24",
        "expires = 2027-01-01",
    ] {
        let aside = applied(None, Some((".lazaretignore", &file(rest))));
        assert_eq!(aside, [None, ignored("only in tests")], "{rest}");
    }
    for rest in ["path = \"srv/*\"", "package = \"pkg:npm/lodash@1\"", "expires = 2026-11-23"] {
        assert_eq!(applied(None, Some((".lazaretignore", &file(rest)))), [None, None], "{rest}");
    }
    let lines = "# until the base is renewed\nCVE-2024-1 exp:2026-12-31\n\nGHSA-CVE-2024-2 # by alias\nCVE-1 exp:2020-01-01\n";
    assert_eq!(
        applied(None, Some((".trivyignore", lines))),
        [ignored("until the base is renewed"), ignored("by alias")]
    );
}

#[test]
fn an_exception_that_is_not_understood_is_an_error_and_an_ended_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut exceptions = Exceptions::default();
        exceptions.add_ignore_file(&path).map(|()| exceptions)
    };
    for (name, text) in [
        (".lazaretignore", "[[ignore]]\nid = \"CVE-1\""),
        (".lazaretignore", "[[ignore]]\nid = \"CVE-1\"\nreason = \" \""),
        (".lazaretignore", "[[ignore]]\nid = \"CVE-1\"\nreason = \"x\"\nexpiry = 2027-01-01"),
        (".lazaretignore", "[[ignore]]\nid = \"CVE-1\"\nreason = \"x\"\npackage = \"openssl\""),
        (".lazaretignore", "[[ignore]]\nid = \"CVE-1\"\nreason = \"x\"\npath = \"a[\""),
        (".lazaretignore", "CVE-2024-1"),
        (".trivyignore", "CVE-1 exp:soon"),
    ] {
        assert!(matches!(read(name, text), Err(ExceptionsError::Malformed { .. })), "{text}");
    }
    let ended = read(".trivyignore", "CVE-1 exp:2020-01-01\nCVE-2 exp:2030-01-01\n").unwrap();
    assert_eq!(ended.expired(TODAY), ["the exception for CVE-1 ended on 2020-01-01"]);

    let path = folder.path().join("vex.json");
    for text in ["", "[]", "{}", r#"{"@context":"https://cyclonedx.org","statements":[]}"#] {
        std::fs::write(&path, text).unwrap();
        assert!(
            matches!(Exceptions::default().add_vex(&path), Err(ExceptionsError::Malformed { .. })),
            "{text}"
        );
    }
    let absent = Exceptions::default().add_vex(&folder.path().join("absent"));
    assert!(matches!(absent, Err(ExceptionsError::Unreadable { .. })));
}

#[test]
fn an_ignore_file_allows_secrets_and_malware() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".lazaretignore");
    std::fs::write(
        &path,
        "[[ignore]]\nid = \"test-rule\"\npath = \"srv/**/test/*\"\nreason = \"a key of the test server\"\nexpires = 2026-12-31\n\
         [[ignore]]\nid = \"ABCD\"\nreason = \"a sample\"\n\
         [[ignore]]\nid = \"f00d\"\nreason = \"known\"\nexpires = 2026-11-01\n",
    )
    .unwrap();
    let mut exceptions = Exceptions::default();
    exceptions.add_ignore_file(&path).unwrap();
    let secret = |rule: &str, fingerprint: &str, path: &str| Secret {
        title: "A key".into(),
        rule: rule.into(),
        kind: SecretKind::Key,
        severity: Severity::High,
        source: SecretSource::File,
        path: path.into(),
        line: 1,
        layer: None,
        instruction: String::new(),
        snippet: String::new(),
        fingerprint: fingerprint.into(),
        buried: false,
        buried_by: None,
        advice: String::new(),
        allowed: None,
        first_seen: None,
        last_seen: None,
    };
    let malware = |name: &str, sha256: &str| Malware {
        name: name.into(),
        engine: MalwareEngine::Yara,
        severity: Severity::High,
        path: "opt/a".into(),
        purl: String::new(),
        size: 1,
        md5: String::new(),
        sha1: String::new(),
        sha256: sha256.into(),
        layer: None,
        buried: false,
        buried_by: None,
        description: String::new(),
        advice: String::new(),
        allowed: None,
        first_seen: None,
        last_seen: None,
    };
    let mut scan = scan();
    scan.facts.secrets = vec![
        secret("test-rule", "01", "srv/a/test/key.pem"),
        secret("test-rule", "01", "srv/a/main/key.pem"),
        secret("other-rule", "f00d", "srv/a/test/key.pem"),
    ];
    scan.facts.malware = vec![malware("x", "abcd"), malware("y", "")];
    exceptions.apply(&mut scan, TODAY);
    let secrets: Vec<Option<String>> =
        scan.facts.secrets.iter().map(|found| found.allowed.as_ref().map(Allowed::sentence)).collect();
    assert_eq!(secrets, [Some("a key of the test server (until 2026-12-31)".to_owned()), None, None]);
    let malware: Vec<bool> = scan.facts.malware.iter().map(|found| found.allowed.is_some()).collect();
    assert_eq!(malware, [true, false]);
    assert_eq!(exceptions.expired(TODAY), ["the exception for f00d ended on 2026-11-01"]);
}
