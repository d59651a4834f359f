//! Which files of a layer are as a package of the distribution brought them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Seek};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::content::Content;

/// Files that are kept of one layer: three times what the largest distributions bring. What is beyond counts as changed.
const MAX_FILES: usize = 1 << 20;

/// Paths and digests that packages of the distribution tell of their files, each pair as a hash of 64 bits: ten bytes a
/// file. Whoever writes a layer writes its package database too, so this says nothing of a file's harmlessness.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Intact {
    files: HashSet<u64>,
}

impl Intact {
    /// Takes a file that a package brought to `path` with this digest: MD5, SHA-1 or SHA-256, which its length tells.
    pub(crate) fn note(&mut self, path: &str, digest: &[u8]) {
        let known = matches!(digest.len(), 16 | 20 | 32);
        if known && self.files.len() < MAX_FILES {
            self.files.insert(pair(path, digest));
        }
    }

    /// Takes a file whose digest is written in hexadecimal digits.
    pub(crate) fn note_hex(&mut self, path: &str, digest: &[u8]) {
        let mut bytes = [0; 32];
        let Some(bytes) = bytes.get_mut(..digest.len() / 2) else { return };
        if hex::decode_to_slice(digest, bytes).is_ok() {
            self.note(path, bytes);
        }
    }

    /// Takes all that another set has.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.files.is_empty() {
            self.files = other.files;
        } else {
            let room = MAX_FILES.saturating_sub(self.files.len());
            self.files.extend(other.files.into_iter().take(room));
        }
    }

    /// Whether it knows no file.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether a package brought the file at `path` with this content.
    pub(crate) fn contains(&self, path: &str, digests: &Digests) -> bool {
        !self.is_empty()
            && [&digests.md5[..], &digests.sha1, &digests.sha256]
                .iter()
                .any(|digest| self.files.contains(&pair(path, digest)))
    }
}

/// A path with a digest. `/bin`, `/lib` and `/sbin` are links into `/usr` on most distributions, and packages name their
/// files by either.
fn pair(path: &str, digest: &[u8]) -> u64 {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let path = path.strip_prefix("usr/").unwrap_or(path);
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    digest.hash(&mut hasher);
    hasher.finish()
}

/// What packages may tell of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    md5: [u8; 16],
    sha1: [u8; 20],
    sha256: [u8; 32],
}

impl Digests {
    /// The digests of a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn of(content: &mut Content) -> io::Result<Self> {
        let (mut md5, mut sha1, mut sha256) = (Md5::new(), Sha1::new(), Sha256::new());
        content.rewind()?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = io::Read::read(content, &mut buffer)?;
            if read == 0 {
                break;
            }
            md5.update(&buffer[..read]);
            sha1.update(&buffer[..read]);
            sha256.update(&buffer[..read]);
        }
        content.rewind()?;
        Ok(Self {
            md5: md5.finalize().into(),
            sha1: sha1.finalize().into(),
            sha256: sha256.finalize().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(bytes: &[u8]) -> Digests {
        Digests::of(&mut Content::from(bytes.to_vec())).unwrap()
    }

    #[test]
    fn a_file_is_intact_by_any_of_its_digests_and_no_other_content() {
        let known = digests(b"abc");
        for digest in [&known.md5[..], &known.sha1, &known.sha256] {
            let mut intact = Intact::default();
            intact.note_hex("etc/x", hex::encode(digest).as_bytes());
            assert!(intact.contains("etc/x", &known));
            assert!(!intact.contains("etc/y", &known));
            assert!(!intact.contains("etc/x", &digests(b"abd")));
        }
        assert_eq!(hex::encode(known.md5), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn trap_merged_usr_is_seen_through() {
        let known = digests(b"abc");
        for (noted, there) in [("bin/x", "usr/bin/x"), ("/usr/bin/x", "bin/x"), ("./bin/x", "bin/x")] {
            let mut intact = Intact::default();
            intact.note(noted, &known.md5);
            assert!(intact.contains(there, &known), "{noted} {there}");
        }
    }

    #[test]
    fn what_is_no_digest_is_not_taken() {
        let mut intact = Intact::default();
        for digest in [
            &b""[..],
            b"00",
            b"zz0150983cd24fb0d6963f7d28e17f72",
            &[b'0'; 64 * 3],
            b"900150983cd24fb0d6963f7d28e17f7",
        ] {
            intact.note_hex("x", digest);
        }
        assert!(intact.is_empty());
    }

    #[test]
    fn no_more_files_are_kept_than_the_bound() {
        let mut intact = Intact::default();
        for number in 0..MAX_FILES + 10 {
            intact.note(&number.to_string(), &[0; 16]);
        }
        assert_eq!(intact.files.len(), MAX_FILES);
        let mut other = Intact::default();
        other.note("one more", &[0; 16]);
        intact.merge(other);
        assert_eq!(intact.files.len(), MAX_FILES);
    }
}
