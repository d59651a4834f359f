//! The `lazaret` program: see [`lazaret_server::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    lazaret_server::cli::main()
}
