//! Which files of a layer are as a package of the distribution brought them.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) use crate::malware::Digests;

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

    /// Whether a package brought the file at `path` with content of any of these digests.
    pub(crate) fn contains(&self, path: &str, digests: &Digests) -> bool {
        let Digests { md5, sha1, sha256 } = digests;
        let digests =
            [md5.as_ref().map(|d| &d[..]), sha1.as_ref().map(|d| &d[..]), sha256.as_ref().map(|d| &d[..])];
        digests.into_iter().flatten().any(|digest| self.files.contains(&pair(path, digest)))
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

#[cfg(test)]
pub(in crate::catalog) mod tests {
    use super::*;

    /// MD5, SHA-1 and SHA-256 of "abc" (RFC 1321, FIPS 180-2).
    const ABC: [&str; 3] = [
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ];

    /// Whether a package brought a file with the content "abc".
    pub fn knows_abc(intact: &Intact, path: &str) -> bool {
        intact.contains(path, &Digests::of(&mut b"abc".to_vec().into()).unwrap())
    }

    #[test]
    fn a_file_is_intact_by_any_of_its_digests_and_no_other_content() {
        for digest in ABC {
            let mut intact = Intact::default();
            intact.note_hex("etc/x", digest.as_bytes());
            assert!(knows_abc(&intact, "etc/x"));
            assert!(!knows_abc(&intact, "etc/y"));
            assert!(!intact.contains("etc/x", &Digests::of(&mut b"abd".to_vec().into()).unwrap()));
        }
    }

    #[test]
    fn trap_merged_usr_is_seen_through() {
        for (noted, there) in [("bin/x", "usr/bin/x"), ("/usr/bin/x", "bin/x"), ("./bin/x", "bin/x")] {
            let mut intact = Intact::default();
            intact.note_hex(noted, ABC[0].as_bytes());
            assert!(knows_abc(&intact, there), "{noted} {there}");
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
        assert!(intact.files.is_empty());
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
