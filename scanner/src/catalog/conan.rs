//! Conan's lock files for C and C++, `conan.lock`: a graph in Conan 1, lists in Conan 2
//! (docs.conan.io/2/tutorial/versioning/lockfiles.html).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::format::Parse;
use super::{Evidence, Format, Listing, Owner, Package, Spec, is_project_file, json};

/// The format.
pub const FORMAT: Format = Format::new(&Spec {
    code: "conan-lock",
    owner: Owner::Language("ConanCenter"),
    evidence: Evidence::Lockfile,
    wants: |path| path.ends_with("conan.lock") && is_project_file(path, &["conan.lock"]),
    parse: Parse::Bytes(parse),
});

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "graph_lock")]
    graph: Option<Graph>,
    requires: Option<Vec<Value>>,
    build_requires: Option<Vec<Value>>,
    python_requires: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Graph {
    nodes: Map<String, Value>,
}

/// Reads the packages of Conan's public server, those that only building needs too.
pub fn parse(_path: &str, bytes: &[u8]) -> Listing {
    let lock: Lock = match serde_json::from_slice(json::without_mark(bytes)) {
        Ok(lock) => lock,
        Err(error) => return Listing::incomplete(Vec::new(), error),
    };
    if lock.graph.is_none() && lock.requires.is_none() {
        return Listing::incomplete(Vec::new(), "it has neither `requires` nor `graph_lock`");
    }
    let nodes = lock.graph.map(|graph| graph.nodes).unwrap_or_default();
    // The node with a path is the project itself.
    let nodes = nodes.into_iter().map(|(_, node)| node).filter(|node| !node["path"].is_string());
    let first = nodes.filter_map(|node| Some(node.get("ref")?.as_str()?.to_owned()));
    let second = [lock.requires, lock.build_requires, lock.python_requires].into_iter().flatten().flatten();
    // Where a recipe has overrides, its reference is the first of a pair.
    let second = second.filter_map(|one| Some(one.as_str().or_else(|| one.get(0)?.as_str())?.to_owned()));
    Listing::of(first.chain(second).filter_map(|reference| package(&reference)).collect())
}

/// Reads `NAME/VERSION[@USER/CHANNEL][#REVISION[%TIME]]`. Those of the public server have neither user nor channel.
fn package(reference: &str) -> Option<Package> {
    let (reference, _) = reference.split_once('#').unwrap_or((reference, ""));
    let (reference, user) = reference.split_once('@').unwrap_or((reference, ""));
    let (name, version) = reference.split_once('/')?;
    let is_public = matches!(user, "" | "_/_") && !version.starts_with('[');
    (is_public && !name.is_empty() && !version.is_empty()).then(|| Package::new(name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_own_packages_are_none() {
        let first = br#"{"graph_lock":{"nodes":{"0":{"ref":"app/1.0","path":"conanfile.py","requires":["1"]},
            "1":{"ref":"zlib/1.2.11#ab"},"2":{"ref":"ours/2.0@acme/stable"},"3":{}},"revisions_enabled":true},
            "version":"0.4"}"#;
        assert_eq!(parse("", first), Listing::of(vec![Package::new("zlib", "1.2.11")]));
        let second = br#"{"version":"0.5","requires":["zlib/1.2.13#ab%16.5","ours/1@acme/x#ab"],
            "build_requires":[["cmake/3.25.3#cd%1",{"overrides":null}]],"python_requires":[]}"#;
        let expected = vec![Package::new("zlib", "1.2.13"), Package::new("cmake", "3.25.3")];
        assert_eq!(parse("", second), Listing::of(expected));
    }

    #[test]
    fn damage_is_a_warning() {
        let deep = "[".repeat(200_000);
        for text in
            ["", "{}", "[]", "{\"requires\":[\"a/1\"", deep.as_str(), "{\"graph_lock\":{\"nodes\":1}}"]
        {
            let found = parse("", text.as_bytes());
            assert_eq!((found.packages.len(), found.warnings.len()), (0, 1));
        }
        assert_eq!(parse("", b"{\"requires\":[1,\"/\",\"a/\",[[]]]}"), Listing::default());
    }
}
