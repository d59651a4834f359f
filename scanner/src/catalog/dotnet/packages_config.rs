//! `packages.config` of older .NET projects (learn.microsoft.com/nuget/reference/packages-config): XML with one element a
//! package, `<package id="…" version="…" />`.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "nuget-config",
    owner: Owner::Language("NuGet"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["packages.config"]),
    parse: Parse::Bytes(parse),
});

/// Reads the packages.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut packages, mut broken, mut is_whole) = (Vec::new(), 0, false);
    loop {
        match reader.read_event() {
            Ok(Event::Empty(element) | Event::Start(element)) if is(&element, "package") => {
                match (attribute(&element, "id"), attribute(&element, "version")) {
                    (Some(name), Some(version)) => packages.push(Package::new(name, version)),
                    _ => broken += 1,
                }
            }
            Ok(Event::Empty(element)) => is_whole |= is(&element, "packages"),
            Ok(Event::End(_)) => is_whole = true,
            Ok(Event::Eof) if is_whole && broken == 0 => return Listing::of(packages),
            Ok(Event::Eof) => return Listing::incomplete(packages, "it is cut or damaged"),
            Ok(_) => {}
            Err(error) => return Listing::incomplete(packages, error),
        }
    }
}

fn is(element: &BytesStart<'_>, name: &str) -> bool {
    element.name().as_ref() == name
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().filter_map(Result::ok).find(|found| found.key.as_ref() == name)?;
    let value = found.value.trim().to_owned();
    (!value.is_empty()).then_some(value)
}
