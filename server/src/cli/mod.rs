//! The command line: one file per command. Results go to standard output, progress and logs to standard error; nothing
//! ever asks a question. Exit codes: 0 fine, 1 something was found that `--fail-on` names, 2 error.

mod advisories;
mod config;
mod context;
mod demo;
mod error;
mod progress;
mod report;
mod scan;
mod schema;
mod serve;
mod server;
mod table;
mod token;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use context::Context;
pub use error::CliError;

use crate::clock::Clock;
use crate::config::{Environment, Overrides};

/// Finds every container image, container and host you run, and tells which of them have known vulnerabilities.
#[derive(Debug, Parser)]
#[command(name = "lazaret", version, max_term_width = 80, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Without a command the server starts, as with `lazaret serve`.
See it at work on sample images, without engine and internet: `lazaret demo`.

Exit codes: 0 fine, 1 found what --fail-on names, 2 error.";

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    #[arg(long, global = true, value_name = "DIR", help = "Data folder [env: LAZARET_DATA_DIR]")]
    data_dir: Option<PathBuf>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Database, else SQLite there [env: LAZARET_DATABASE_URL]"
    )]
    database_url: Option<String>,
    #[arg(long, global = true, value_name = "FILE", help = "Configuration file [env: LAZARET_CONFIG]")]
    config: Option<PathBuf>,
    #[arg(long, global = true, help = "Never use the network [env: LAZARET_OFFLINE]")]
    offline: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (what happens without a command)
    Serve(serve::ServeArgs),
    /// Scan an image archive or an image of the local engine
    Scan(Box<scan::ScanArgs>),
    /// Write the reports of the fleet or of one image
    Report(report::ReportArgs),
    /// Fetch, import or list advisories
    Advisories(advisories::AdvisoriesArgs),
    /// Make, list and revoke access tokens
    Token(token::TokenArgs),
    /// Print or check the configuration
    Config(config::ConfigArgs),
    /// Print the GraphQL schema
    Schema,
    /// Show Lazaret at work on sample images, offline
    Demo(demo::DemoArgs),
}

/// Runs the program that the process was started as.
pub fn main() -> ExitCode {
    let environment: Environment = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let cli = Cli::parse();
    match run(cli, environment) {
        Ok(code) => code,
        Err(error) if error.reader_left() => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli, environment: Environment) -> Result<ExitCode, CliError> {
    let command = cli.command.unwrap_or_else(|| Command::Serve(serve::ServeArgs::default()));
    context::start_log(&environment, matches!(command, Command::Serve(_)));
    let mut overrides = Overrides {
        config: cli.global.config,
        data_dir: cli.global.data_dir,
        database_url: cli.global.database_url,
        offline: cli.global.offline,
        ..Overrides::default()
    };
    match &command {
        Command::Config(args) => return config::run(&environment, &overrides, args),
        Command::Schema => return schema::run(),
        Command::Serve(args) => args.apply(&mut overrides),
        Command::Demo(args) => args.apply(&environment, &mut overrides)?,
        _ => {}
    }
    let config = crate::config::load(&environment, &overrides)?;
    let context = Context { config, environment, clock: Clock::system() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(_) => serve::run(&context).await,
            Command::Scan(args) => scan::run(&context, &args).await,
            Command::Report(args) => report::run(&context, &args).await,
            Command::Advisories(args) => advisories::run(&context, &args).await,
            Command::Token(args) => token::run(&context, &args).await,
            Command::Demo(_) => demo::run(&context).await,
            Command::Config(_) | Command::Schema => Ok(ExitCode::SUCCESS),
        }
    });
    // A blocked read of a huge archive must not keep the process after its answer was given.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result
}
