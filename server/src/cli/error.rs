//! What a command says when it fails.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

/// A failure in words for the person at the terminal.
#[derive(Debug)]
pub struct CliError {
    message: String,
    reader_left: bool,
}

impl CliError {
    /// A sentence of our own.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { message: sentence.into(), reader_left: false }
    }

    /// Anything that can be shown.
    pub fn from_display(error: impl std::fmt::Display) -> Self {
        Self::new(error.to_string())
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether all that happened is that nobody reads on, as in `lazaret scan … | head`.
    pub const fn reader_left(&self) -> bool {
        self.reader_left
    }

    /// Writes it to standard error.
    pub fn print(&self) {
        let style = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{style}error:{style:#} {}", self.message);
    }
}

// Not `std::error::Error` itself, which lets every error of every room come in by `?`.
impl<E: Error + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut reader_left = is_broken_pipe(&error);
        let mut source = error.source();
        while let Some(cause) = source {
            reader_left |= is_broken_pipe(cause);
            let text = cause.to_string();
            // Many errors say their cause already.
            if !message.contains(&text) {
                let _ = write!(message, ": {text}");
            }
            source = cause.source();
        }
        Self { message, reader_left }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
