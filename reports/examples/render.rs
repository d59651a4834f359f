//! Writes the example reports into a folder, to look at them: `cargo run -p lazaret-reports --example render -- FOLDER`.

#![expect(clippy::unwrap_used, reason = "an example over fixed values")]

use std::fs::{self, File};
use std::path::PathBuf;

use lazaret_reports::{csv, gitlab, html, json, junit, sarif};

#[path = "../tests/it/sample/mod.rs"]
mod sample;

fn main() {
    let folder =
        PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/example-reports".to_owned()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| File::create(folder.join(name)).unwrap();
    html::image(&sample::image(), file("image.html")).unwrap();
    html::image(&sample::calm(), file("calm.html")).unwrap();
    html::fleet(&sample::fleet(), file("fleet.html")).unwrap();
    csv::image(&sample::image(), file("image.csv")).unwrap();
    json::scan(&[sample::scan()], file("scan.json")).unwrap();
    sarif::scan(&[sample::scan()], file("scan.sarif")).unwrap();
    gitlab::scan(&[sample::scan()], file("gitlab.json")).unwrap();
    junit::scan(&[sample::scan()], file("junit.xml")).unwrap();
    println!("Wrote the example reports to {}", folder.display());
}
