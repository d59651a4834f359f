//! Evaluating advisories.

use std::hint::black_box;
use std::io::{self, Read};
use std::path::Path;

use lazaret_scanner::advisory::{self, Record};

use crate::paired::Paired;

/// Times one evaluation of each record of a zip for each version that it names, beside parsing the records.
pub fn run(records: &Path, runs: usize) -> io::Result<()> {
    let texts = read(records)?;
    let parsed: Vec<Record> = texts.iter().filter_map(|text| advisory::parse(text.as_bytes()).ok()).collect();
    let affected: Vec<_> = parsed.iter().flat_map(Record::affected_packages).collect();
    let mut evaluations = 0;
    let paired = Paired::measure::<io::Error>(
        runs,
        || {
            evaluations = 0;
            for (ecosystem, _, affected) in &affected {
                for version in ["1.0.0", "2.3.4-1", "10.0"] {
                    black_box(advisory::evaluate(ecosystem, version, affected));
                    evaluations += 1;
                }
            }
            Ok(())
        },
        || {
            for text in &texts {
                black_box(serde_json::from_str::<serde_json::Value>(text)?);
            }
            Ok(())
        },
    )?;
    let rate = f64::from(evaluations) / paired.subject.as_secs_f64();
    println!(
        "{} records: {rate:.0} evaluations/s; all of them three times in {:.2} of the time that parsing takes",
        texts.len(),
        paired.ratio()
    );
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<String>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path)?).map_err(io::Error::other)?;
    let mut texts = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let mut text = String::new();
        zip.by_index(index).map_err(io::Error::other)?.read_to_string(&mut text)?;
        texts.push(text);
    }
    Ok(texts)
}
