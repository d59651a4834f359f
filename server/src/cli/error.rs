//! What a command says when it fails.

use std::error::Error;
use std::fmt::Write as _;

/// A failure in words for the person at the terminal.
#[derive(Debug)]
pub struct CliError(String);

impl CliError {
    /// A sentence of our own.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// Anything that can be shown.
    pub fn from_display(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0
    }

    /// Writes it to standard error.
    pub fn print(&self) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{style}error:{style:#} {}", self.0);
    }
}

// Not `std::error::Error` itself, which lets every error of every room come in by `?`.
impl<E: Error> From<E> for CliError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many errors say their cause already.
            if !message.contains(&text) {
                let _ = write!(message, ": {text}");
            }
            source = cause.source();
        }
        Self(message)
    }
}
