//! A tar writer that refuses nothing.

use tar::{EntryType, Header};

const BLOCK: usize = 512;

/// Writes a tar in memory, entry by entry, with zero times and owners.
#[derive(Debug, Clone, Default)]
pub struct TarBuilder {
    bytes: Vec<u8>,
}

impl TarBuilder {
    /// An empty tar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path.as_ref(), b"", content.as_ref())
    }

    /// Adds a regular file that may be run, with a path of at most 100 bytes.
    #[must_use]
    pub fn program(mut self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        self.write_as(0o755, EntryType::Regular, path.as_ref(), b"", content.len() as u64, content);
        self
    }

    /// Adds a directory.
    #[must_use]
    pub fn directory(self, path: impl AsRef<[u8]>) -> Self {
        let mut path = path.as_ref().to_vec();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        self.entry(EntryType::Directory, &path, b"", b"")
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Symlink, path.as_ref(), target.as_ref(), b"")
    }

    /// Adds a hard link.
    #[must_use]
    pub fn hardlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Link, path.as_ref(), target.as_ref(), b"")
    }

    /// Adds an entry of any type, with GNU long-name records where path or target need them.
    #[must_use]
    pub fn entry(mut self, kind: EntryType, path: &[u8], target: &[u8], content: &[u8]) -> Self {
        for (record, text) in [(EntryType::GNULongName, path), (EntryType::GNULongLink, target)] {
            if text.len() > 100 {
                let mut data = text.to_vec();
                data.push(0);
                self.write(record, b"././@LongLink", b"", data.len() as u64, &data);
            }
        }
        self.write(kind, path, target, content.len() as u64, content);
        self
    }

    /// Adds a regular file whose path stands in a PAX record alone.
    #[must_use]
    pub fn pax_file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let records = [pax_record("path", path), pax_record("size", &content.len().to_string())].concat();
        self.write(EntryType::XHeader, b"PaxHeaders/short", b"", records.len() as u64, &records);
        // The size field is left at zero: a reader has to take the PAX record's.
        self.write(EntryType::Regular, b"short", b"", 0, content);
        self
    }

    /// Adds a regular file whose header claims `size` bytes, with `content` behind it.
    #[must_use]
    pub fn lying_file(mut self, path: &str, size: u64, content: impl AsRef<[u8]>) -> Self {
        self.write(EntryType::Regular, path.as_bytes(), b"", size, content.as_ref());
        self
    }

    /// The tar with its end marker of two zero blocks.
    pub fn build(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.resize(bytes.len() + 2 * BLOCK, 0);
        bytes
    }

    /// The tar without an end marker, as a cut transfer leaves it.
    pub fn build_unfinished(self) -> Vec<u8> {
        self.bytes
    }

    fn write(&mut self, kind: EntryType, path: &[u8], target: &[u8], size: u64, content: &[u8]) {
        self.write_as(if kind.is_dir() { 0o755 } else { 0o644 }, kind, path, target, size, content);
    }

    fn write_as(
        &mut self,
        mode: u32,
        kind: EntryType,
        path: &[u8],
        target: &[u8],
        size: u64,
        content: &[u8],
    ) {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        let old = header.as_old_mut();
        copy(path, &mut old.name);
        copy(target, &mut old.linkname);
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }
}

/// `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits.
fn pax_record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length += 1;
    }
    format!("{length} {key}={value}\n").into_bytes()
}

fn copy(from: &[u8], to: &mut [u8]) {
    let length = from.len().min(to.len());
    to[..length].copy_from_slice(&from[..length]);
}
