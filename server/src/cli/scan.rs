//! `lazaret scan`: scans an archive or an image of the local engine, and prints what it found.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lazaret_reports::model::{ImageReport, ScanResult, Severity};
use lazaret_reports::{csv, cyclonedx, html, json, sarif, spdx};

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{CliError, Context, table};
use crate::reporting;
use crate::scan::target::{TargetContext, scan_target};

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// An archive (docker save or OCI layout; tar or folder; plain, gzip or
    /// zstd), another folder, or an image of the local engine. `archive:`,
    /// `dir:`, `engine:` or `container:` before it says what is meant
    target: String,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show only findings of this severity and above: critical, high, medium,
    /// low or unknown
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    severity: Option<Severity>,
    /// Exit with 1 when there is a finding of this severity or above; what the
    /// distribution calls unimportant does not count
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,
    /// Scan only this one of an archive's images: a tag or a digest
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// Read layers anew that were read before
    #[arg(long)]
    no_cache: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Html,
    Sarif,
    /// A bill of materials: `CycloneDX` 1.6 as JSON
    Cyclonedx,
    /// A bill of materials: SPDX 2.3 as JSON
    Spdx,
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::ALL
        .into_iter()
        .find(|severity| severity.code().eq_ignore_ascii_case(text))
        .ok_or_else(|| "use critical, high, medium, low or unknown".to_owned())
}

pub(super) async fn run(context: &Context, args: &ScanArgs) -> Result<ExitCode, CliError> {
    let store = context.open_store().await?;
    let feed = context.feed()?;
    let progress = Progress::new();
    let engine = context.engine();
    let target = TargetContext {
        store: &store,
        feed: &feed,
        fetching: &progress.advisories(),
        engine: engine.as_deref(),
        image: args.image.as_deref(),
        read_anew: args.no_cache,
        limits: &context.config.limits(),
        cancelled: CancellationToken::new(),
    };
    let scanned = scan_target(&target, &args.target, &|event| progress.target(event)).await;
    progress.clear();
    let scanned_at = jiff::Timestamp::from_microsecond(store.clock().now().as_micros())?;
    let count_lockfiles = context.config.scan.count_lockfiles;
    let scans: Vec<ScanResult> = scanned?
        .iter()
        .map(|image| reporting::scan_result(image, &args.target, scanned_at, count_lockfiles))
        .collect();
    let failed = args.fail_on.is_some_and(|floor| scans.iter().any(|scan| has(scan, floor)));
    let shown = match args.severity {
        Some(floor) => scans.into_iter().map(|scan| at_least(scan, floor)).collect(),
        None => scans,
    };
    match print(args, shown) {
        // Whoever reads only the head of the table still gets the exit code of the whole.
        Err(error) if error.reader_left() => {}
        printed => printed?,
    }
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Whether a finding is as bad as `floor`. Severities are ordered worst first.
fn has(scan: &ScanResult, floor: Severity) -> bool {
    scan.facts.counted().any(|found| found.severity <= floor && !found.unimportant)
}

fn at_least(mut scan: ScanResult, floor: Severity) -> ScanResult {
    scan.facts.vulnerabilities.retain(|found| found.severity <= floor);
    scan
}

fn print(args: &ScanArgs, scans: Vec<ScanResult>) -> Result<(), CliError> {
    match &args.output {
        None => {
            let stdout = std::io::stdout();
            if args.format == Format::Table {
                let width = stdout
                    .is_terminal()
                    .then(terminal_size::terminal_size)
                    .flatten()
                    .map(|(w, _)| w.0.into());
                let mut out = anstream::AutoStream::auto(stdout.lock());
                table::write(&mut out, &scans, width)?;
                return Ok(());
            }
            let mut out = BufWriter::new(stdout.lock());
            write(args.format, scans, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            let unwritable =
                |error: std::io::Error| CliError::new(format!("cannot write {}: {error}", path.display()));
            let mut out = BufWriter::new(File::create(path).map_err(unwritable)?);
            if args.format == Format::Table {
                let mut styled = Vec::new();
                table::write(&mut styled, &scans, None)?;
                out.write_all(&anstream::adapter::strip_bytes(&styled).into_vec())?;
            } else {
                write(args.format, scans, &mut out)?;
            }
            out.flush().map_err(unwritable)?;
            anstream::eprintln!("Written to {}.", path.display());
        }
    }
    Ok(())
}

fn write(format: Format, scans: Vec<ScanResult>, out: &mut impl Write) -> Result<(), CliError> {
    match format {
        Format::Table => {}
        Format::Json => json::scan(&scans, out)?,
        Format::Sarif => sarif::scan(&scans, out)?,
        Format::Csv => {
            let mut table = csv::Findings::new(out)?;
            for scan in &scans {
                let of = csv::ImageOf::new(&scan.facts.image, Some(scan.scanned_at));
                for vulnerability in &scan.facts.vulnerabilities {
                    table.write(&of, vulnerability)?;
                }
            }
            table.finish()?;
        }
        Format::Html => {
            let scan = only(scans, "an HTML report")?;
            html::image(&ImageReport::from_scan(scan, &reporting::compare_versions), out)?;
        }
        Format::Cyclonedx => cyclonedx::image((&only(scans, "a bill of materials")?).into(), out)?,
        Format::Spdx => spdx::image((&only(scans, "a bill of materials")?).into(), out)?,
    }
    Ok(())
}

/// The one scan that a document of this kind is about.
fn only(scans: Vec<ScanResult>, what: &str) -> Result<ScanResult, CliError> {
    let [scan] = <[ScanResult; 1]>::try_from(scans).map_err(|scans| {
        CliError::new(format!(
            "{what} is about one image and the archive has {}; choose one with --image",
            scans.len()
        ))
    })?;
    Ok(scan)
}
