//! The sample images: small, made of the metadata files alone, and the same bytes every time.

use std::fmt::Write as _;

use lazaret_scanner::testing::{ImageBuilder, LayerBuilder};

/// The day all sample images were built: a fixed one, so that their digests never change.
const BUILT: &str = "2021-08-14T12:00:00Z";

/// A sample image and the folder that it is written to.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Name of its OCI layout folder.
    pub folder: &'static str,
    /// What it is there to show, one clause.
    pub shows: &'static str,
    /// The image.
    pub image: ImageBuilder,
}

/// A Debian package: name, version, and its source package with version where they differ from it.
type Deb = (&'static str, &'static str, Option<(&'static str, Option<&'static str>)>);

/// Debian 11 as it was first released.
const RELEASED: &[Deb] = &[
    ("base-files", "11.1", None),
    ("bash", "5.1-2+b3", Some(("bash", Some("5.1-2")))),
    ("coreutils", "8.32-4+b1", Some(("coreutils", Some("8.32-4")))),
    ("dash", "0.5.11+git20200708+dd9ef66-5", None),
    ("dpkg", "1.20.9", None),
    ("gzip", "1.10-4", None),
    ("libc6", "2.31-13", Some(("glibc", None))),
    ("libexpat1", "2.2.10-2", Some(("expat", None))),
    ("liblzma5", "5.2.5-2", Some(("xz-utils", None))),
    ("libssl1.1", "1.1.1k-1", Some(("openssl", None))),
    ("libuuid1", "2.36.1-8", Some(("util-linux", None))),
    ("openssl", "1.1.1k-1", None),
    ("perl-base", "5.32.1-4", Some(("perl", None))),
    ("sed", "4.7-1", None),
    ("tar", "1.34+dfsg-1", None),
    ("util-linux", "2.36.1-8", None),
    ("zlib1g", "1:1.2.11.dfsg-2", Some(("zlib", None))),
];

/// Debian 11 with its security updates, and without what has none.
const UPDATED: &[Deb] = &[
    ("base-files", "11.1+deb11u11", None),
    ("bash", "5.1-2+deb11u1", None),
    ("coreutils", "8.32-4+b1", Some(("coreutils", Some("8.32-4")))),
    ("dpkg", "1.20.13", None),
    ("gzip", "1.10-4+deb11u1", None),
    ("libc6", "2.31-13+deb11u13", Some(("glibc", None))),
    ("libexpat1", "2.2.10-2+deb11u7", Some(("expat", None))),
    ("liblzma5", "5.2.5-2.1~deb11u1", Some(("xz-utils", None))),
    ("libssl1.1", "1.1.1w-0+deb11u5", Some(("openssl", None))),
    ("openssl", "1.1.1w-0+deb11u5", None),
    ("util-linux", "2.36.1-8+deb11u2", None),
    ("zlib1g", "1:1.2.11.dfsg-2+deb11u2", Some(("zlib", None))),
];

const PYTHON: &[(&str, &str)] = &[
    ("Django", "2.2"),
    ("Jinja2", "2.10"),
    ("MarkupSafe", "1.1.1"),
    ("PyYAML", "5.3.1"),
    ("Werkzeug", "0.15.2"),
    ("certifi", "2022.12.7"),
    ("chardet", "3.0.4"),
    ("idna", "2.7"),
    ("pytz", "2021.1"),
    ("requests", "2.19.1"),
    ("sqlparse", "0.4.4"),
    ("urllib3", "1.23"),
];

const NODE: &[(&str, &str)] = &[
    ("axios", "0.18.0"),
    ("debug", "4.3.4"),
    ("handlebars", "4.1.0"),
    ("lodash", "4.17.15"),
    ("marked", "0.3.6"),
    ("minimist", "1.2.0"),
    ("ms", "2.1.3"),
    ("node-fetch", "2.6.0"),
];

/// All sample images.
pub fn samples() -> Vec<Sample> {
    vec![
        Sample {
            folder: "debian",
            shows: "a Debian 11 base with an old OpenSSL",
            image: debian().tag("sample/debian:11"),
        },
        Sample { folder: "webshop", shows: "a Python application on that base", image: webshop() },
        Sample { folder: "dashboard", shows: "a Node application on that base", image: dashboard() },
        Sample { folder: "gateway", shows: "a Debian 11 with its security updates", image: gateway() },
    ]
}

fn debian() -> ImageBuilder {
    ImageBuilder::new()
        .created(BUILT)
        .author("Lazaret demo")
        .layer_by(debian_layer(RELEASED).build(), "COPY debian-11 /")
        .step("CMD [\"bash\"]")
}

fn webshop() -> ImageBuilder {
    let mut packages = LayerBuilder::new();
    for (name, version) in PYTHON {
        packages = packages.file(
            &format!("usr/local/lib/python3.9/site-packages/{name}-{version}.dist-info/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        );
    }
    let application = LayerBuilder::new().file("srv/webshop/manage.py", "print(\"webshop\")\n");
    debian()
        .layer_by(packages.build(), "RUN pip install -r requirements.txt")
        .layer_by(application.build(), "COPY webshop /srv/webshop")
        .step("CMD [\"python3\", \"/srv/webshop/manage.py\"]")
        .tag("sample/webshop:1.4.0")
        .tag("sample/webshop:latest")
}

fn dashboard() -> ImageBuilder {
    let mut packages = LayerBuilder::new();
    for (name, version) in NODE {
        packages = packages.file(
            &format!("srv/dashboard/node_modules/{name}/package.json"),
            format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}\n"),
        );
    }
    // A second copy of one package, deleted again by a later layer: it is not in the image.
    let copied = packages.file(
        "srv/dashboard/node_modules/old/package.json",
        "{\"name\":\"lodash\",\"version\":\"4.17.11\"}\n",
    );
    let removed = LayerBuilder::new().whiteout("srv/dashboard/node_modules/old");
    debian()
        .layer_by(copied.build(), "COPY node_modules /srv/dashboard/node_modules")
        .layer_by(removed.build(), "RUN rm -r /srv/dashboard/node_modules/old")
        .step("CMD [\"node\", \"/srv/dashboard\"]")
        .tag("sample/dashboard:3.2.1")
}

fn gateway() -> ImageBuilder {
    ImageBuilder::new()
        .created("2026-08-30T12:00:00Z")
        .author("Lazaret demo")
        .layer_by(debian_layer(UPDATED).build(), "COPY debian-11-updated /")
        .step("CMD [\"gateway\"]")
        .tag("sample/gateway:2.0.0")
}

/// What of a Debian system tells of its packages.
fn debian_layer(packages: &[Deb]) -> LayerBuilder {
    let mut status = String::new();
    for (name, version, source) in packages {
        let _ = write!(
            status,
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
        );
        match source {
            Some((source, Some(version))) => {
                let _ = writeln!(status, "Source: {source} ({version})");
            }
            Some((source, None)) => {
                let _ = writeln!(status, "Source: {source}");
            }
            None => {}
        }
        let _ = write!(status, "Description: part of the sample image\n\n");
    }
    LayerBuilder::new()
        .directory("etc")
        .os_release("debian", "11", "Debian GNU/Linux 11 (bullseye)")
        .directory("var/lib/dpkg")
        .file("var/lib/dpkg/status", status)
}
