//! Example models: an old Debian image with a Python application, and a fleet with it.

use std::cmp::Ordering;

use jiff::Timestamp;
use lazaret_reports::model::{
    Advisory, AffectedPackage, Container, Counts, Coverage, CoverageGap, Fix, FleetImage, FleetReport,
    FleetTotals, FleetVulnerability, Host, Image, ImageFacts, ImageReport, Layer, LayerRef, NotAssessed, Os,
    Package, SCHEMA_VERSION, ScanResult, ScanStatus, SecurityStatus, Severity, Tool, Vulnerability, Warning,
};

use Severity::{Critical, High, Low, Medium, Unknown};

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn diff_id(index: usize) -> String {
    format!("sha256:{}", format!("{:02x}", 0xa3 + 17 * index).repeat(32))
}

pub fn layer(index: usize) -> LayerRef {
    LayerRef { index, diff_id: diff_id(index) }
}

/// Versions as text: enough for the sample, whose versions have the same shape.
pub fn compare(_ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    Some(a.cmp(b))
}

fn package(ecosystem: &str, source: &str, name: &str, version: &str, at: usize) -> Package {
    let (kind, path) = match ecosystem {
        "PyPI" => {
            ("pypi", format!("usr/local/lib/python3.9/site-packages/{name}-{version}.dist-info/METADATA"))
        }
        _ => ("deb/debian", "var/lib/dpkg/status".to_owned()),
    };
    Package {
        ecosystem: ecosystem.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        source_name: source.to_owned(),
        source_version: version.to_owned(),
        layer: layer(at),
        path,
        purl: format!("pkg:{kind}/{}@{version}", name.to_lowercase()),
    }
}

/// `(id, aliases, severity, rated by, score, summary, fixed in, advisory)`
type Row<'a> = (&'a str, &'a [&'a str], Severity, &'a str, Option<f64>, &'a str, &'a [&'a str], &'a str);

pub fn found(package: &Package, row: Row<'_>) -> Vulnerability {
    let (id, aliases, severity, rated_by, score, summary, fixed, advisory) = row;
    let fixed_versions: Vec<String> = fixed.iter().map(ToString::to_string).collect();
    Vulnerability {
        id: id.to_owned(),
        aliases: aliases.iter().map(ToString::to_string).collect(),
        severity,
        severity_source: rated_by.to_owned(),
        cvss_score: score,
        summary: summary.to_owned(),
        package: AffectedPackage::from(package),
        installed_version: package.version.clone(),
        advice: Vulnerability::advise(&package.name, &package.version, &fixed_versions),
        fixed_versions,
        advisory: Advisory {
            id: advisory.to_owned(),
            source: if package.ecosystem == "PyPI" { "GitHub" } else { "Debian" }.to_owned(),
            url: format!("https://osv.dev/vulnerability/{advisory}"),
        },
        unimportant: rated_by == "Debian urgency" && severity == Low,
    }
}

/// An image with 22 vulnerabilities in Debian and Python packages, one ecosystem gap and one warning.
pub fn scan() -> ScanResult {
    let debian = "Debian:11";
    let packages = vec![
        package(debian, "openssl", "libssl1.1", "1.1.1k-1", 0),
        package(debian, "openssl", "openssl", "1.1.1k-1", 0),
        package(debian, "zlib", "zlib1g", "1:1.2.11.dfsg-2", 0),
        package(debian, "expat", "libexpat1", "2.2.10-2", 0),
        package(debian, "glibc", "libc6", "2.31-13", 0),
        package(debian, "tar", "tar", "1.34+dfsg-1", 0),
        package("PyPI", "Django", "Django", "2.2.0", 2),
        package("PyPI", "Jinja2", "Jinja2", "2.10", 2),
        package("PyPI", "Werkzeug", "Werkzeug", "0.15.2", 2),
        package("PyPI", "urllib3", "urllib3", "1.24.1", 2),
        package("PyPI", "requests", "requests", "2.19.1", 2),
        package("PyPI", "local-thing", "local-thing", "2021-final", 3),
    ];
    let by_name = |name: &str| packages.iter().find(|package| package.name == name).unwrap();
    let mut vulnerabilities = Vec::new();
    for library in ["libssl1.1", "openssl"] {
        let rows: [Row<'_>; 5] = [
            (
                "CVE-2021-3711",
                &["DSA-4963-1"],
                Critical,
                "CVSS 3.1",
                Some(9.8),
                "SM2 decryption buffer overflow",
                &["1.1.1k-1+deb11u1"],
                "DSA-4963-1",
            ),
            (
                "CVE-2022-1292",
                &["DSA-5139-1"],
                Critical,
                "CVSS 3.1",
                Some(9.8),
                "The c_rehash script allows command injection",
                &["1.1.1n-0+deb11u2"],
                "DSA-5139-1",
            ),
            (
                "CVE-2022-0778",
                &["DSA-5103-1"],
                High,
                "CVSS 3.1",
                Some(7.5),
                "Infinite loop in BN_mod_sqrt() reachable when parsing certificates",
                &["1.1.1k-1+deb11u2"],
                "DSA-5103-1",
            ),
            (
                "CVE-2023-0286",
                &["DSA-5343-1"],
                High,
                "CVSS 3.1",
                Some(7.4),
                "X.400 address type confusion in X.509 GeneralName",
                &["1.1.1n-0+deb11u4"],
                "DSA-5343-1",
            ),
            (
                "CVE-2022-4304",
                &["DSA-5343-1"],
                Medium,
                "CVSS 3.1",
                Some(5.9),
                "Timing oracle in RSA decryption",
                &["1.1.1n-0+deb11u4"],
                "DSA-5343-1",
            ),
        ];
        vulnerabilities.extend(rows.map(|row| found(by_name(library), row)));
    }
    let rows: [(&str, Row<'_>); 17] = [
        (
            "zlib1g",
            (
                "CVE-2022-37434",
                &["DSA-5218-1"],
                Critical,
                "CVSS 3.1",
                Some(9.8),
                "Heap-based buffer over-read or overflow in inflate via a large gzip header extra field",
                &["1:1.2.11.dfsg-2+deb11u2"],
                "DSA-5218-1",
            ),
        ),
        (
            "zlib1g",
            (
                "CVE-2018-25032",
                &["DSA-5111-1"],
                High,
                "CVSS 3.1",
                Some(7.5),
                "Memory corruption when deflating if the input has many distant matches",
                &["1:1.2.11.dfsg-2+deb11u1"],
                "DSA-5111-1",
            ),
        ),
        (
            "libexpat1",
            (
                "CVE-2022-25235",
                &["DSA-5085-1"],
                Critical,
                "CVSS 3.1",
                Some(9.8),
                "Missing validation of encoding lets malformed UTF-8 through",
                &["2.2.10-2+deb11u2"],
                "DSA-5085-1",
            ),
        ),
        (
            "libexpat1",
            (
                "CVE-2022-43680",
                &["DSA-5266-1"],
                High,
                "CVSS 3.1",
                Some(7.5),
                "Use after free caused by overeager destruction of a shared DTD",
                &["2.2.10-2+deb11u5"],
                "DSA-5266-1",
            ),
        ),
        (
            "libexpat1",
            (
                "CVE-2023-52425",
                &[],
                High,
                "CVSS 3.1",
                Some(7.5),
                "Denial of service by repeated full reparsing of large tokens",
                &[],
                "DEBIAN-CVE-2023-52425",
            ),
        ),
        (
            "libc6",
            (
                "CVE-2021-33574",
                &["DEBIAN-CVE-2021-33574"],
                Critical,
                "CVSS 3.1",
                Some(9.8),
                "The mq_notify function has a use after free",
                &["2.31-13+deb11u3"],
                "DEBIAN-CVE-2021-33574",
            ),
        ),
        (
            "libc6",
            (
                "CVE-2010-4756",
                &[],
                Low,
                "Debian urgency",
                Some(4.0),
                "The glob implementation allows remote authenticated users to consume CPU and memory",
                &[],
                "DEBIAN-CVE-2010-4756",
            ),
        ),
        (
            "tar",
            (
                "CVE-2005-2541",
                &[],
                Low,
                "Debian urgency",
                Some(10.0),
                "Tar does not properly warn the user when extracting setuid or setgid files",
                &[],
                "DEBIAN-CVE-2005-2541",
            ),
        ),
        (
            "Django",
            (
                "CVE-2019-14234",
                &["GHSA-6r97-cj55-9hrq", "PYSEC-2019-13"],
                Critical,
                "GHSA",
                Some(9.8),
                "SQL injection in key transforms of JSONField and HStoreField",
                &["2.2.4"],
                "GHSA-6r97-cj55-9hrq",
            ),
        ),
        (
            "Django",
            (
                "CVE-2020-7471",
                &["GHSA-hmr4-m2h5-33qx", "PYSEC-2020-35"],
                Critical,
                "GHSA",
                Some(9.8),
                "SQL injection via StringAgg delimiter",
                &["2.2.10", "3.0.3"],
                "GHSA-hmr4-m2h5-33qx",
            ),
        ),
        (
            "Django",
            (
                "CVE-2021-35042",
                &["GHSA-xpfp-f569-q3p2", "PYSEC-2021-109"],
                High,
                "GHSA",
                None,
                "SQL injection via unsanitized QuerySet.order_by() input",
                &["2.2.24"],
                "GHSA-xpfp-f569-q3p2",
            ),
        ),
        (
            "Jinja2",
            (
                "CVE-2019-10906",
                &["GHSA-462w-v97r-4m45", "PYSEC-2019-217"],
                High,
                "GHSA",
                Some(8.6),
                "Sandbox escape via string formatting",
                &["2.10.1"],
                "GHSA-462w-v97r-4m45",
            ),
        ),
        (
            "Jinja2",
            (
                "CVE-2020-28493",
                &["GHSA-g3rq-g295-4j3m", "PYSEC-2021-66"],
                Medium,
                "GHSA",
                Some(5.3),
                "Regular expression denial of service in the urlize filter",
                &["2.11.3"],
                "GHSA-g3rq-g295-4j3m",
            ),
        ),
        (
            "Werkzeug",
            (
                "CVE-2019-14806",
                &["GHSA-gq9m-qvpx-68hc", "PYSEC-2019-140"],
                High,
                "GHSA",
                Some(7.5),
                "Insufficient debugger PIN randomness in Docker containers",
                &["0.15.3"],
                "GHSA-gq9m-qvpx-68hc",
            ),
        ),
        (
            "urllib3",
            (
                "CVE-2019-11324",
                &["GHSA-mh33-7rrq-662w", "PYSEC-2019-133"],
                High,
                "GHSA",
                Some(7.5),
                "Mishandles certain cases where the desired set of CA certificates differs from the system store",
                &["1.24.2"],
                "GHSA-mh33-7rrq-662w",
            ),
        ),
        (
            "urllib3",
            (
                "CVE-2020-26137",
                &["GHSA-wqvq-5m8c-6g24", "PYSEC-2020-148"],
                Medium,
                "GHSA",
                Some(6.5),
                "CRLF injection if the attacker controls the request method",
                &["1.25.9"],
                "GHSA-wqvq-5m8c-6g24",
            ),
        ),
        (
            "requests",
            (
                "PYSEC-2018-28",
                &["GHSA-x84v-xcm2-53pg"],
                Unknown,
                "",
                None,
                "Credentials are sent when a redirect leads from https to http on the same host",
                &["2.20.0"],
                "PYSEC-2018-28",
            ),
        ),
    ];
    vulnerabilities.extend(rows.map(|(name, row)| found(by_name(name), row)));
    let steps = [
        "/bin/sh -c #(nop) ADD file:16dc2c6d1932194edec28d730b004fd6deca3d0f0e1a07bc5b8b6e8a1662f7af in /",
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*",
        "RUN /bin/sh -c pip install --no-cache-dir -r requirements.txt",
        "COPY . /srv/shop",
    ];
    let facts = ImageFacts {
        image: Image {
            id: "sha256:3fa9f1c22a6c1f0de2f4b1cf6e2c9f0b7f8f6f2f4a5b8c9d0e1f2a3b4c5dc41e".to_owned(),
            tags: vec!["registry.example.com/shop/web:1.4".to_owned(), "shop/web:latest".to_owned()],
            os: Some(Os {
                id: "debian".to_owned(),
                version: "11".to_owned(),
                name: "Debian GNU/Linux 11 (bullseye)".to_owned(),
                ecosystem: Some(debian.to_owned()),
            }),
            architecture: "amd64".to_owned(),
            created: Some(time("2021-08-17T01:24:06Z")),
            size: 124_300_211,
            layers: steps
                .iter()
                .enumerate()
                .map(|(index, step)| Layer { index, diff_id: diff_id(index), created_by: (*step).to_owned() })
                .collect(),
        },
        packages,
        vulnerabilities,
        warnings: vec![Warning {
            layer: Some(layer(3)),
            path: "srv/shop/vendor/broken.egg-info/PKG-INFO".to_owned(),
            message: "The package has no version, so it is not covered.".to_owned(),
        }],
        coverage: vec![
            Coverage {
                ecosystem: debian.to_owned(),
                packages: 6,
                advisories: 41_203,
                advisories_modified: Some(time("2026-11-20T23:14:09Z")),
                not_assessed: Vec::new(),
            },
            Coverage {
                ecosystem: "PyPI".to_owned(),
                packages: 6,
                advisories: 17_842,
                advisories_modified: Some(time("2026-11-23T02:00:00Z")),
                not_assessed: vec![NotAssessed {
                    reason: "the version cannot be compared".to_owned(),
                    count: 1,
                    packages: vec!["local-thing".to_owned()],
                }],
            },
        ],
    };
    ScanResult {
        schema_version: SCHEMA_VERSION,
        tool: Tool::lazaret("0.1.0"),
        scanned_at: time("2026-11-24T05:45:00.123456Z"),
        target: "images/python.tar".to_owned(),
        facts,
    }
}

/// The report on that image, as a server makes it.
pub fn image() -> ImageReport {
    let mut report = ImageReport::from_scan(scan(), &compare);
    report.generated_at = time("2026-11-24T06:10:00Z");
    report.hosts = ["build-1", "edge-berlin-3"]
        .map(|name| Host {
            name: name.to_owned(),
            engine: "Docker Engine 28.1.1".to_owned(),
            state: "ONLINE".to_owned(),
        })
        .into();
    report.containers = vec![Container {
        name: "shop-web-1".to_owned(),
        id: "9c1f5a6e0b7d4f1e8a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081".to_owned(),
        host: "edge-berlin-3".to_owned(),
        state: "RUNNING".to_owned(),
    }];
    report
}

/// An image with nothing known, everything covered.
pub fn calm() -> ImageReport {
    let mut scan = scan();
    scan.facts.vulnerabilities.clear();
    scan.facts.warnings.clear();
    scan.facts.coverage.iter_mut().for_each(|entry| entry.not_assessed.clear());
    ImageReport::from_scan(scan, &compare)
}

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
    images[4].security_reason = "88 packages were not assessed: no advisories for Debian:13".to_owned();
    images[5].scan_error = "Layer 3 is missing in the archive; save the image again".to_owned();
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
