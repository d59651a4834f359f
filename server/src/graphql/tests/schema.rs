//! The schema as a document: it is the one in the repository, and it explains itself.

use std::path::Path;

use serde_json::{Value, json};

use super::fixture::Api;
use crate::{graphql::sdl, store::testing};

#[test]
fn the_schema_in_the_repository_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let now = sdl();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == now,
        "{} is not the schema of this program: run the test with UPDATE_SCHEMA=1 and look at the difference",
        path.display()
    );
}

#[tokio::test]
async fn everything_is_described() {
    let (store, _folder) = testing::sqlite().await;
    let query = "{ __schema { types { name kind description
        fields(includeDeprecated: true) { name description args { name description } }
        inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";
    let data = Api::over(store).data(query, json!({})).await;
    let mut missing = Vec::new();
    let mut look = |place: String, value: &Value| {
        if value["description"].as_str().is_none_or(|text| text.trim().len() < 4) {
            missing.push(place);
        }
    };
    for found in data["__schema"]["types"].as_array().unwrap() {
        let name = found["name"].as_str().unwrap();
        if name.starts_with("__") {
            continue;
        }
        look(name.to_owned(), found);
        for list in ["fields", "inputFields", "enumValues"] {
            for field in found[list].as_array().into_iter().flatten() {
                let place = format!("{name}.{}", field["name"].as_str().unwrap());
                look(place.clone(), field);
                for argument in field["args"].as_array().into_iter().flatten() {
                    look(format!("{place}({})", argument["name"].as_str().unwrap()), argument);
                }
            }
        }
    }
    assert!(missing.is_empty(), "without a description: {missing:#?}");
}

#[tokio::test]
async fn mutations_take_one_input_and_answer_with_a_payload() {
    let (store, _folder) = testing::sqlite().await;
    let query = "{ __schema { mutationType { fields { name args { name type { kind ofType { name } } }
        type { kind name ofType { name fields { name } } } } } } }";
    let data = Api::over(store).data(query, json!({})).await;
    for field in data["__schema"]["mutationType"]["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let args = field["args"].as_array().unwrap();
        assert_eq!((args.len(), args[0]["name"].as_str()), (1, Some("input")), "{name}");
        let input = args[0]["type"]["ofType"]["name"].as_str().unwrap();
        assert!(input.to_lowercase().starts_with(&name.to_lowercase()), "{name} takes {input}");
        let payload = &field["type"]["ofType"];
        let fields: Vec<_> =
            payload["fields"].as_array().unwrap().iter().map(|f| f["name"].clone()).collect();
        assert!(
            fields.contains(&json!("userErrors")) && fields.contains(&json!("clientMutationId")),
            "{name}"
        );
    }
}
