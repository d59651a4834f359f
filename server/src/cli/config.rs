//! `lazaret config`: shows and checks the configuration.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::CliError;
use crate::config::{Environment, Overrides, load};

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the values in force, as TOML
    Print {
        /// Print the documented defaults instead
        #[arg(long)]
        default: bool,
    },
    /// Look for mistakes and print nothing when there are none
    Check,
}

pub(super) fn run(
    environment: &Environment,
    overrides: &Overrides,
    args: &ConfigArgs,
) -> Result<ExitCode, CliError> {
    let mut out = std::io::stdout().lock();
    match args.command {
        ConfigCommand::Print { default: true } => out.write_all(crate::config::DEFAULTS.as_bytes())?,
        ConfigCommand::Print { default: false } => {
            out.write_all(load(environment, overrides)?.to_toml()?.as_bytes())?;
        }
        ConfigCommand::Check => {
            load(environment, overrides)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
