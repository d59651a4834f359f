//! JavaScript packages of the npm registry: installed ones, and the lock files of npm, Yarn, pnpm, Bun and Deno.
//!
//! Lock files list what a project needs to be built and tested (development dependencies) beside what it needs to run;
//! all of it is listed. What comes from elsewhere than a registry (a folder, a workspace, a git repository, the address
//! of a tarball) is left out: its name and version say nothing of the registry's package with that name.

pub mod bun_lock;
pub mod deno_lock;
pub mod installed;
pub mod package_lock;
pub mod pnpm_lock;
pub mod yarn_cache;
pub mod yarn_lock;

use serde_json::Value;

/// Bytes of a licence that is kept; longer ones are no expression but the text of a licence.
const MAX_LICENSE: usize = 200;

/// Whether `address`, from which a lock file says a package comes, is one of a registry.
///
/// Registries serve tarballs at `…/NAME/-/NAME-VERSION.tgz`; GitHub's and the former one of Taobao at
/// `…/download/…`. An offline mirror of Yarn leaves but the name of the file.
fn is_from_registry(address: &str) -> bool {
    match address.split_once("://") {
        Some(("http" | "https", rest)) => rest.contains("/-/") || rest.contains("/download/"),
        Some(_) => false,
        None => !address.contains([':', '/']) && !address.starts_with('.'),
    }
}

/// Whether `version` is one, and no range, tag, address or path: it begins with a number.
fn is_version(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit()) && !version.contains(['/', ':', ' ', '|'])
}

/// Splits `NAME@REST`; the name may begin with the `@` of its scope.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

/// The licence that a manifest declares: `license` is an expression, once was an object; `licenses`, older still, is a
/// list of which one may choose.
fn license(license: &Value, licenses: &Value) -> String {
    let one = |value: &Value| {
        let text = value.as_str().or_else(|| value.get("type")?.as_str())?.trim();
        (!text.is_empty() && text.len() <= MAX_LICENSE).then(|| text.to_owned())
    };
    let of = |value: &Value| match value {
        Value::Array(values) => values.iter().take(10).filter_map(one).collect::<Vec<_>>().join(" OR "),
        value => one(value).unwrap_or_default(),
    };
    let declared = of(license);
    if declared.is_empty() { of(licenses) } else { declared }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn registries_are_told_from_other_places() {
        for address in [
            "https://registry.npmjs.org/lodash/-/lodash-4.17.15.tgz",
            "https://pkgs.dev.azure.com/o/_packaging/f/npm/registry/@a/b/-/b-1.0.0.tgz",
            "https://npm.pkg.github.com/download/@o/p/1.0.0/0123abcd",
            "lodash-4.17.4.tgz#78203a4d1c328ae1d86dca6460e369b57f4055ae",
        ] {
            assert!(is_from_registry(address), "{address}");
        }
        for address in [
            "https://codeload.github.com/o/r/tar.gz/0123abcd",
            "https://example.com/a-1.0.0.tgz",
            "git+ssh://git@github.com/o/r.git#0123abcd",
            "file:a-1.0.0.tgz",
            "../a",
            "packages/a",
            "github:o/r",
        ] {
            assert!(!is_from_registry(address), "{address}");
        }
    }

    #[test]
    fn names_with_a_scope_are_split_at_their_version() {
        assert_eq!(split_name("@babel/core@npm:^7"), Some(("@babel/core", "npm:^7")));
        assert_eq!(split_name("a@1"), Some(("a", "1")));
        for text in ["", "a", "@", "@a/b", "é"] {
            assert_eq!(split_name(text), None, "{text}");
        }
    }

    #[test]
    fn licences_of_all_ages_are_read() {
        let cases = [
            (json!("(MIT OR Apache-2.0)"), json!(null), "(MIT OR Apache-2.0)"),
            (json!({"type": "BSD-3-Clause", "url": "x"}), json!(null), "BSD-3-Clause"),
            (json!(null), json!([{"type": "MIT"}, "GPL-2.0"]), "MIT OR GPL-2.0"),
            (json!(["MIT", "ISC"]), json!("x"), "MIT OR ISC"),
            (json!("x".repeat(201)), json!(7), ""),
        ];
        for (one, many, expected) in cases {
            assert_eq!(license(&one, &many), expected);
        }
    }
}
