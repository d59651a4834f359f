//! Gradle's lock files (docs.gradle.org, "Locking dependency versions"): a line per module,
//! `group:artifact:version=configuration,configuration`.

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "gradle-lock",
    owner: Owner::Language("Maven"),
    evidence: Evidence::Lockfile,
    wants: |path| {
        path.ends_with("gradle.lockfile")
            && is_project_file(path, &["gradle.lockfile", "buildscript-gradle.lockfile"])
    },
    parse: Parse::Bytes(parse),
});

/// Reads the modules of all configurations, those of tests too. Gradle ends each line: one that is not was cut.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let mut listing = Listing::default();
    let mut broken = 0;
    for line in text.split_inclusive('\n') {
        let is_whole = line.ends_with('\n');
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        // Without the configurations it is a line that was cut, perhaps within the version.
        let Some((module, _)) = line.split_once('=').filter(|_| is_whole) else {
            broken += 1;
            continue;
        };
        let parts: Vec<&str> = module.split(':').collect();
        let [group, artifact, version] = parts.as_slice() else {
            broken += 1;
            continue;
        };
        if [group, artifact, version].iter().any(|part| part.is_empty() || part.contains(char::is_whitespace))
        {
            broken += 1;
            continue;
        }
        listing.packages.push(Package::new(format!("{group}:{artifact}"), *version));
    }
    if broken > 0 {
        listing
            .warnings
            .push(format!("has {broken} lines that name no module and version; they are not covered"));
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_all_configurations_are_listed() {
        let text = b"# This is a Gradle generated file\ng:a:1.0=compileClasspath,testCompileClasspath\r\n\
                     g:test:2=testRuntimeClasspath,testCompileClasspath\ng:b:2=\nempty=annotationProcessor\n";
        let Listing { packages, warnings, .. } = parse("", text);
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["g:a", "g:test", "g:b"]);
        assert!(warnings.is_empty());
    }

    #[test]
    fn broken_lines_are_one_warning() {
        let Listing { packages, warnings, .. } =
            parse("", b"g:a:1=c\n<<<<<<< HEAD\n\xff\xfe\ng:a:=c\ng:b\ng:c:1=");
        assert_eq!((packages.len(), warnings.len()), (1, 1));
        assert!(warnings[0].contains("5 lines"), "{warnings:?}");
    }
}
