//! `lazaret advisories`: fetch, import or list advisories by hand.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, Table, presets};
use lazaret_entities::{Timestamp, advisory_set};

use super::progress::Progress;
use super::{CliError, Context};
use lazaret_scanner::ecosystem::ECOSYSTEMS;

use crate::advisories::{self, Fetches, IMPORTED, Refreshed};
use crate::scan::counts;
use crate::store::Store;

/// Fetches, imports or lists advisories.
#[derive(Debug, Args)]
pub struct AdvisoriesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Fetch sets from the configured source
    ///
    /// Without names, every set that is loaded but for those imported by hand.
    Update {
        /// Ecosystems as OSV names them: Debian, Alpine, PyPI, npm
        #[arg(value_name = "ECOSYSTEM")]
        ecosystems: Vec<String>,
    },
    /// Import sets from files, each in place of the set that is there
    ///
    /// What was imported is not replaced by the configured source until `update` names it.
    Import {
        /// A zip of OSV records, a folder of `<ID>.json` files, or a folder with one such folder per ecosystem
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        /// Take only this ecosystem's records [default: told by the files]
        #[arg(long, value_name = "NAME")]
        ecosystem: Option<String>,
    },
    /// List the sets that are loaded, and why one is not
    Status,
}

/// Runs the command.
pub async fn run(context: &Context, args: &AdvisoriesArgs) -> Result<ExitCode, CliError> {
    let store = context.open_store().await?;
    match &args.action {
        Action::Update { ecosystems } => update(context, &store, ecosystems).await,
        Action::Import { paths, ecosystem } => import(&store, paths, ecosystem.as_deref()).await,
        Action::Status => status(&store).await,
    }
}

async fn update(context: &Context, store: &Store, ecosystems: &[String]) -> Result<ExitCode, CliError> {
    if ecosystems.is_empty() && advisories::status(store.read()).await?.is_empty() {
        let names: Vec<&str> = ECOSYSTEMS.iter().map(|known| known.name).collect();
        return Err(CliError::new(format!(
            "no advisories are loaded yet: name what to fetch, as in `lazaret advisories update {}`",
            names.join(" ")
        )));
    }
    let feed = context.feed()?;
    let progress = Progress::new();
    let fetched = advisories::update(store, &feed, ecosystems, &progress.advisories()).await;
    progress.clear();
    let Fetches { loaded, unchanged, failed, kept } = fetched?;
    counts::settle(store, &loaded).await?;
    tell(&loaded);
    for ecosystem in unchanged {
        println!("{ecosystem}: nothing newer at {}", feed.address());
    }
    for ecosystem in kept {
        println!(
            "{ecosystem}: imported by hand, left alone; `lazaret advisories update {ecosystem}` replaces it"
        );
    }
    let Some((last, others)) = failed.split_last() else { return Ok(ExitCode::SUCCESS) };
    for (ecosystem, reason) in others {
        CliError::new(format!("{ecosystem}: {reason}")).print();
    }
    Err(CliError::new(format!("{}: {}", last.0, last.1)))
}

async fn import(store: &Store, paths: &[PathBuf], ecosystem: Option<&str>) -> Result<ExitCode, CliError> {
    for path in paths {
        let progress = Progress::new();
        let imported = advisories::import_path(store, path, ecosystem, &progress.advisories()).await;
        progress.clear();
        let imported = imported?;
        counts::settle(store, &imported).await?;
        tell(&imported);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(loaded: &[Refreshed]) {
    for Refreshed { imported, rematched, .. } in loaded {
        println!(
            "{}: {} advisories, {} new or changed, {} withdrawn, newest of {}",
            imported.ecosystem,
            imported.records,
            imported.changed,
            imported.withdrawn,
            time(imported.newest_modified)
        );
        if imported.unreadable > 0 {
            eprintln!(
                "{} records were left out; the first: {}",
                imported.unreadable, imported.first_unreadable
            );
        }
        if rematched.opened + rematched.closed > 0 {
            println!(
                "  {} stored packages matched again: {} vulnerabilities new, {} gone",
                rematched.packages, rematched.opened, rematched.closed
            );
        }
    }
}

async fn status(store: &Store) -> Result<ExitCode, CliError> {
    let sets = advisories::status(store.read()).await?;
    if sets.is_empty() {
        eprintln!(
            "No advisories are loaded; a scan fetches what it needs, `lazaret advisories import` takes files."
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["ECOSYSTEM", "ADVISORIES", "NEWEST", "LOADED", "SOURCE"]);
    table.add_rows(sets.iter().map(row));
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{}", table.trim_fmt());
    for set in sets.iter().filter(|set| !set.last_error.is_empty()) {
        eprintln!("{}, last tried {}: {}", set.ecosystem, time(set.last_tried_at), set.last_error);
    }
    Ok(ExitCode::SUCCESS)
}

fn row(set: &advisory_set::Model) -> [String; 5] {
    let source = if set.source == IMPORTED { "imported by hand".to_owned() } else { set.source.clone() };
    let loaded = if advisories::is_loaded(set) { time(set.fetched_at) } else { "never".to_owned() };
    [set.ecosystem.clone(), set.records.to_string(), time(set.newest_modified), loaded, source]
}

/// A time to the minute, in UTC; a dash for none.
fn time(time: Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(time.as_micros()) {
        Ok(at) if !time.is_zero() => at.strftime("%Y-%m-%d %H:%MZ").to_string(),
        _ => "-".to_owned(),
    }
}
