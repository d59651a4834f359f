//! Traps of real advisories, each as a record of the shape that its feed gives it.

use serde_json::{Value, json};

use super::{Affected, Outcome, Record, Severity, evaluate, match_key, parse};
use crate::catalog::{Evidence, dpkg};
use crate::image::ImagePackage;

fn record(value: &Value) -> Record {
    parse(value.to_string().as_bytes()).unwrap()
}

/// A record with one package.
fn about(ecosystem: &str, ranges: &Value, versions: &Value) -> Affected {
    let record = record(&json!({ "id": "X-1", "affected": [
        { "package": { "ecosystem": ecosystem, "name": "p" }, "ranges": ranges, "versions": versions }
    ]}));
    let mut packages = record.affected_packages();
    assert_eq!(packages.len(), 1);
    packages.remove(0).2
}

fn ecosystem_range(ecosystem: &str, events: &Value) -> Affected {
    about(ecosystem, &json!([{ "type": "ECOSYSTEM", "events": events }]), &json!([]))
}

fn fixed_in(versions: &[&str]) -> Outcome {
    Outcome::Affected { fixed: versions.iter().map(ToString::to_string).collect() }
}

fn is_affected(ecosystem: &str, version: &str, affected: &Affected) -> bool {
    matches!(evaluate(ecosystem, version, affected), Outcome::Affected { .. })
}

#[test]
fn trap_fixed_is_exclusive_and_last_affected_inclusive() {
    let fixed =
        ecosystem_range("Debian:11", &json!([{ "introduced": "0" }, { "fixed": "1.1.1n-0+deb11u5" }]));
    assert_eq!(evaluate("Debian:11", "1.1.1k-1", &fixed), fixed_in(&["1.1.1n-0+deb11u5"]));
    assert_eq!(evaluate("Debian:11", "1.1.1n-0+deb11u5", &fixed), Outcome::NotAffected);
    let last = ecosystem_range("npm", &json!([{ "introduced": "1.0.0" }, { "last_affected": "1.2.0" }]));
    assert_eq!(evaluate("npm", "1.2.0", &last), fixed_in(&[]));
    assert_eq!(evaluate("npm", "1.2.1", &last), Outcome::NotAffected);
    assert_eq!(evaluate("npm", "0.9.0", &last), Outcome::NotAffected);
}

#[test]
fn trap_events_out_of_order_are_sorted() {
    let events =
        json!([{ "fixed": "1.6.6" }, { "introduced": "1.6" }, { "fixed": "1.4.14" }, { "introduced": "0" }]);
    let affected = ecosystem_range("PyPI", &events);
    assert_eq!(evaluate("PyPI", "1.4.1", &affected), fixed_in(&["1.4.14", "1.6.6"]));
    assert_eq!(evaluate("PyPI", "1.5", &affected), Outcome::NotAffected);
    assert_eq!(evaluate("PyPI", "1.6.5", &affected), fixed_in(&["1.6.6"]));
}

#[test]
fn trap_introduced_0_is_below_everything() {
    let affected = ecosystem_range("Debian:12", &json!([{ "introduced": "0" }, { "fixed": "1.0" }]));
    assert!(is_affected("Debian:12", "0~git20200101-1", &affected));
    let affected = ecosystem_range("PyPI", &json!([{ "introduced": "0" }, { "fixed": "1.0" }]));
    assert!(is_affected("PyPI", "0.dev1", &affected));
}

#[test]
fn trap_introduced_0_0_0_0_includes_pre_releases() {
    let range = json!([{ "type": "SEMVER", "events": [{ "introduced": "0.0.0-0" }, { "fixed": "0.2.23" }] }]);
    let affected = about("npm", &range, &json!([]));
    for version in ["0.0.0-0", "0.0.0-alpha", "0.1.0", "0.2.23-rc.1"] {
        assert!(is_affected("npm", version, &affected), "{version}");
    }
}

#[test]
fn trap_fixed_0_means_not_affected() {
    for events in
        [json!([{ "introduced": "0" }, { "fixed": "0" }]), json!([{ "fixed": "0" }, { "introduced": "0" }])]
    {
        let affected = ecosystem_range("Alpine:v3.20", &events);
        assert_eq!(evaluate("Alpine:v3.20", "1.2.3-r0", &affected), Outcome::NotAffected);
    }
}

#[test]
fn trap_no_fixed_event_is_affected_at_any_version() {
    let affected = ecosystem_range("Debian:11", &json!([{ "introduced": "0" }]));
    assert_eq!(evaluate("Debian:11", "999:1", &affected), fixed_in(&[]));
}

#[test]
fn trap_ranges_and_versions_are_a_union() {
    let ranges = json!([
        { "type": "ECOSYSTEM", "events": [{ "introduced": "1.0" }, { "fixed": "1.5" }] },
        { "type": "ECOSYSTEM", "events": [{ "introduced": "2.0" }, { "fixed": "2.5" }] }
    ]);
    let affected = about("PyPI", &ranges, &json!(["3.1", "2004d"]));
    assert_eq!(evaluate("PyPI", "2.1", &affected), fixed_in(&["2.5"]));
    assert_eq!(evaluate("PyPI", "1.7", &affected), Outcome::NotAffected);
    assert!(is_affected("PyPI", "3.1", &affected));
    assert!(is_affected("PyPI", "3.1.0", &affected), "the same release, written otherwise");
}

#[test]
fn trap_neither_range_nor_version_affects_nothing() {
    let affected = about("PyPI", &json!([]), &json!([]));
    assert_eq!(evaluate("PyPI", "1.0", &affected), Outcome::NotAffected);
    let commits =
        json!([{ "type": "GIT", "events": [{ "introduced": "0" }], "repo": "https://example.org/r" }]);
    let affected = about("PyPI", &commits, &json!([]));
    assert_eq!(evaluate("PyPI", "not a version", &affected), Outcome::NotAffected);
}

#[test]
fn trap_unparsable_versions_are_not_assessed_unless_they_are_listed() {
    let range = json!([{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "2.0" }] }]);
    let affected = about("PyPI", &range, &json!(["2004d-beta"]));
    let Outcome::NotAssessed(reason) = evaluate("PyPI", "2005a-final", &affected) else {
        panic!("{affected:?}")
    };
    assert!(reason.contains("2005a-final"), "{reason}");
    assert_eq!(evaluate("PyPI", "2004d-beta", &affected), fixed_in(&[]));
    let only_listed = about("PyPI", &json!([]), &json!(["1.0"]));
    assert!(matches!(evaluate("PyPI", "2005a-final", &only_listed), Outcome::NotAssessed(_)));
    let Outcome::NotAssessed(reason) = evaluate("Unheard-of", "1.0", &affected) else { panic!() };
    assert!(reason.contains("Unheard-of"), "{reason}");
}

#[test]
fn an_event_that_cannot_be_read_hides_no_other_range_and_no_other_span() {
    let ranges = json!([
        { "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "garbled!" }] },
        { "type": "ECOSYSTEM", "events": [
            { "introduced": "x?" }, { "fixed": "2.5" }, { "introduced": "3.0" }, { "fixed": "3.5" } ] }
    ]);
    let affected = about("PyPI", &ranges, &json!([]));
    assert_eq!(evaluate("PyPI", "3.1", &affected), fixed_in(&["3.5"]));
    let Outcome::NotAssessed(reason) = evaluate("PyPI", "2.0", &affected) else { panic!("{affected:?}") };
    assert!(reason.contains("garbled!"), "{reason}");
}

#[test]
fn trap_a_limit_ends_a_range() {
    let events = json!([{ "introduced": "1.0" }, { "limit": "2.0" }]);
    let affected = ecosystem_range("PyPI", &events);
    assert!(is_affected("PyPI", "1.9", &affected));
    assert_eq!(evaluate("PyPI", "2.0", &affected), Outcome::NotAffected);
    let unlimited = ecosystem_range("PyPI", &json!([{ "introduced": "1.0" }, { "limit": "*" }]));
    assert!(is_affected("PyPI", "99", &unlimited));
}

#[test]
fn trap_semver_ranges_compare_by_semver_in_any_ecosystem() {
    let range = json!([{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "1.0.0" }] }]);
    let affected = about("Bitnami", &range, &json!([]));
    assert_eq!(evaluate("Bitnami", "1.0.0-rc.1", &affected), fixed_in(&["1.0.0"]));
    assert_eq!(evaluate("Bitnami", "1.0.0+build", &affected), Outcome::NotAffected);
}

#[test]
fn trap_alpine_records_mix_introduced_of_the_nvd_with_their_own_fix() {
    // ALPINE-CVE-2021-28831: as written, nothing lies between.
    let affected =
        ecosystem_range("Alpine:v3.10", &json!([{ "introduced": "1.32.0" }, { "fixed": "1.30.1-r5" }]));
    assert_eq!(evaluate("Alpine:v3.10", "1.30.1-r4", &affected), fixed_in(&["1.30.1-r5"]));
    assert_eq!(evaluate("Alpine:v3.10", "1.30.1-r5", &affected), Outcome::NotAffected);
    assert_eq!(evaluate("Alpine:v3.10", "1.33.0-r0", &affected), Outcome::NotAffected);
    let ordinary =
        ecosystem_range("Alpine:v3.10", &json!([{ "introduced": "1.32.0" }, { "fixed": "1.33.1-r5" }]));
    assert_eq!(evaluate("Alpine:v3.10", "1.30.1-r4", &ordinary), Outcome::NotAffected);
}

#[test]
fn a_fix_that_another_range_calls_affected_is_no_fix() {
    let ranges = json!([
        { "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "2.0" }] },
        { "type": "ECOSYSTEM", "events": [{ "introduced": "1.5" }, { "fixed": "2.5" }] }
    ]);
    assert_eq!(evaluate("PyPI", "1.0", &about("PyPI", &ranges, &json!([]))), fixed_in(&["2.5"]));
}

#[test]
fn trap_withdrawn_records_affect_nothing() {
    for time in ["2024-01-01T00:00:00Z", "soon"] {
        let record = record(&json!({ "id": "GO-1", "withdrawn": time, "affected": [
            { "package": { "ecosystem": "npm", "name": "a" }, "versions": ["1.0.0"] }] }));
        assert!(record.withdrawn.is_some());
        assert!(record.affected_packages().is_empty());
    }
}

#[test]
fn trap_go_records_of_year_1_and_null_lists_are_read() {
    let record = record(
        &json!({ "id": "GO-2021-0001", "modified": "0001-01-01T00:00:00Z", "published": null,
        "aliases": null, "affected": null, "references": null, "withdrawn": null, "database_specific": null }),
    );
    assert!(record.modified < jiff::Timestamp::UNIX_EPOCH);
    assert_eq!((record.published, record.withdrawn), (None, None));
    assert!(record.affected_packages().is_empty());
}

#[test]
fn records_without_an_id_and_what_is_no_json_are_errors() {
    for bytes in [&b""[..], b"{}", b"[]", b"{\"id\":\" \"}", b"\0\xff", &b"[".repeat(100_000)] {
        assert!(parse(bytes).is_err());
    }
}

#[test]
fn trap_entries_of_one_package_are_joined_and_releases_stay_apart() {
    let range =
        |fixed: &str| json!([{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": fixed }] }]);
    let record = record(&json!({ "id": "X-1", "affected": [
        { "package": { "ecosystem": "PyPI", "name": "Jinja2" }, "ranges": range("1.0") },
        { "package": { "ecosystem": "PyPI", "name": "jinja2" }, "ranges": range("2.0") },
        { "package": { "ecosystem": "Debian:11", "name": "jinja2" }, "ranges": range("3.0-1") },
        { "package": { "ecosystem": "Debian:12", "name": "jinja2" }, "ranges": range("3.1-1") },
        { "ranges": range("9") }
    ]}));
    let packages = record.affected_packages();
    let keys: Vec<_> = packages.iter().map(|(e, n, a)| (e.as_str(), n.as_str(), a.ranges.len())).collect();
    assert_eq!(keys, [("PyPI", "jinja2", 2), ("Debian:11", "jinja2", 1), ("Debian:12", "jinja2", 1)]);
}

#[test]
fn trap_urgency_unimportant_is_marked() {
    let debian = |urgency: &str| {
        record(&json!({ "id": "DEBIAN-CVE-2005-2541", "affected": [{
            "package": { "ecosystem": "Debian:11", "name": "tar" },
            "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }],
            "ecosystem_specific": { "urgency": urgency } }] }))
    };
    assert!(debian("unimportant").affected_packages()[0].2.unimportant);
    assert_eq!(debian("unimportant").severity(None).severity, Severity::Low);
    assert!(!debian("not yet assigned").affected_packages()[0].2.unimportant);
    assert_eq!(debian("not yet assigned").severity(None).severity, Severity::Unknown);
}

#[test]
fn what_is_stored_of_a_record_reads_back_the_same_and_is_small() {
    let affected = ecosystem_range("Debian:11", &json!([{ "introduced": "0" }, { "fixed": "1.0" }]));
    let text = serde_json::to_string(&affected).unwrap();
    assert_eq!(text, r#"{"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0"}]}]}"#);
    assert_eq!(serde_json::from_str::<Affected>(&text).unwrap(), affected);
}

#[test]
fn trap_distributions_match_by_source_and_languages_by_name() {
    let key = |ecosystem: &str| {
        match_key(&ImagePackage {
            ecosystem: ecosystem.into(),
            name: "libcrypto_3".into(),
            version: "3.0-1+b2".into(),
            source_name: "openssl".into(),
            source_version: "3.0-1".into(),
            arch: String::new(),
            module: String::new(),
            licenses: String::new(),
            format: Some(dpkg::FORMAT),
            evidence: Evidence::Installed,
            layer: 0,
            path: String::new(),
        })
    };
    assert_eq!(key("Debian:12"), ("openssl".into(), "3.0-1".into()));
    assert_eq!(key("Ubuntu:22.04:LTS"), ("openssl".into(), "3.0-1".into()));
    assert_eq!(key("Alpine:v3.20"), ("openssl".into(), "3.0-1".into()));
    assert_eq!(key("PyPI"), ("libcrypto-3".into(), "3.0-1+b2".into()));
    assert_eq!(key("npm"), ("libcrypto_3".into(), "3.0-1+b2".into()));
}

#[test]
fn trap_a_module_stream_is_another_build_than_the_distribution_s_own() {
    let record = |summary: &str, fixed: &str| -> Record {
        let json = json!({ "id": "ALSA-1", "modified": "2024-01-01T00:00:00Z", "summary": summary,
            "affected": [{ "package": { "ecosystem": "AlmaLinux:9", "name": "nodejs" },
                "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": fixed }] }] }] });
        parse(json.to_string().as_bytes()).unwrap()
    };
    let builds = |record: Record| record.affected_packages().remove(0).2.builds;
    let modular = builds(record("Important: nodejs:18 security update", "1:18.18.2-2.module_el9.2.0+41+97"));
    assert!(modular.include("nodejs:18", "1:18.1.0-1.module_el9.1.0+1"));
    assert!(!modular.include("nodejs:20", "1:20.1.0-1.module_el9.1.0+1"), "another stream");
    assert!(!modular.include("", "1:16.20.2-3.el9"), "the distribution's own");
    assert!(modular.include("", "1:18.1.0-1.module_el9.1.0+1"), "a module without its label");
    let plain = builds(record("Important: nodejs security update", "1:16.20.2-3.el9_2"));
    assert!(plain.include("", "1:16.14.0-4.el9") && !plain.include("nodejs:18", "1:18.1.0-1.module_el9+1"));
    let unnamed = builds(record("container-tools update", "1:0.1-2.module_el8.5.0+119"));
    assert!(
        unnamed.include("container-tools:4.0", "1:0.1-1.module_el8") && !unnamed.include("", "1:0.1-1.el8")
    );
}

#[test]
fn trap_a_summary_of_several_streams_speaks_of_each() {
    let builds = |id: &str, summary: &str| {
        let record = record(&json!({ "id": id, "summary": summary, "affected": [{
            "package": { "ecosystem": "AlmaLinux:8", "name": "slapi-nis" },
            "ranges": [{ "type": "ECOSYSTEM", "events": [
                { "introduced": "0" }, { "fixed": "0.56.5-4.module_el8.6.0+2881+2f24dc92" } ] }] }] }));
        record.affected_packages().remove(0).2.builds
    };
    let version = "0.56.0-1.module_el8.3.0+2027+c8990d1d";
    let two = builds("ALEA-2022:1884", "idm:client and idm:DL1 bug fix and enhancement update");
    assert!(two.include("idm:client", version) && two.include("idm:DL1", version));
    assert!(!two.include("virt:rhel", version) && !two.include("", "0.56.0-1.el8"));
    let own_id = builds("ALSA-2022:5468", "ALSA-2022:5468: php:8.0 security update (Important)");
    assert!(own_id.include("php:8.0", version) && !own_id.include("php:7.4", version));
    let listed = builds("ALSA-1", "Moderate: postgresql:12, postgresql:13 security update");
    assert!(listed.include("postgresql:12", version) && listed.include("postgresql:13", version));
    let unnamed = builds("ALSA-2024:4246", "Moderate: container-tools security update");
    assert!(unnamed.include("container-tools:rhel8", version));
}

#[test]
fn trap_one_sided_epochs_are_passed_over_only_where_the_feed_leaves_them_out() {
    let events = json!([{ "introduced": "0" }, { "fixed": "1.1.1f-8.oe1" }]);
    let euler = ecosystem_range("openEuler:20.03-LTS-SP1", &events);
    let evaluate_euler = |version| evaluate("openEuler:20.03-LTS-SP1", version, &euler);
    assert_eq!(evaluate_euler("1:1.1.1f-7.oe1"), fixed_in(&["1.1.1f-8.oe1"]));
    assert_eq!(evaluate_euler("1:1.1.1f-8.oe1"), Outcome::NotAffected);
    let with_epoch = json!([{ "introduced": "0" }, { "fixed": "1:1.1.1f-8.oe1" }]);
    let with_epoch = ecosystem_range("openEuler:20.03-LTS-SP1", &with_epoch);
    assert_eq!(
        evaluate("openEuler:20.03-LTS-SP1", "1.1.1f-9.oe1", &with_epoch),
        fixed_in(&["1:1.1.1f-8.oe1"])
    );
    let alma = ecosystem_range("AlmaLinux:9", &json!([{ "introduced": "0" }, { "fixed": "3.0.7-25.el9" }]));
    assert_eq!(evaluate("AlmaLinux:9", "1:3.0.1-1.el9", &alma), Outcome::NotAffected);
    assert_eq!(evaluate("AlmaLinux:9", "0:3.0.1-1.el9", &alma), fixed_in(&["3.0.7-25.el9"]));
}

#[test]
fn trap_go_toolchains_and_bitnami_revisions_lie_in_ranges_of_semver() {
    let range = json!([{ "type": "SEMVER", "events": [
        { "introduced": "0" }, { "fixed": "1.20.11" }, { "introduced": "1.21.0-0" }, { "fixed": "1.21.4" } ] }]);
    let stdlib = about("Go", &range, &json!([]));
    for version in ["go1.19", "1.20.10", "go1.21rc2", "1.21rc2", "1.21.3"] {
        assert!(is_affected("Go", version, &stdlib), "{version}");
    }
    for version in ["go1.20.11", "1.20.12", "1.21.4", "go1.22rc1"] {
        assert_eq!(evaluate("Go", version, &stdlib), Outcome::NotAffected, "{version}");
    }
    assert!(matches!(evaluate("Go", "(devel)", &stdlib), Outcome::NotAssessed(_)));
    let module = json!([{ "type": "SEMVER", "events": [
        { "introduced": "0" }, { "fixed": "0.0.0-20220314234659-1baeb1ce4c0b" } ] }]);
    let module = about("Go", &module, &json!([]));
    assert!(is_affected("Go", "v0.0.0-20210921155107-089bfa567519", &module));
    assert_eq!(evaluate("Go", "v0.1.0+incompatible", &module), Outcome::NotAffected);

    let range = json!([{ "type": "SEMVER", "events": [{ "introduced": "1.0.0" }, { "fixed": "1.2.3" }] }]);
    let redis = about("Bitnami", &range, &json!([]));
    assert!(is_affected("Bitnami", "1.2.2-9", &redis));
    assert_eq!(evaluate("Bitnami", "1.2.3-4", &redis), Outcome::NotAffected);
}
