//! Programs that tell what they were built of: files that no format wants by their name, told by their first bytes.

mod sections;
#[cfg(test)]
pub(super) mod testing;

use super::{Format, Listing, PackageFile, filed, go, rust};
use crate::Limits;
use crate::content::Content;
use crate::layer::Warning;

pub(super) use sections::{Section, Sections};

/// A format of executables.
struct Kind {
    format: Format,
    /// Whether an executable has the record that the format reads.
    has_record: fn(&Sections, &mut Content) -> bool,
    parse: fn(&str, &mut Content, &Limits) -> Listing,
}

/// The first that finds its record in an executable tells of it.
const KINDS: [Kind; 2] = [
    Kind {
        format: go::binary::FORMAT,
        has_record: |sections, content| go::binary::find(sections, content).is_some(),
        parse: go::binary::parse,
    },
    Kind {
        format: rust::binary::FORMAT,
        has_record: |sections, _| rust::binary::find(sections).is_some(),
        parse: rust::binary::parse,
    },
];

/// Bytes that [`is_executable`] looks at.
pub(crate) const MAGIC_BYTES: usize = 4;
/// Permission to run, of owner, group or others.
const RUN: u32 = 0o111;
/// Names that executables have which need no permission to run.
const SUFFIXES: [&str; 6] = [".so", ".exe", ".dll", ".dylib", ".node", ".pyd"];

/// Whether the file at `path` with these permission bits may be an executable, so that its first bytes are looked at.
pub(crate) fn may_be_executable(path: &str, mode: u32) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    mode & RUN != 0 || name.contains(".so.") || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether a file that begins with `head` is an executable: ELF, PE or Mach-O.
pub(crate) fn is_executable(head: [u8; MAGIC_BYTES]) -> bool {
    matches!(
        head,
        [0x7f, b'E', b'L', b'F']
            | [b'M', b'Z', ..]
            | [0xfe, 0xed, 0xfa, 0xce | 0xcf]
            | [0xce | 0xcf, 0xfa, 0xed, 0xfe]
            | [0xca, 0xfe, 0xba, 0xbe]
    )
}

/// Whether a format tells of executables, which have any name.
pub(crate) fn is_format(format: Format) -> bool {
    KINDS.iter().any(|kind| kind.format == format)
}

/// Reads the executable at `path`; no file when it tells of no packages, as most do.
pub(crate) fn read(
    path: &str,
    content: &mut Content,
    limits: &Limits,
) -> (Option<PackageFile>, Vec<Warning>) {
    let Some(sections) = Sections::read(content) else { return (None, Vec::new()) };
    let found = KINDS.iter().find(|kind| (kind.has_record)(&sections, content));
    let Some(kind) = found else { return (None, Vec::new()) };
    let (file, warnings) = filed(kind.format, path, (kind.parse)(path, content, limits));
    ((!file.packages.is_empty()).then_some(file), warnings)
}

/// Whether programs lie in the folder of `path`, so that it matters who owns a file there.
pub(super) fn is_program_path(path: &str) -> bool {
    ["bin/", "libexec/", ".so"].iter().any(|mark| path.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_libraries_are_looked_at() {
        for (path, mode) in [
            ("usr/bin/a", 0o755),
            ("opt/x", 0o100),
            ("lib/libc.so.6", 0o644),
            ("lib/x.so", 0o644),
            ("app/a.exe", 0o644),
        ] {
            assert!(may_be_executable(path, mode), "{path}");
        }
        for path in ["etc/passwd", "usr/lib.so.d/readme", "a.source"] {
            assert!(!may_be_executable(path, 0o644), "{path}");
        }
    }

    #[test]
    fn executables_are_known_by_their_first_bytes() {
        for head in [*b"\x7fELF", *b"MZ\x90\0", *b"\xcf\xfa\xed\xfe", *b"\xca\xfe\xba\xbe"] {
            assert!(is_executable(head), "{head:x?}");
        }
        for head in [*b"#!/b", *b"PK\x03\x04", [0; 4]] {
            assert!(!is_executable(head), "{head:x?}");
        }
    }

    #[test]
    fn a_program_of_neither_language_makes_no_file_and_no_warning() {
        let program = testing::elf(&[(".text", 0, vec![0; 64])], &[0]);
        for bytes in [program, b"MZ".to_vec(), b"\xca\xfe\xba\xbe\0\0\0\x01".to_vec()] {
            assert_eq!(read("usr/bin/a", &mut bytes.into(), &Limits::default()), (None, Vec::new()));
        }
    }
}
