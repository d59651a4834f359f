//! Measures Lazaret. Each benchmark runs beside a floor in the same process or pair of processes, and what counts is the
//! ratio of their medians: machines differ, ratios hardly do.
//!
//! Build first: `cargo build --release && cargo run --release -p lazaret-bench -- --help`.

mod catalog;
mod image;
mod matching;
mod paired;
mod scan;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything that a scan looks for.
const CATEGORIES: &str = "VULNERABILITY,SECRET,MALWARE";

/// Measures Lazaret, each figure beside its floor.
#[derive(Debug, Parser)]
#[command(name = "lazaret-bench")]
struct Arguments {
    /// How often each side is run; the medians are compared
    #[arg(long, default_value_t = 11, global = true)]
    runs: usize,
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// A cold scan of an archive by the `lazaret` program, beside `openssl dgst -sha256` of the same file
    Scan {
        /// An image archive
        archive: PathBuf,
        /// The program
        #[arg(long, default_value = "target/release/lazaret")]
        lazaret: PathBuf,
        /// A data folder with advisories that were imported; without it packages are listed and not matched
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// What is looked for
        #[arg(long, default_value = CATEGORIES)]
        categories: String,
    },
    /// Peak memory and time of scans of a small and a large image with the same packages
    Memory {
        /// The program
        #[arg(long, default_value = "target/release/lazaret")]
        lazaret: PathBuf,
        /// Megabytes of the images, smallest first
        #[arg(long, value_delimiter = ',', default_value = "200,2000")]
        megabytes: Vec<u64>,
        /// What is looked for
        #[arg(long, default_value = CATEGORIES)]
        categories: String,
    },
    /// Reading package files, beside the SHA-256 of the same bytes
    Catalog,
    /// Evaluating advisories, beside parsing them
    Matching {
        /// A zip of OSV records, such as an ecosystem's `all.zip`
        records: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.benchmark {
        Benchmark::Scan { archive, lazaret, data_dir, categories } => {
            scan::run(archive, lazaret, data_dir.as_deref(), categories, arguments.runs)
        }
        Benchmark::Memory { lazaret, megabytes, categories } => scan::memory(lazaret, megabytes, categories),
        Benchmark::Catalog => {
            catalog::run(arguments.runs);
            Ok(())
        }
        Benchmark::Matching { records } => matching::run(records, arguments.runs),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lazaret-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
