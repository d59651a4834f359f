//! `lazaret scan`: scans an archive or an image of the local engine, and prints what it found.

mod filter;
mod output;

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lazaret_reports::model::{ScanResult, Severity};
use lazaret_scanner::archive::{Platform, Platforms};
use tokio_util::sync::CancellationToken;

use filter::FilterArgs;
use output::OutputArgs;

use super::progress::Progress;
use super::{CliError, Context};
use crate::reporting;
use crate::scan::target::{TargetContext, scan_target};

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// An archive (docker save or OCI layout; tar or folder; plain, gzip or
    /// zstd), another folder, a bill of materials (CycloneDX or SPDX as JSON),
    /// or an image of the local engine. `archive:`, `dir:`, `sbom:`, `engine:`,
    /// `container:` or `registry:` before it says what is meant
    target: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// Scan only this one of an archive's images: a tag or a digest
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// Of an image for several platforms scan this one instead of the one for
    /// this machine: OS/ARCH or OS/ARCH/VARIANT
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,
    /// Call the registry of `registry:` without TLS
    #[arg(long)]
    registry_plain_http: bool,
    /// Look for these alone: VULNERABILITY, SECRET, MALWARE, with commas
    /// between them
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        ignore_case = true,
        value_enum,
        default_value = "VULNERABILITY,SECRET,MALWARE",
        hide_default_value = true
    )]
    categories: Vec<Category>,
    /// Read layers anew that were read before
    #[arg(long)]
    no_cache: bool,
}

/// What may be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
enum Category {
    Vulnerability,
    Secret,
    Malware,
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::ALL
        .into_iter()
        .find(|severity| severity.code().eq_ignore_ascii_case(text))
        .ok_or_else(|| "use critical, high, medium, low or unknown".to_owned())
}

pub(super) async fn run(context: &Context, args: &ScanArgs) -> Result<ExitCode, CliError> {
    // What was mistyped is said before the work, not after.
    args.output.check()?;
    let skip = args.filter.skip()?;
    let exceptions = args.filter.exceptions()?;
    let store = context.open_store().await?;
    let feed = context.feed()?;
    let progress = Progress::new();
    let engine = context.engine();
    let engines = context.engines(&store).await?;
    let wanted = |category| args.categories.contains(&category);
    // Advisories tell of malicious packages too.
    let (secrets, malware) = (wanted(Category::Secret), wanted(Category::Malware));
    let prepared = tokio::task::spawn_blocking(move || engines.prepare(secrets, malware)).await?;
    let target = TargetContext {
        prepared: &prepared,
        match_packages: wanted(Category::Vulnerability) || malware,
        store: &store,
        feed: &feed,
        fetching: &progress.advisories(),
        engine: engine.as_deref(),
        image: args.image.as_deref(),
        platforms: match &args.platform {
            Some(platform) => Platforms::Only(platform.clone()),
            None => Platforms::Prefer(Platform::new("linux", std::env::consts::ARCH, "")),
        },
        registries: &context.registries(args.registry_plain_http)?,
        read_anew: args.no_cache,
        skip: &skip,
        limits: &context.config.limits(),
        cancelled: CancellationToken::new(),
    };
    let scanned = scan_target(&target, &args.target, &|event| progress.target(event)).await;
    progress.clear();
    let scanned_at = jiff::Timestamp::from_microsecond(store.clock().now().as_micros())?;
    let order = reporting::Order {
        target: &args.target,
        vulnerabilities: wanted(Category::Vulnerability),
        count_lockfiles: context.config.scan.count_lockfiles,
    };
    let mut scans: Vec<ScanResult> =
        scanned?.iter().map(|image| reporting::scan_result(image, order, scanned_at)).collect();
    let today = jiff::tz::Offset::UTC.to_datetime(scanned_at).date();
    for sentence in exceptions.expired(today) {
        anstream::eprintln!("Note: {sentence}.");
    }
    for scan in &mut scans {
        args.filter.narrow(scan, &exceptions, today);
    }
    let failed = scans.iter().any(|scan| args.filter.fails(scan));
    for scan in &mut scans {
        args.filter.show(scan);
    }
    match args.output.write(&scans) {
        // Whoever reads only the head of the table still gets the exit code of the whole.
        Err(error) if error.reader_left() => {}
        printed => printed?,
    }
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
