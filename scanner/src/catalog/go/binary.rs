//! Go programs, which carry what they were built of (Go's `debug/buildinfo`): the modules, and the version of the
//! compiler, which is that of the standard library.

use std::io;

use super::build_info;
use crate::Limits;
use crate::catalog::executable::{Section, Sections};
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec};
use crate::content::Content;

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "go-binary",
    owner: Owner::Language("Go"),
    evidence: Evidence::Installed,
    wants: |_| false,
    parse: Parse::Content(parse),
});

/// What the record begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Bytes of the record's head.
const HEAD_BYTES: usize = 32;
/// Where the record may begin.
const ALIGNMENT: u64 = 16;
/// Bytes of writable data in which the record is looked for when no section is named after it. The linker puts it
/// first; linkers of other compilers put their own data before it.
const SEARCH_BYTES: u64 = 4 << 20;
/// Bytes that are looked at at once.
const PIECE_BYTES: usize = 64 << 10;
/// Bytes of one string. The largest programs have a few thousand modules, of 150 bytes each.
const MAX_STRING: u64 = 16 << 20;
/// Bytes that mark begin and end of the module lines.
const SENTINEL: usize = 16;

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("a string of it lies outside of the file")]
    Outside,
    #[error("its pointers have {0} bytes")]
    Pointers(u8),
    #[error("its module list is not marked")]
    Unmarked,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Where the record begins in the file; `None` when the program is not one of Go.
pub(in crate::catalog) fn find(sections: &Sections, content: &mut Content) -> Option<u64> {
    for name in [".go.buildinfo", "__go_buildinfo"] {
        if let Some(section) = sections.named(name) {
            return search(section, content);
        }
    }
    // ELF programs that were stripped of all sections, and PE, which has no section for it.
    let is_pe = sections.sections == sections.loaded;
    if !is_pe && !sections.sections.is_empty() {
        return None;
    }
    sections.loaded.iter().filter(|piece| piece.writable).find_map(|piece| search(piece, content))
}

fn search(section: &Section, content: &mut Content) -> Option<u64> {
    let size = section.size.min(SEARCH_BYTES);
    let mut done = 0;
    while done < size {
        let length = usize::try_from(size - done).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let start = section.offset.checked_add(done)?;
        let piece = content.read_at(start, length).ok()?;
        let step = usize::try_from(ALIGNMENT).unwrap_or(16);
        if let Some(at) = (0..piece.len()).step_by(step).find(|at| piece[*at..].starts_with(MAGIC)) {
            return start.checked_add(at as u64);
        }
        if piece.len() < length {
            return None;
        }
        done += length as u64;
    }
    None
}

/// Reads the record of a Go program. One that has none is no Go program, and tells of nothing.
pub(crate) fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let Some(sections) = Sections::read(content) else { return Listing::default() };
    let Some(offset) = find(&sections, content) else { return Listing::default() };
    match read(&sections, content, offset) {
        Ok((go_version, lines)) => {
            let mut listing = Listing::of(build_info::packages(&go_version, &lines));
            if lines.is_empty() {
                listing.warnings.push(
                    "is a Go program that was built without a list of its modules; only Go's own library is covered"
                        .to_owned(),
                );
            }
            listing
        }
        Err(error) => Listing::warning(format!(
            "is a Go program whose build information cannot be read ({error}); its modules are not covered"
        )),
    }
}

/// The compiler's version and the lines of modules.
fn read(sections: &Sections, content: &mut Content, offset: u64) -> Result<(String, String), Broken> {
    let head: [u8; HEAD_BYTES] =
        content.read_at(offset, HEAD_BYTES)?.try_into().map_err(|_| Broken::Outside)?;
    let (pointer_bytes, flags) = (head[14], head[15]);
    let (go_version, lines) = if flags & 2 != 0 {
        // Since Go 1.18 both strings follow the head, each after its length.
        let start = offset.saturating_add(HEAD_BYTES as u64);
        let (go_version, next) = inline_string(content, start)?;
        let (lines, _) = inline_string(content, next)?;
        (go_version, lines)
    } else {
        // Before, the head had pointers to both: to a pointer and a length each.
        if !matches!(pointer_bytes, 4 | 8) {
            return Err(Broken::Pointers(pointer_bytes));
        }
        let memory = Memory { sections, bytes: usize::from(pointer_bytes), big: flags & 1 != 0 };
        let (version_at, lines_at) = (&head[16..], &head[16 + memory.bytes..]);
        let go_version = memory.string(content, memory.number(version_at))?;
        (go_version, memory.string(content, memory.number(lines_at))?)
    };
    Ok((String::from_utf8_lossy(&go_version).into_owned(), unmark(&lines)?))
}

/// The lines without the sentinels round them.
fn unmark(lines: &[u8]) -> Result<String, Broken> {
    if lines.is_empty() {
        return Ok(String::new());
    }
    let inner = lines.len().checked_sub(SENTINEL).and_then(|end| lines.get(SENTINEL..end));
    let inner = inner.filter(|inner| inner.ends_with(b"\n")).ok_or(Broken::Unmarked)?;
    Ok(String::from_utf8_lossy(inner).into_owned())
}

/// A string after its length, which is written in sevens of bits, the lowest first; and where it ends.
fn inline_string(content: &mut Content, offset: u64) -> Result<(Vec<u8>, u64), Broken> {
    let mut length: u64 = 0;
    let digits = content.read_at(offset, 10)?;
    let end = digits.iter().position(|byte| *byte < 0x80).ok_or(Broken::Outside)?;
    for (place, byte) in digits[..=end].iter().enumerate() {
        length |=
            u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0);
    }
    let start = offset.checked_add(end as u64 + 1).ok_or(Broken::Outside)?;
    let bytes = exactly(length, |length| content.read_at(start, length))?;
    Ok((bytes, start.saturating_add(length)))
}

fn exactly(length: u64, read: impl FnOnce(usize) -> io::Result<Vec<u8>>) -> Result<Vec<u8>, Broken> {
    let length = usize::try_from(length).ok().filter(|_| length <= MAX_STRING).ok_or(Broken::Outside)?;
    let bytes = read(length)?;
    if bytes.len() == length { Ok(bytes) } else { Err(Broken::Outside) }
}

/// How a program of an old compiler points into its memory.
struct Memory<'a> {
    sections: &'a Sections,
    bytes: usize,
    big: bool,
}

impl Memory<'_> {
    /// The number at the start of `bytes`.
    fn number(&self, bytes: &[u8]) -> u64 {
        let digits = bytes.iter().take(self.bytes);
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big { digits.fold(0, add) } else { digits.rev().fold(0, add) }
    }

    /// The string whose pointer and length lie at `address`.
    fn string(&self, content: &mut Content, address: u64) -> Result<Vec<u8>, Broken> {
        let header =
            exactly(2 * self.bytes as u64, |length| self.sections.read_memory(content, address, length))?;
        let (data, length) = (self.number(&header), self.number(&header[self.bytes..]));
        if length == 0 {
            return Ok(Vec::new());
        }
        exactly(length, |length| self.sections.read_memory(content, data, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::executable::testing::elf;

    fn listed(bytes: Vec<u8>) -> (Vec<String>, Vec<String>) {
        let Listing { packages, warnings, .. } = parse("", &mut bytes.into(), &Limits::default());
        (
            packages.into_iter().map(|package| format!("{} {}", package.name, package.version)).collect(),
            warnings,
        )
    }

    fn marked(lines: &str) -> Vec<u8> {
        [&[1; SENTINEL][..], lines.as_bytes(), &[2; SENTINEL]].concat()
    }

    fn inline(go_version: &[u8], lines: &[u8]) -> Vec<u8> {
        let mut record = [MAGIC, &[8, 2], &[0; 16]].concat();
        for text in [go_version, lines] {
            let mut length = text.len();
            while length >= 0x80 {
                record.push(u8::try_from(length & 0x7f | 0x80).unwrap());
                length >>= 7;
            }
            record.push(u8::try_from(length).unwrap());
            record.extend_from_slice(text);
        }
        record
    }

    const LINES: &str = "path\ta\nmod\ta\tv1.0.0\t\ndep\tgolang.org/x/net\tv0.1.0\th1:x\n";
    const ALL: [&str; 3] = ["stdlib 1.21.5", "golang.org/x/net v0.1.0", "a v1.0.0"];

    #[test]
    fn both_forms_of_the_record_are_read() {
        let new = elf(&[(".go.buildinfo", 0x1000, inline(b"go1.21.5", &marked(LINES)))], &[]);
        assert_eq!(listed(new), (ALL.map(str::to_owned).to_vec(), Vec::new()));

        for big in [false, true] {
            let number = |number: u64| if big { number.to_be_bytes() } else { number.to_le_bytes() };
            let lines = marked(LINES);
            // The head, the two string headers, and then the strings.
            let texts = 0x1000 + 64;
            let record = [
                MAGIC,
                &[8, u8::from(big)],
                &number(0x1000 + 32),
                &number(0x1000 + 48),
                &number(texts),
                &number(8),
                &number(texts + 8),
                &number(lines.len() as u64),
                b"go1.17.3",
                &lines,
            ]
            .concat();
            let (packages, warnings) = listed(elf(&[(".go.buildinfo", 0x1000, record)], &[0]));
            assert_eq!(packages, ["stdlib 1.17.3", ALL[1], ALL[2]], "{warnings:?}");
        }
    }

    #[test]
    fn a_program_stripped_of_its_sections_is_searched_in_its_data() {
        let data = [vec![0; 64 << 10], inline(b"go1.21.5", &marked(LINES))].concat();
        let mut stripped = elf(&[(".data", 0x1000, data)], &[0]);
        // No section headers: their place and their number.
        stripped[40..48].fill(0);
        stripped[60..64].fill(0);
        assert_eq!(listed(stripped).0, ALL);
    }

    #[test]
    fn what_is_no_go_program_tells_of_nothing() {
        let c = elf(&[(".data", 0x1000, inline(b"go1.21.5", &marked(LINES)))], &[0]);
        for bytes in [c, b"\x7fELF".to_vec(), Vec::new(), b"MZ and more".to_vec()] {
            assert_eq!(listed(bytes), (Vec::new(), Vec::new()));
        }
    }

    #[test]
    fn a_broken_record_is_a_warning() {
        let unmarked = inline(b"go1.21.5", LINES.as_bytes());
        let mut long = [MAGIC, &[8, 2], &[0; 16]].concat();
        long.extend([0xff; 12]);
        let mut lying = [MAGIC, &[8, 2], &[0; 16]].concat();
        lying.extend([0xff, 0xff, 0xff, 0xff, 0x7f, b'g']);
        let pointers = [MAGIC, &[9, 0], &[0; 16]].concat();
        let nowhere = [MAGIC, &[8, 0], &[0xff; 16]].concat();
        for record in [unmarked, long, lying, pointers, nowhere, MAGIC.to_vec()] {
            let (packages, warnings) = listed(elf(&[(".go.buildinfo", 0x1000, record)], &[0]));
            assert_eq!((packages.len(), warnings.len()), (0, 1));
            assert!(warnings[0].contains("not covered"), "{warnings:?}");
        }
        let bare = elf(&[(".go.buildinfo", 0x1000, inline(b"go1.21.5", b""))], &[]);
        let (packages, warnings) = listed(bare);
        assert_eq!((packages.as_slice(), warnings.len()), (&["stdlib 1.21.5".to_owned()][..], 1));
    }

    #[test]
    fn every_cut_of_a_program_is_read_without_a_panic() {
        let whole = elf(&[(".go.buildinfo", 0x1000, inline(b"go1.21.5", &marked(LINES)))], &[0]);
        for end in 0..whole.len() {
            listed(whole[..end].to_vec());
        }
        for place in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[place] = value;
                listed(damaged);
            }
        }
    }
}
