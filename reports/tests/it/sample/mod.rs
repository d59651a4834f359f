//! Example models: an old Debian image with a Python application, and a fleet with it.

mod fleet;
mod found;
mod rows;

use std::cmp::Ordering;

use jiff::Timestamp;
use lazaret_reports::model::{
    Advisory, AffectedPackage, Container, Coverage, Evidence, Host, Image, ImageFacts, ImageReport, Layer,
    LayerRef, NotAssessed, Os, Package, SCHEMA_VERSION, ScanResult, Severity, Tool, Vulnerability, Warning,
};

pub use fleet::fleet;
use rows::{OPENSSL, OTHERS, Row};

use Severity::Low;

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
#[expect(clippy::unnecessary_wraps, reason = "the shape that `CompareVersions` asks for")]
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
        module: String::new(),
        layer: layer(at),
        path,
        evidence: Evidence::Installed,
        licenses: String::new(),
        purl: format!("pkg:{kind}/{}@{version}", name.to_lowercase()),
    }
}

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
        set_aside: None,
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
        vulnerabilities.extend(OPENSSL.iter().map(|row| found(by_name(library), *row)));
    }
    vulnerabilities.extend(OTHERS.iter().map(|(name, row)| found(by_name(name), *row)));
    let steps = [
        "/bin/sh -c #(nop) ADD file:16dc2c6d1932194edec28d730b004fd6deca3d0f0e1a07bc5b8b6e8a1662f7af in /",
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*",
        "RUN /bin/sh -c pip install --no-cache-dir -r requirements.txt",
        "COPY . /srv/shop",
    ];
    let facts = ImageFacts {
        image: Image {
            kind: lazaret_reports::model::Kind::Image,
            name: String::new(),
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
        secrets: found::secrets(),
        malware: found::malware(),
        categories: found::categories(),
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
    scan.facts.secrets.clear();
    scan.facts.malware.clear();
    scan.facts.warnings.clear();
    scan.facts.coverage.iter_mut().for_each(|entry| entry.not_assessed.clear());
    ImageReport::from_scan(scan, &compare)
}
