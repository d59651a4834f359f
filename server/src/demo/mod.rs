//! What `lazaret demo` shows: sample images and real advisories. Nothing here, and nothing that reads it, is special:
//! the images lie in an archive folder like any other, and the advisories are imported like any others.

mod images;
mod records;

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;

use lazaret_scanner::testing::{Compression, OciLayout};

pub use images::{Sample, samples};
pub use records::RECORDS;

/// A GraphQL query to try, and what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The question in words.
    pub asks: &'static str,
    /// The query; it holds no `'`, so that a shell takes it between two of them.
    pub query: &'static str,
}

/// Queries to try first.
pub const QUERIES: [Query; 3] = [
    Query {
        asks: "How is the fleet?",
        query: "{ overview { images { total atRisk safe unknown } vulnerabilities { distinct { critical high medium low unknown } } } }",
    },
    Query {
        asks: "Which images are worst?",
        query: "{ images(first: 10) { nodes { name securityStatus operatingSystem } } }",
    },
    Query {
        asks: "What is critical in the webshop, and what helps?",
        query: "{ image(by: { reference: \"sample/webshop:latest\" }) { vulnerabilities(first: 20, filter: { severity: [CRITICAL] }) \
                { nodes { identifier package { name version } advice } } } }",
    },
];

/// Writes each sample image as an OCI layout into a folder of its own below `folder`.
///
/// # Errors
/// The folder cannot be written.
pub fn write_archives(folder: &Path) -> io::Result<()> {
    for sample in samples() {
        let target = folder.join(sample.folder);
        // What is there already is the same, byte by byte: whoever reads it now is not disturbed.
        if !target.join("index.json").exists() {
            OciLayout::new().image(sample.image).compression(Compression::Gzip).write_folder(&target)?;
        }
    }
    Ok(())
}

/// Writes the advisories into `folder`, one file per record below the name of its ecosystem.
///
/// # Errors
/// The folder cannot be written.
pub fn write_advisories(folder: &Path) -> io::Result<()> {
    for (name, text) in RECORDS {
        let target = folder.join(ecosystem(name));
        fs::create_dir_all(&target)?;
        fs::write(target.join(name), text)?;
    }
    Ok(())
}

/// The ecosystem of a record, which its publisher tells.
fn ecosystem(name: &str) -> &'static str {
    if name.starts_with("PYSEC-") {
        "PyPI"
    } else if name.starts_with("GHSA-") {
        "npm"
    } else {
        "Debian"
    }
}
