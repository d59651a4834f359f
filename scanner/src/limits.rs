//! What a reader accepts before it gives up.

use std::path::PathBuf;

/// Bounds on what is read from an archive. Every reader takes them; reaching one is an error, never a clean end of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one uncompressed layer.
    pub layer_bytes: u64,
    /// Bytes of one file that is held while it is read (a package database, a jar).
    pub file_bytes: u64,
    /// Bytes of one file that is held in memory; what is larger goes to the spool folder.
    pub memory_bytes: u64,
    /// Where files too large for memory lie while they are read, without a name; such files are not read when absent.
    pub spool_folder: Option<PathBuf>,
    /// Entries of one layer.
    pub entries: u64,
    /// Uncompressed bytes per compressed byte, once the first 64 MiB were passed.
    pub ratio: u64,
    /// Bytes that come out of the archives in one file altogether, when they are opened to look for malware. At the
    /// 200 MB/s of a search by rules this is a few seconds a file.
    pub unpacked_bytes: u64,
    /// Archives within archives that are opened (jars within jars).
    pub depth: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Layers of one image.
    pub layers: usize,
    /// Images of one archive.
    pub images: usize,
    /// Bytes of one file that malware rules are matched against, from its beginning.
    pub malware_bytes: u64,
    /// Seconds that malware rules may take for one file.
    pub malware_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            layer_bytes: 64 << 30,
            file_bytes: 1 << 30,
            memory_bytes: 16 << 20,
            spool_folder: None,
            entries: 5_000_000,
            ratio: 1_000,
            unpacked_bytes: 1 << 30,
            depth: 10,
            path_bytes: 4096,
            layers: 512,
            images: 1_000,
            malware_bytes: 32 << 20,
            malware_seconds: 30,
        }
    }
}
