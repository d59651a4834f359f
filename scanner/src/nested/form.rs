//! What kind of archive a file is.

use crate::bounded::Packing;
use crate::tarball::checksum_holds;

/// Bytes from the start of a file that tell what it is: one block of a tar.
pub(super) const HEAD_BYTES: usize = 512;

/// A kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A zip, by its first bytes.
    Zip,
    /// Perhaps a zip, by its name alone.
    ZipByName,
    Tar,
    /// A Debian package.
    Deb,
    Packed(Packing),
    /// An archive that is not opened, by its name.
    Closed(&'static str),
}

/// Names of files that are zips and may have something else before it.
const ZIPS: [&str; 20] = [
    ".zip", ".jar", ".war", ".ear", ".par", ".sar", ".kar", ".nar", ".hpi", ".jpi", ".aar", ".apk", ".whl",
    ".egg", ".pex", ".pyz", ".nupkg", ".vsix", ".xpi", ".crx",
];

/// The kind of archive that the file at `path` is by its first bytes, at most [`HEAD_BYTES`]; that of a zip also by its name.
pub(super) fn form_of(path: &str, head: &[u8]) -> Option<Form> {
    let packed = |packing| match packing {
        // Flags that are reserved, and methods but deflate, are none of gzip (RFC 1952).
        Packing::Gzip => matches!(head, [_, _, 8, flags, ..] if flags & 0xe0 == 0),
        Packing::Bzip2 => matches!(head, [_, _, _, b'1'..=b'9', 0x31 | 0x17, ..]),
        Packing::Zstd | Packing::Xz => true,
    };
    if let Some(packing) = Packing::of(head).filter(|packing| packed(*packing)) {
        return Some(Form::Packed(packing));
    }
    match head {
        // An entry, the directory's end of a zip of nothing, or the mark of a spanned zip before its first entry.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => return Some(Form::Zip),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => return Some(Form::Closed("7z")),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => return Some(Form::Closed("RAR")),
        _ if head.starts_with(b"!<arch>\ndebian-binary") => return Some(Form::Deb),
        _ => {}
    }
    if is_tar(head) {
        return Some(Form::Tar);
    }
    let name = path.rsplit(['/', '!']).next().unwrap_or(path);
    let by_name = !head.is_empty() && ZIPS.iter().any(|suffix| ends_with(name, suffix));
    by_name.then_some(Form::ZipByName)
}

/// Whether a file begins with the header of a tar's first entry. What only has the checksum of one is a tar of before POSIX.
fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..HEAD_BYTES) else { return false };
    let digit = |byte: &u8| matches!(byte, b'0'..=b'7' | b' ' | 0);
    block[0] != 0 && block[148..156].iter().all(digit) && checksum_holds(block)
}

/// The name of what is packed in a file of this name: `x` for `x.gz`, `x.tar` for `x.tgz`.
pub(super) fn unpacked_name(name: &str) -> String {
    const SUFFIXES: [(&str, &str); 9] = [
        (".gz", ""),
        (".xz", ""),
        (".zst", ""),
        (".bz2", ""),
        (".tgz", ".tar"),
        (".txz", ".tar"),
        (".tzst", ".tar"),
        (".tbz2", ".tar"),
        (".svgz", ".svg"),
    ];
    for (suffix, instead) in SUFFIXES {
        if ends_with(name, suffix) && name.len() > suffix.len() {
            return format!("{}{instead}", &name[..name.len() - suffix.len()]);
        }
    }
    name.to_owned()
}

fn ends_with(name: &str, suffix: &str) -> bool {
    let (name, suffix) = (name.as_bytes(), suffix.as_bytes());
    name.len() >= suffix.len() && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_their_first_bytes() {
        for (head, expected) in [
            (&b"PK\x03\x04"[..], Some(Form::Zip)),
            (b"\x1f\x8b\x08\0", Some(Form::Packed(Packing::Gzip))),
            (b"\x1f\x8b\x07\0", None),
            (b"\x1f\x8b", None),
            (b"BZh91AY&SY", Some(Form::Packed(Packing::Bzip2))),
            (b"BZhello", None),
            (b"\xfd7zXZ\0", Some(Form::Packed(Packing::Xz))),
            (b"\x28\xb5\x2f\xfd", Some(Form::Packed(Packing::Zstd))),
            (b"!<arch>\ndebian-binary   ", Some(Form::Deb)),
            (b"!<arch>\n/               ", None),
            (b"\x7fELF", None),
            (b"PK", None),
            (b"", None),
            (&[0; 512], None),
        ] {
            assert_eq!(form_of("usr/lib/x", head), expected, "{head:?}");
        }
    }

    #[test]
    fn a_zip_behind_something_else_is_known_by_its_name() {
        assert_eq!(form_of("srv/app.JAR", b"#!/bin/sh\n"), Some(Form::ZipByName));
        assert_eq!(form_of("srv/app.sh", b"#!/bin/sh\n"), None);
        assert_eq!(form_of("srv/app.jar", b""), None);
    }

    #[test]
    fn what_is_packed_is_called_as_its_file_without_the_suffix() {
        for (name, expected) in [
            ("x.gz", "x"),
            ("x.TGZ", "x.tar"),
            ("a.sql.zst", "a.sql"),
            (".gz", ".gz"),
            ("x", "x"),
            ("é.gz", "é"),
        ] {
            assert_eq!(unpacked_name(name), expected);
        }
    }
}
