//! What Bitnami's images are built of: `opt/bitnami/NAME/.spdx-NAME.spdx`, an SPDX document in JSON for each component.
//! A document also names what a component was made of; that is found as what it is.

use serde::Deserialize;

use super::format::Parse;
use super::{Evidence, Format, Listing, Owner, Package, Spec, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "bitnami",
    owner: Owner::Language("Bitnami"),
    evidence: Evidence::Installed,
    wants,
    parse: Parse::Bytes(parse),
});

#[derive(Deserialize)]
struct Document {
    packages: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(default)]
    version_info: String,
    #[serde(default)]
    license_declared: String,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_locator: String,
}

/// Whether `path` is the document of a component.
pub fn wants(path: &str) -> bool {
    path.strip_prefix("opt/bitnami/")
        .and_then(|path| path.strip_suffix(".spdx"))
        .and_then(|path| path.rsplit('/').next())
        .is_some_and(|name| name.starts_with(".spdx-"))
}

/// Reads the components, which have a package URL of Bitnami's own type.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    match serde_json::from_slice::<Document>(json::without_mark(bytes)) {
        Ok(document) => Listing::of(document.packages.iter().filter_map(package).collect()),
        Err(error) => Listing::warning(format!(
            "cannot be read as the SPDX document of a Bitnami component ({error}); its packages are not covered"
        )),
    }
}

fn package(component: &Component) -> Option<Package> {
    let locators = component.external_refs.iter().map(|reference| reference.reference_locator.as_str());
    let purl = locators.into_iter().find_map(|locator| locator.strip_prefix("pkg:bitnami/"))?;
    let (name, version) = purl.split_once('@')?;
    let version = version.split(['?', '#']).next().unwrap_or_default();
    // The package URL has Bitnami's revision too, but what is no plain text is encoded in it.
    let is_plain = !version.is_empty() && !version.contains('%');
    let version = if is_plain { version } else { component.version_info.trim() };
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let licenses = match component.license_declared.as_str() {
        "NOASSERTION" | "NONE" => String::new(),
        declared => declared.to_owned(),
    };
    Some(Package { licenses, ..Package::new(name, version) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_components_are_wanted() {
        assert!(wants("opt/bitnami/redis/.spdx-redis.spdx"));
        assert!(!wants("opt/bitnami/redis/redis.spdx") && !wants("srv/.spdx-redis.spdx"));
    }

    #[test]
    fn what_a_component_was_made_of_is_not_its_own() {
        let text = br#"{"packages":[{"name":"redis","versionInfo":"7.2.4","licenseDeclared":"NOASSERTION","externalRefs":[
            {"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:*:redis"},
            {"referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.2.4-2?arch=amd64"}]},
            {"name":"x","versionInfo":"1","externalRefs":[{"referenceLocator":"pkg:golang/x@1"}]},{"name":"y"}]}"#;
        assert_eq!(parse("", text), Listing::of(vec![Package::new("redis", "7.2.4-2")]));
    }

    #[test]
    fn damage_is_a_warning() {
        let deep = format!("{{\"packages\":{}", "[".repeat(200_000));
        for text in ["", "[]", "{}", "{\"packages\":[1]}", deep.as_str()] {
            let found = parse("", text.as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1));
        }
    }
}
