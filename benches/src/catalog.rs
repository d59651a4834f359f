//! Reading package files.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::hint::black_box;

use lazaret_scanner::Limits;
use lazaret_scanner::catalog::{format_of, parse};
use sha2::{Digest, Sha256};

use crate::image;
use crate::paired::Paired;

const PACKAGES: usize = 20_000;

/// Times the formats that list most packages, beside the SHA-256 of the same bytes.
pub fn run(runs: usize) {
    let files = [
        ("var/lib/dpkg/status", image::status(PACKAGES)),
        ("lib/apk/db/installed", apk(PACKAGES)),
        ("srv/package-lock.json", package_lock(PACKAGES)),
    ];
    for (path, text) in files {
        let Some(format) = format_of(path) else { continue };
        let bytes = text.into_bytes();
        let Ok(paired) = Paired::measure::<Infallible>(
            runs,
            || {
                black_box(parse(format, path, bytes.clone().into(), &Limits::default()));
                Ok(())
            },
            || {
                black_box(Sha256::digest(&bytes));
                Ok(())
            },
        );
        #[allow(clippy::cast_precision_loss)]
        let rate = PACKAGES as f64 / paired.subject.as_secs_f64();
        println!("{}: {rate:.0} packages/s, {:.1} times SHA-256", format.code(), paired.ratio());
    }
}

fn apk(packages: usize) -> String {
    let mut text = String::new();
    for number in 0..packages {
        let _ = write!(
            text,
            "C:Q1abcdefg{number}=\nP:lib{number}\nV:1.{number}-r1\nA:x86_64\nS:1000\nL:MIT\no:source{}\n\
             F:usr/lib\nR:lib{number}.so.1\na:0:0:755\n\n",
            number / 3
        );
    }
    text
}

fn package_lock(packages: usize) -> String {
    let entries: Vec<String> = (0..packages)
        .map(|number| {
            format!(
                "\"node_modules/pack{number}\":{{\"version\":\"1.0.{number}\",\"resolved\":\
                 \"https://registry.npmjs.org/pack{number}/-/pack{number}-1.0.{number}.tgz\",\"license\":\"MIT\"}}"
            )
        })
        .collect();
    format!("{{\"name\":\"app\",\"lockfileVersion\":3,\"packages\":{{{}}}}}", entries.join(","))
}
