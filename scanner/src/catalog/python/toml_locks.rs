//! The lock files of Python's tools that are TOML: `poetry.lock`, `uv.lock`, `pdm.lock`, and `pylock.toml` of PEP 751.
//! Each has one table for each distribution; they differ in how it says that it is not from an index.

use toml::de::DeTable;

use super::normalised_name;
use crate::catalog::format::Parse;
use crate::catalog::toml_tables::{each_table, text};
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file};

/// Poetry's.
pub const POETRY: Format = Format::new(&Spec {
    code: "poetry-lock",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["poetry.lock"]),
    parse: Parse::Bytes(|_, bytes| read(bytes, "package", poetry_is_from_index)),
});

/// uv's.
pub const UV: Format = Format::new(&Spec {
    code: "uv-lock",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["uv.lock"]),
    parse: Parse::Bytes(|_, bytes| read(bytes, "package", uv_is_from_index)),
});

/// PDM's.
pub const PDM: Format = Format::new(&Spec {
    code: "pdm-lock",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants: |path| is_project_file(path, &["pdm.lock"]),
    parse: Parse::Bytes(|_, bytes| read(bytes, "package", pdm_is_from_index)),
});

/// That of PEP 751, which pip, uv and PDM write.
pub const PYLOCK: Format = Format::new(&Spec {
    code: "pylock",
    owner: Owner::Language("PyPI"),
    evidence: Evidence::Lockfile,
    wants: wants_pylock,
    parse: Parse::Bytes(|_, bytes| read(bytes, "packages", pylock_is_from_index)),
});

/// `pylock.toml`, or with a name between: `pylock.dev.toml`.
fn wants_pylock(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".toml") else { return false };
    let name = stem.rsplit('/').next().unwrap_or(stem);
    let is_name = name == "pylock" || name.strip_prefix("pylock.").is_some_and(|name| !name.contains('.'));
    is_name && is_project_file(path, &[&format!("{name}.toml")])
}

/// Reads the distributions that are from an index.
fn read(bytes: &[u8], array: &str, is_from_index: fn(&DeTable<'_>) -> bool) -> Listing {
    let mut packages = Vec::new();
    let mut nameless = 0;
    let faults = each_table(bytes, array, |table| match (text(table, "name"), text(table, "version")) {
        _ if !is_from_index(table) => {}
        (Some(name), Some(version)) if !name.is_empty() && !version.is_empty() => {
            packages.push(Package::new(normalised_name(name), version));
        }
        _ => nameless += 1,
    });
    match faults + nameless {
        0 => Listing::of(packages),
        faults => Listing::incomplete(packages, format!("{faults} entries or lines of it are damaged")),
    }
}

/// `[package.source]` names another place; `legacy` is an index other than PyPI.
fn poetry_is_from_index(table: &DeTable<'_>) -> bool {
    let source = table.get("source").and_then(|source| source.get_ref().as_table());
    source.is_none_or(|source| text(source, "type") == Some("legacy"))
}

/// `source = { registry = "https://pypi.org/simple" }`.
fn uv_is_from_index(table: &DeTable<'_>) -> bool {
    let source = table.get("source").and_then(|source| source.get_ref().as_table());
    source.is_some_and(|source| source.contains_key("registry"))
}

/// A key of the table names another place.
fn pdm_is_from_index(table: &DeTable<'_>) -> bool {
    !["git", "hg", "svn", "bzr", "path", "url"].iter().any(|key| table.contains_key(*key))
}

/// A key of the table names another place. Only such distributions may lack a version.
fn pylock_is_from_index(table: &DeTable<'_>) -> bool {
    !["vcs", "directory", "archive"].iter().any(|key| table.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::format_of;

    fn listed(bytes: &str, format: Format) -> (Vec<String>, usize) {
        let Parse::Bytes(parse) = format.spec().parse else { panic!("reads bytes") };
        let Listing { packages, warnings, .. } = parse("", bytes.as_bytes());
        (
            packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect(),
            warnings.len(),
        )
    }

    #[test]
    fn each_tool_has_its_file() {
        for (path, format) in [
            ("app/poetry.lock", POETRY),
            ("uv.lock", UV),
            ("app/pdm.lock", PDM),
            ("app/pylock.toml", PYLOCK),
            ("pylock.dev.toml", PYLOCK),
        ] {
            assert_eq!(format_of(path), Some(format), "{path}");
        }
        for path in
            ["app/site-packages/x/poetry.lock", "my-uv.lock", "pylock.a.b.toml", "pylock.toml.bak", "a.toml"]
        {
            assert_eq!(format_of(path), None, "{path}");
        }
    }

    #[test]
    fn trap_names_are_compared_by_pep_503() {
        let text = "[[package]]\nname = \"Zope.Interface\"\nversion = \"6.0\"\n";
        assert_eq!(listed(text, POETRY), (vec!["zope-interface 6.0".to_owned()], 0));
    }

    #[test]
    fn what_is_not_from_an_index_is_left_out() {
        let package = "name = \"a\"\nversion = \"1.0\"\n";
        for (format, array, source) in [
            (POETRY, "package", "[package.source]\ntype = \"git\"\n"),
            (POETRY, "package", "[package.source]\ntype = \"directory\"\n"),
            (UV, "package", "source = { virtual = \".\" }\n"),
            (UV, "package", "source = { editable = \".\" }\n"),
            (UV, "package", "source = { git = \"https://github.com/o/a?rev=1#0123\" }\n"),
            (UV, "package", ""),
            (PDM, "package", "git = \"https://github.com/o/a.git\"\n"),
            (PDM, "package", "path = \".\"\neditable = true\n"),
            (PYLOCK, "packages", "vcs = { type = \"git\" }\n"),
            (PYLOCK, "packages", "[packages.directory]\npath = \".\"\n"),
        ] {
            let text = format!("x = 1\n[[{array}]]\n{package}{source}");
            assert_eq!(listed(&text, format), (vec![], 0), "{text}");
        }
        let text = format!(
            "[[package]]\n{package}[package.source]\ntype = \"legacy\"\nurl = \"https://example.com\"\n"
        );
        assert_eq!(listed(&text, POETRY), (vec!["a 1.0".to_owned()], 0));
    }

    #[test]
    fn damage_is_a_warning_and_the_rest_stays() {
        let whole = "[[package]]\nname = \"a\"\nversion = \"1.0\"\n";
        for damage in ["[[package]]\nname = \"b\"\n", "[[package]]\nname = \"b", "[[package]]\nversion = 1\n"]
        {
            assert_eq!(listed(&format!("{whole}{damage}"), PDM), (vec!["a 1.0".to_owned()], 1), "{damage}");
        }
        for format in [POETRY, UV, PDM, PYLOCK] {
            assert_eq!(listed("", format), (vec![], 1));
        }
    }
}
