//! Go's module files (go.dev/ref/mod, "go.mod files").
//!
//! Since Go 1.17 a `go.mod` lists every module that its packages need, in the version that is built. An older one lists
//! direct needs alone, which is said in a warning. `go.sum` is not read: it keeps the sums of every version that was ever
//! considered, most of which are not built.

use std::collections::{BTreeMap, BTreeSet};

use super::version;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "go-mod",
    owner: Owner::Language("Go"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with("go.mod") && is_project_file(path, &["go.mod"]),
    parse: Parse::Bytes(parse),
});

/// The first Go whose module files list all modules.
const COMPLETE_SINCE: (u64, u64) = (1, 17);

/// A module in a version; none when every version is meant.
type Wanted = (String, Option<String>);

/// What a module file says.
#[derive(Debug, Default)]
struct ModuleFile {
    go: Option<String>,
    toolchain: Option<String>,
    required: Vec<(String, String)>,
    /// What is built in the place of a module; nothing for a folder.
    replaced: BTreeMap<Wanted, Option<(String, String)>>,
    excluded: BTreeSet<(String, String)>,
    broken: usize,
}

/// Reads the modules as they are built, and the standard library in the version of the toolchain that is asked for.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let file = ModuleFile::read(&String::from_utf8_lossy(bytes));
    let mut listing = Listing::of(file.required.iter().filter_map(|module| file.built(module)).collect());
    let toolchain = file.toolchain.as_deref().filter(|name| name.starts_with("go1"));
    if let Some(name) = toolchain.or(file.go.as_deref()) {
        let version = version::of_toolchain(name);
        if version != version::DEVELOPMENT {
            listing.packages.push(Package::new("stdlib", version));
        }
    }
    if !file.is_complete() && !file.required.is_empty() {
        listing.warnings.push(
            "is of a Go before 1.17, which lists direct needs alone; modules that those need are not covered"
                .to_owned(),
        );
    }
    if file.broken > 0 {
        listing.warnings.push(format!("has {} lines that cannot be read; they are not covered", file.broken));
    }
    listing
}

impl ModuleFile {
    fn read(text: &str) -> Self {
        let mut file = Self::default();
        let mut block: Option<String> = None;
        for line in text.split_inclusive('\n') {
            let is_whole = line.ends_with('\n');
            let line = without_comment(line).trim();
            if line.is_empty() {
                continue;
            }
            // Go ends each line: one that is not was cut, and so may be a version in it.
            if !is_whole {
                file.broken += 1;
                break;
            }
            if line == ")" {
                block = None;
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().map(unquoted).collect();
            match (&block, words.as_slice()) {
                (None, [verb, "("]) => block = Some((*verb).to_owned()),
                (None, [verb, rest @ ..]) => match verb.strip_suffix('(') {
                    Some(verb) if rest.is_empty() => block = Some(verb.to_owned()),
                    _ => file.directive(verb, rest),
                },
                (Some(verb), words) => file.directive(&verb.clone(), words),
                (None, []) => {}
            }
        }
        file
    }

    fn directive(&mut self, verb: &str, words: &[&str]) {
        let owned = |path: &str, version: &str| (path.to_owned(), version.to_owned());
        match (verb, words) {
            ("go", [version]) => self.go = Some((*version).to_owned()),
            ("toolchain", [name]) => self.toolchain = Some((*name).to_owned()),
            ("require", [path, version]) => self.required.push(owned(path, version)),
            ("exclude", [path, version]) => {
                self.excluded.insert(owned(path, version));
            }
            ("replace", words) => match words {
                [path, "=>", to @ ..] if !to.is_empty() => self.replace(path, None, to),
                [path, version, "=>", to @ ..] if !to.is_empty() => self.replace(path, Some(version), to),
                _ => self.broken += 1,
            },
            ("go" | "toolchain" | "require" | "exclude", _) => self.broken += 1,
            // `module`, `retract`, `tool`, `godebug`, `ignore` and what comes later name nothing that is built.
            _ => {}
        }
    }

    fn replace(&mut self, path: &str, version: Option<&str>, by: &[&str]) {
        let by =
            if let [path, version] = by { Some(((*path).to_owned(), (*version).to_owned())) } else { None };
        self.replaced.insert((path.to_owned(), version.map(str::to_owned)), by);
    }

    /// The module that is built for one that is required; `None` for a folder, and for a version that may not be built.
    fn built(&self, (path, version): &(String, String)) -> Option<Package> {
        let exact = self.replaced.get(&(path.clone(), Some(version.clone())));
        match exact.or_else(|| self.replaced.get(&(path.clone(), None))) {
            Some(by) => by.as_ref().map(|(path, version)| Package::new(path.as_str(), version.as_str())),
            None if self.excluded.contains(&(path.clone(), version.clone())) => None,
            None => Some(Package::new(path.as_str(), version.as_str())),
        }
    }

    fn is_complete(&self) -> bool {
        let Some(go) = &self.go else { return false };
        let mut numbers = go.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse::<u64>().unwrap_or(0)
        });
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= COMPLETE_SINCE
    }
}

/// The line up to `//`, which begins a comment where a word could begin.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    let comment = line.match_indices("//").find(|(at, _)| line[..*at].ends_with(char::is_whitespace));
    comment.map_or(line, |(at, _)| &line[..at])
}

fn unquoted(word: &str) -> &str {
    let inner = |mark| word.strip_prefix(mark).and_then(|rest: &str| rest.strip_suffix(mark));
    inner('"').or_else(|| inner('`')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<String> {
        let packages = parse("go.mod", text.as_bytes()).packages.into_iter();
        packages.map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    #[test]
    fn trap_modules_are_listed_as_they_are_built() {
        let text = "module example.org/app // https://example.org\n\ngo 1.21\ntoolchain go1.22.3\n\nrequire a.org/one v1.0.0\n\
            require (\n\ta.org/two v2.0.0+incompatible // indirect\n\t\"a.org/three\" v0.0.0-20240101120000-abcdef123456\n\
            \ta.org/four v1.0.0\n\ta.org/five v1.0.0\n\ta.org/six v1.0.0\n)\nreplace a.org/four => ../four\n\
            replace (\n\ta.org/five v1.0.0 => b.org/fork v1.5.0\n\ta.org/one v0.9.0 => b.org/other v1.0.0\n)\n\
            exclude a.org/six v1.0.0\nretract [v1.0.0, v1.1.0]\n";
        assert_eq!(
            listed(text),
            [
                "a.org/one v1.0.0",
                "a.org/two v2.0.0+incompatible",
                "a.org/three v0.0.0-20240101120000-abcdef123456",
                "b.org/fork v1.5.0",
                "stdlib 1.22.3",
            ]
        );
        assert!(parse("go.mod", text.as_bytes()).warnings.is_empty());
    }

    #[test]
    fn the_go_line_tells_the_library_when_no_toolchain_does() {
        assert_eq!(listed("go 1.21.5\n"), ["stdlib 1.21.5"]);
        assert_eq!(listed("go 1.21\ntoolchain default\n"), ["stdlib 1.21.0"]);
        assert_eq!(listed("go devel\n"), [""; 0]);
    }

    #[test]
    fn an_incomplete_or_damaged_file_is_a_warning() {
        for text in [
            "require a.org/one v1.0.0\n",
            "go 1.16\nrequire(\na.org/one v1.0.0\n)\n",
            "go 1.20\nrequire a.org/one\n\
            require a.org/two v1.0.0\n",
        ] {
            let Listing { packages, warnings, .. } = parse("go.mod", text.as_bytes());
            assert_eq!(warnings.len(), 1, "{text}");
            assert!(packages.iter().any(|package| package.version == "v1.0.0"), "{text}");
        }
        for bytes in [&b"\xff\xfe"[..], b")", b"require (", b"\"", b"replace =>", b"replace a => "] {
            parse("go.mod", bytes);
        }
    }
}
