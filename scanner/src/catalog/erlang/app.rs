//! Applications of a release or build: `ebin/NAME.app`, an Erlang term
//! (www.erlang.org/doc/apps/kernel/application.html, "app").
//!
//! A release does not say where its applications come from. Those of Erlang/OTP and Elixir are known by name and place;
//! all others are taken for packages of Hex, which is where nearly all come from.

use std::path::Path;

use crate::catalog::format::Parse;
use crate::catalog::text::quoted;
use crate::catalog::{Evidence, Format, Listing, Owner, Package, Spec};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "erlang-app",
    owner: Owner::Language("Hex"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

/// Folders of Erlang/OTP and Elixir themselves.
const OWN_FOLDERS: [&str; 2] = ["lib/erlang/lib/", "lib/elixir/lib/"];

/// Applications of Erlang/OTP and Elixir, which releases copy.
const OWN_APPLICATIONS: [&str; 49] = [
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eex",
    "eldap",
    "elixir",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ex_unit",
    "ftp",
    "hipe",
    "iex",
    "inets",
    "jinterface",
    "kernel",
    "logger",
    "megaco",
    "mix",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "otp_mibs",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
    "ic",
    "orber",
    "percept",
    "typer",
];

/// Whether `path` is the description of an application that is not Erlang's or Elixir's own.
pub fn wants(path: &str) -> bool {
    let Some((folder, name)) = path.strip_suffix(".app").and_then(|path| path.rsplit_once("/ebin/")) else {
        return false;
    };
    let is_own = OWN_FOLDERS.iter().any(|own| path.starts_with(own) || path.contains(&format!("/{own}")));
    !folder.is_empty() && !name.contains('/') && !is_own && !OWN_APPLICATIONS.contains(&name)
}

/// Reads the application; a warning when its name or version is missing.
pub fn parse(path: &str, bytes: &[u8]) -> Listing {
    let text = String::from_utf8_lossy(bytes);
    let application = after_tag(&text, "application").map(|rest| {
        let name = rest.split(|c: char| c == ',' || c.is_whitespace()).next().unwrap_or_default();
        name.trim_matches('\'')
    });
    let version = after_tag(&text, "vsn").and_then(quoted);
    match (application, version) {
        (Some(name), Some(version)) if !name.is_empty() && !version.is_empty() => {
            let licenses = after_tag(&text, "licenses").map(strings).unwrap_or_default();
            Listing::of(vec![Package { licenses, ..Package::new(name, version) }])
        }
        _ => {
            let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
            Listing::warning(format!(
                "cannot be read as the description of an Erlang application; {name} is not covered"
            ))
        }
    }
}

/// What follows the tag of the first tuple that has it: of `{vsn, "1.0"}` all from the quote on.
fn after_tag<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    text.match_indices('{').find_map(|(at, _)| {
        let rest = text[at + 1..].trim_start().strip_prefix(tag)?.trim_start();
        Some(rest.strip_prefix(',')?.trim_start())
    })
}

/// The texts of a list `["MIT","Apache-2.0"]`. What several licences mean together is not said: all are taken to hold.
fn strings(text: &str) -> String {
    let list = text.strip_prefix('[').and_then(|text| Some(text.split_once(']')?.0)).unwrap_or_default();
    list.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_erlang_and_elixir_bring_themselves_is_no_package() {
        for path in ["app/lib/cowboy-2.9.0/ebin/cowboy.app", "srv/_build/prod/lib/jason/ebin/jason.app"] {
            assert!(wants(path), "{path}");
        }
        for path in [
            "usr/lib/erlang/lib/crypto-5.1.2/ebin/crypto.app",
            "usr/lib/erlang/lib/p1_utils-1.0.25/ebin/p1_utils.app",
            "usr/local/lib/elixir/lib/eex/ebin/eex.app",
            "app/lib/kernel-8.5.3/ebin/kernel.app",
            "app/lib/cowboy-2.9.0/src/cowboy.app",
            "app/lib/cowboy-2.9.0/ebin/cowboy.beam",
        ] {
            assert!(!wants(path), "{path}");
        }
    }

    #[test]
    fn name_version_and_licences_are_read() {
        let text = "%% made\n{application,\n 'gun',\n [{description,\"a {b} c\"},\n  {vsn, \"2.0.1\"},\n  \
            {licenses,[\"ISC\", \"MIT\"]}]}.";
        let expected = Package { licenses: "ISC AND MIT".to_owned(), ..Package::new("gun", "2.0.1") };
        assert_eq!(parse("", text.as_bytes()), Listing::of(vec![expected]));
    }

    #[test]
    fn damage_is_a_warning() {
        for text in ["", "{application,gun,[{vsn,\"2.0", "{application,gun,[{vsn,git}]}.", "{{{{{", "\0"] {
            let Listing { packages, warnings, .. } = parse("a/ebin/gun.app", text.as_bytes());
            assert_eq!((packages.len(), warnings.len()), (0, 1), "{text:?}");
            assert!(warnings[0].contains("gun"));
        }
        parse("", "{vsn ".repeat(100_000).as_bytes());
    }
}
