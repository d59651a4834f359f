//! The published schemas of the bill-of-materials formats, from `tests/schemas`.

use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// CycloneDX 1.6 with what it refers to.
pub fn cyclonedx() -> Validator {
    let others = ["jsf-0.82.schema.json", "spdx.schema.json"]
        .map(|name| (format!("http://cyclonedx.org/schema/{name}"), read(name)));
    let registry = others
        .into_iter()
        .fold(Registry::new(), |registry, (address, schema)| registry.add(address, schema).unwrap())
        .prepare()
        .unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&read("bom-1.6.schema.json"))
        .unwrap()
}

/// SPDX 2.3.
pub fn spdx() -> Validator {
    jsonschema::options().should_validate_formats(true).build(&read("spdx-2.3.schema.json")).unwrap()
}

/// Fails with what is wrong and where.
pub fn check(validator: &Validator, document: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {:.300}", error.instance_path(), error.to_string()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
