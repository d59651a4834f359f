//! An example fleet.

use lazaret_reports::model::Severity::{Critical, High};
use lazaret_reports::model::{
    Counts, CoverageGap, Fix, FleetImage, FleetMalware, FleetReport, FleetSecret, FleetTotals,
    FleetVulnerability, ScanStatus, SecurityStatus, Tool,
};

use super::{found, time};

fn fleet_image(
    name: &str,
    os: &str,
    counts: [u64; 5],
    status: SecurityStatus,
    scan: ScanStatus,
) -> FleetImage {
    let [critical, high, medium, low, unknown] = counts;
    FleetImage {
        id: "sha256:3fa9f1c22a6c1f0de2f4b1cf6e2c9f0b7f8f6f2f4a5b8c9d0e1f2a3b4c5dc41e".to_owned(),
        name: name.to_owned(),
        more_tags: u64::from(name.ends_with('4')),
        os: os.to_owned(),
        size: 61_000_000 + 4_311_000 * name.len() as u64,
        hosts: 2,
        containers: critical / 2,
        counts: Counts { critical, high, medium, low, unknown },
        fixable: critical + high / 2,
        secrets: Counts { high: u64::from(critical > 4), medium: critical / 5, ..Counts::default() },
        malware: Counts { critical: u64::from(critical == 7), ..Counts::default() },
        security_status: status,
        security_reason: String::new(),
        scan_status: scan,
        scan_error: String::new(),
        scanned_at: (scan == ScanStatus::Scanned).then(|| time("2026-11-24T05:45:00Z")),
    }
}

/// A fleet of nine images.
pub fn fleet() -> FleetReport {
    use ScanStatus::{Failed, Scanned, Unscanned};
    use SecurityStatus::{AtRisk, Safe, Unknown as NotKnown};
    let bullseye = "Debian GNU/Linux 11 (bullseye)";
    let mut images = vec![
        fleet_image("registry.example.com/shop/web:1.4", bullseye, [7, 9, 3, 2, 1], AtRisk, Scanned),
        fleet_image("registry.example.com/shop/worker:1.4", bullseye, [5, 8, 1, 2, 0], AtRisk, Scanned),
        fleet_image("shop/frontend:2026-10", "Alpine Linux v3.18", [1, 6, 12, 0, 4], AtRisk, Scanned),
        fleet_image("postgres:13.4", bullseye, [2, 3, 3, 40, 0], AtRisk, Scanned),
        fleet_image("internal/reports:0.9", "Debian GNU/Linux 13 (trixie)", [0; 5], NotKnown, Scanned),
        fleet_image("legacy/soap-bridge:7", "", [0; 5], NotKnown, Failed),
        fleet_image("sha256:77e1a90c3b52", "", [0; 5], NotKnown, Unscanned),
        fleet_image("redis:7.2-alpine", "Alpine Linux v3.20", [0, 0, 0, 1, 0], Safe, Scanned),
        fleet_image("traefik:v3.1", "Alpine Linux v3.20", [0; 5], Safe, Scanned),
    ];
    images[4].security_reason = "88 packages were not assessed: no advisories for Debian:13".into();
    images[5].scan_error = "Layer 3 is missing in the archive; save the image again".into();
    let fix = |package: &str, ecosystem: &str, to: &str, images, [critical, high, medium]: [u64; 3]| Fix {
        ecosystem: ecosystem.to_owned(),
        package: package.to_owned(),
        from: Vec::new(),
        to: to.to_owned(),
        resolves: Counts { critical, high, medium, ..Counts::default() },
        images,
    };
    let vulnerability =
        |id: &str, severity, summary: &str, package: &str, images, fixable| FleetVulnerability {
            id: id.to_owned(),
            severity,
            summary: summary.to_owned(),
            packages: vec![package.to_owned()],
            images,
            fixable,
        };
    FleetReport {
        generated_at: time("2026-11-24T06:10:00Z"),
        tool: Tool::lazaret("0.1.0"),
        scope: "All images".to_owned(),
        totals: FleetTotals {
            hosts: 3,
            containers: 12,
            running: 9,
            images: 9,
            at_risk: 4,
            safe: 2,
            unknown: 3,
            unscanned: 1,
            failed: 1,
            vulnerabilities: Counts { critical: 9, high: 15, medium: 16, low: 42, unknown: 5 },
            fixable: Counts { critical: 9, high: 12, medium: 9, low: 3, unknown: 1 },
            occurrences: Counts { critical: 15, high: 26, medium: 19, low: 45, unknown: 5 },
            secrets: Counts { high: 2, medium: 1, ..Counts::default() },
            images_with_secrets: 2,
            malware: Counts { critical: 1, ..Counts::default() },
            images_with_malware: 1,
            secrets_unsearched: 2,
            malware_unsearched: 3,
        },
        images,
        fixes: vec![
            fix("openssl", "Debian:11", "1.1.1n-0+deb11u4", 3, [2, 2, 1]),
            fix("Django", "PyPI", "2.2.24", 2, [2, 1, 0]),
            fix("expat", "Debian:11", "2.2.10-2+deb11u5", 3, [1, 1, 0]),
            fix("zlib", "Debian:11", "1:1.2.11.dfsg-2+deb11u2", 3, [1, 1, 0]),
            fix("axios", "npm", "", 1, [0, 2, 1]),
        ],
        vulnerabilities: vec![
            vulnerability("CVE-2021-3711", Critical, "SM2 decryption buffer overflow", "openssl", 3, true),
            vulnerability(
                "CVE-2022-37434",
                Critical,
                "Heap-based buffer overflow in inflate via a large gzip header extra field",
                "zlib",
                3,
                true,
            ),
            vulnerability(
                "CVE-2022-0778",
                High,
                "Infinite loop in BN_mod_sqrt() reachable when parsing certificates",
                "openssl",
                3,
                true,
            ),
            vulnerability(
                "CVE-2023-52425",
                High,
                "Denial of service by repeated full reparsing of large tokens",
                "expat",
                3,
                false,
            ),
        ],
        secrets: found::secrets()
            .iter()
            .take(3)
            .map(|secret| FleetSecret {
                fingerprint: secret.fingerprint.clone(),
                title: secret.title.clone(),
                rule: secret.rule.clone(),
                kind: secret.kind,
                severity: secret.severity,
                snippet: secret.snippet.clone(),
                places: vec![secret.path.clone()],
                images: 2,
                buried: secret.buried,
            })
            .collect(),
        malware: vec![FleetMalware {
            sha256: found::malware()[0].sha256.clone(),
            names: vec!["eicar_test_file".to_owned(), "Eicar-Test-Signature".to_owned()],
            severity: Critical,
            paths: vec![
                "opt/drop/eicar.com".to_owned(),
                "opt/drop/nested.tar.gz!/eicar.zip!/eicar.com".to_owned(),
            ],
            images: 1,
            buried: false,
        }],
        coverage: vec![
            CoverageGap {
                ecosystem: "Debian:11".to_owned(),
                images: 3,
                advisories: 41_203,
                advisories_modified: Some(time("2026-11-20T23:14:09Z")),
                not_assessed: Vec::new(),
            },
            CoverageGap {
                ecosystem: "Debian:13".to_owned(),
                images: 1,
                advisories: 0,
                advisories_modified: None,
                not_assessed: vec!["no advisories for Debian:13".to_owned()],
            },
            CoverageGap {
                ecosystem: "npm".to_owned(),
                images: 1,
                advisories: 21_007,
                advisories_modified: Some(time("2026-10-15T10:00:00Z")),
                not_assessed: Vec::new(),
            },
        ],
    }
}
