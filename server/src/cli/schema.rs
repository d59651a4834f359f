//! `lazaret schema`: prints the GraphQL schema.

use std::io::Write;
use std::process::ExitCode;

use super::CliError;

pub(super) fn run() -> Result<ExitCode, CliError> {
    std::io::stdout().lock().write_all(crate::graphql::sdl().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
