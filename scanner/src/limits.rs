//! What a reader accepts before it gives up.

/// Bounds on what is read from an archive. Every reader takes them; reaching one is an error, never a clean end of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one uncompressed layer.
    pub layer_bytes: u64,
    /// Bytes of one file that is read whole into memory (a package database, a manifest).
    pub file_bytes: u64,
    /// Entries of one layer.
    pub entries: u64,
    /// Uncompressed bytes per compressed byte, once the first 64 MiB were passed.
    pub ratio: u64,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Layers of one image.
    pub layers: usize,
    /// Images of one archive.
    pub images: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            layer_bytes: 64 << 30,
            file_bytes: 64 << 20,
            entries: 5_000_000,
            ratio: 1_000,
            path_bytes: 4096,
            layers: 512,
            images: 1_000,
        }
    }
}
