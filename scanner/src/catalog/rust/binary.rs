//! Rust programs built by cargo-auditable, which carry the list of their crates: a section `.dep-v0` of JSON, packed
//! by zlib (github.com/rust-secure-code/cargo-auditable, PARSING.md).

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use crate::Limits;
use crate::catalog::executable::{Section, Sections};
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};
use crate::content::Content;

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "rust-binary",
    owner: Owner::Language("crates.io"),
    evidence: Evidence::Installed,
    wants: |_| false,
    parse: Parse::Content(parse),
});

/// Bytes of the list, packed and unpacked; the format's own reader takes 8 MiB.
const MAX_BYTES: u64 = 16 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    source: String,
    /// `build` for what ran while the program was built, and is not in it.
    #[serde(default)]
    kind: String,
}

/// The section with the list; `None` when the program has none.
pub(in crate::catalog) fn find(sections: &Sections) -> Option<&Section> {
    sections.named(".dep-v0")
}

/// Reads the crates that came from crates.io and are in the program. The program's own crate, those of a folder, a
/// git repository or another registry are left out: a crate of the same name on crates.io is another one.
pub(crate) fn parse(_path: &str, content: &mut Content, _limits: &Limits) -> Listing {
    let Some(sections) = Sections::read(content) else { return Listing::default() };
    let Some(section) = find(&sections) else { return Listing::default() };
    match read(section, content) {
        Ok(list) => Listing::of(
            list.packages
                .into_iter()
                .filter(|package| package.source == "crates.io" && package.kind != "build")
                .map(|package| Package::new(package.name, package.version))
                .collect(),
        ),
        Err(error) => Listing::warning(format!(
            "is a Rust program whose list of crates cannot be read ({error}); they are not covered"
        )),
    }
}

fn read(section: &Section, content: &mut Content) -> Result<List, String> {
    if section.size > MAX_BYTES {
        return Err(format!("it has {} bytes, more than the {MAX_BYTES} that are read", section.size));
    }
    let length = usize::try_from(section.size).unwrap_or(usize::MAX);
    let packed = content.read_at(section.offset, length).map_err(|error| error.to_string())?;
    let mut json = Vec::new();
    ZlibDecoder::new(packed.as_slice())
        .take(MAX_BYTES + 1)
        .read_to_end(&mut json)
        .map_err(|error| error.to_string())?;
    if json.len() as u64 > MAX_BYTES {
        return Err(format!("it unpacks to more than the {MAX_BYTES} bytes that are read"));
    }
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;
    use crate::catalog::executable::testing::elf;

    fn listed(section: Vec<u8>) -> Listing {
        parse("", &mut elf(&[(".dep-v0", 0, section)], &[]).into(), &Limits::default())
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn trap_only_crates_of_crates_io_that_are_in_the_program_are_listed() {
        let json = br#"{"packages":[
            {"name":"a","version":"1.0.0","source":"crates.io","dependencies":[1]},
            {"name":"built","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"fork","version":"1.0.0","source":"git"},
            {"name":"private","version":"1.0.0","source":"registry"},
            {"name":"program","version":"0.1.0","source":"local","root":true}]}"#;
        let Listing { packages, warnings, .. } = listed(packed(json));
        assert_eq!((packages, warnings), (vec![Package::new("a", "1.0.0")], Vec::new()));
    }

    #[test]
    fn a_broken_list_is_a_warning_and_a_bomb_is_bounded() {
        let deep = [&b"{\"packages\":"[..], &b"[".repeat(200_000)].concat();
        let whole = packed(b"{\"packages\":[]}");
        let cases = [
            b"no zlib".to_vec(),
            packed(b"{}"),
            packed(b"\xff\xfe"),
            packed(&deep),
            packed(&vec![b' '; 64 << 20]),
            whole[..whole.len() / 2].to_vec(),
        ];
        for section in cases {
            let Listing { packages, warnings, .. } = listed(section);
            assert_eq!((packages.len(), warnings.len()), (0, 1));
            assert!(warnings[0].contains("not covered"), "{warnings:?}");
        }
    }

    #[test]
    fn a_program_without_the_list_tells_of_nothing() {
        let program = elf(&[(".text", 0, vec![1, 2, 3])], &[]);
        assert_eq!(parse("", &mut program.into(), &Limits::default()), Listing::default());
    }
}
