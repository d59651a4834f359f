//! What Composer installed: `vendor/composer/installed.json`, of Composer 1 a list, of Composer 2 an object.

use serde::Deserialize;

use super::Written;
use crate::catalog::format::Parse;
use crate::catalog::{Evidence, Format, Listing, Owner, Spec, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "composer",
    owner: Owner::Language("Packagist"),
    evidence: Evidence::Installed,
    wants: |path| path == "composer/installed.json" || path.ends_with("/composer/installed.json"),
    parse: Parse::Bytes(parse),
});

#[derive(Deserialize)]
#[serde(untagged)]
enum Installed {
    List(Vec<Written>),
    Object { packages: Vec<Written> },
}

/// Reads the packages.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    match serde_json::from_slice(json::without_mark(bytes)) {
        Ok(Installed::List(packages) | Installed::Object { packages }) => {
            Listing::of(packages.into_iter().filter_map(Written::package).collect())
        }
        Err(error) => Listing::warning(format!(
            "cannot be read as what Composer installed ({error}); its packages are not covered"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Package;

    #[test]
    fn both_forms_are_read_and_branches_are_no_releases() {
        let packages = r#"[{"name":"Monolog/monolog","version":"v2.9.1","license":["MIT","GPL-2.0-only"]},
            {"name":"a/b","version":"dev-main"},{"name":"a/c","version":"1.x-dev"}]"#;
        let expected =
            Package { licenses: "MIT OR GPL-2.0-only".into(), ..Package::new("monolog/monolog", "2.9.1") };
        assert_eq!(parse("", packages.as_bytes()), Listing::of(vec![expected.clone()]));
        let object = format!(r#"{{"packages":{packages},"dev":true,"dev-package-names":[]}}"#);
        assert_eq!(parse("", object.as_bytes()), Listing::of(vec![expected]));
    }

    #[test]
    fn damage_is_a_warning() {
        let deep = "[".repeat(200_000);
        for text in ["", "{}", "[{\"name\":1}]", deep.as_str()] {
            assert_eq!(parse("", text.as_bytes()).warnings.len(), 1);
        }
    }
}
