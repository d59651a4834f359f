//! Installed gems: `specifications/NAME-VERSION.gemspec`, the Ruby text that `RubyGems` writes with one assignment a line
//! (guides.rubygems.org/specification-reference).

use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "gemspec",
    owner: Owner::Language("RubyGems"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Whether `path` is the specification of an installed gem; those of gems in development lie elsewhere.
pub fn wants(path: &str) -> bool {
    path.ends_with(".gemspec")
        && path.rsplit_once('/').is_some_and(|(folder, _)| {
            folder.ends_with("/specifications") || folder.ends_with("/specifications/default")
        })
}

/// Reads name, version and licences. The platform (`x86_64-linux`) is no part of the version.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let value = |field: &str| text.lines().find_map(|line| assigned(line.trim(), field));
    match (value("name").and_then(string), value("version").and_then(version)) {
        (Some(name), Some(version)) => {
            let licenses = value("licenses").or_else(|| value("license")).map(strings).unwrap_or_default();
            Listing::of(vec![Package { licenses: licenses.join(" OR "), ..Package::new(name, version) }])
        }
        _ => Listing::warning(
            "names no gem and version in the form that RubyGems writes; its gem is not covered",
        ),
    }
}

/// What a line assigns to a field of the specification, whatever its variable is called.
fn assigned<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let (variable, rest) = line.split_once('.')?;
    let is_word =
        !variable.is_empty() && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let rest = rest.strip_prefix(field)?.trim_start().strip_prefix('=')?;
    is_word.then_some(rest.trim_start())
}

/// `"1.2"`, `"1.2".freeze` or `Gem::Version.new("1.2")`.
fn version(text: &str) -> Option<&str> {
    string(text.strip_prefix("Gem::Version.new").map_or(text, |rest| rest.trim_start_matches(['(', ' '])))
}

/// The string literal that a text begins with.
fn string(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (content, _) = text[1..].split_once(quote)?;
    (!content.is_empty() && !content.contains("#{")).then_some(content)
}

/// All string literals of a list.
fn strings(text: &str) -> Vec<&str> {
    text.split(['"', '\'']).skip(1).step_by(2).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_version_and_licences_are_assigned_line_by_line() {
        let text = "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.13.10 x86_64-linux lib\n\n\
                    Gem::Specification.new do |s|\n  s.name = \"nokogiri\".freeze\n  s.version = \"1.13.10\"\n  \
                    s.platform = \"x86_64-linux\".freeze\n  s.licenses = [\"MIT\".freeze, \"Apache-2.0\".freeze]\n  \
                    s.required_ruby_version = Gem::Requirement.new(\">= 2.6\".freeze)\nend\n";
        let Listing { packages, warnings, .. } = parse("", text.as_bytes());
        let expected =
            Package { licenses: "MIT OR Apache-2.0".into(), ..Package::new("nokogiri", "1.13.10") };
        assert_eq!((packages, warnings), (vec![expected], vec![]));
        let old = "Gem::Specification.new do |spec|\n spec.name = 'a'\n spec.version = Gem::Version.new(\"1.0\")\nend";
        assert_eq!(parse("", old.as_bytes()).packages, [Package::new("a", "1.0")]);
    }

    #[test]
    fn what_is_computed_or_cut_is_a_warning() {
        for text in [
            "",
            "s.name = \"a\"\ns.version = VERSION",
            "s.name = \"a\"\ns.version = \"1.",
            "s.version = \"1\"",
            "\0\u{fffd}",
        ] {
            let Listing { packages, warnings, .. } = parse("", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn specifications_of_installed_gems_alone_are_wanted() {
        for path in [
            "usr/lib/ruby/gems/3.1.0/specifications/debug-1.6.3.gemspec",
            "usr/lib/ruby/gems/3.1.0/specifications/default/abbrev-0.1.0.gemspec",
            "usr/share/rubygems-integration/all/specifications/rack-2.2.22.gemspec",
        ] {
            assert!(wants(path), "{path}");
        }
        for path in
            ["srv/app/app.gemspec", "usr/lib/ruby/gems/3.1.0/gems/rack-2.2/rack.gemspec", "specifications"]
        {
            assert!(!wants(path), "{path}");
        }
    }
}
