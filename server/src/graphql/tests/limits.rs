//! Documents that cost too much are refused, and quickly.

use std::{fmt::Write as _, time::Duration};

use serde_json::json;

use super::fixture::Api;
use crate::{auth::Role, store::testing};

/// The introspection query that GraphQL clients send.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name }
    subscriptionType { name } types { ...FullType } directives { name description locations
    args { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name
    description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
    inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name
    description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    } } } } } } } } } }";

/// Each fragment spreads the next one several times.
fn bomb(levels: usize, spreads: usize) -> String {
    let mut query = "{ ...f0 }".to_owned();
    for level in 0..levels {
        let inner = format!("...f{} ", level + 1).repeat(spreads);
        let _ = write!(query, " fragment f{level} on Query {{ {inner} }}");
    }
    let _ = write!(query, " fragment f{levels} on Query {{ overview {{ lastScannedAt }} }}");
    query
}

#[tokio::test]
async fn a_fragment_bomb_is_refused_at_once() {
    let (store, _folder) = testing::sqlite().await;
    let api = Api::over(store);
    for query in [bomb(24, 2), bomb(7, 12), bomb(30, 30)] {
        let answer = tokio::time::timeout(Duration::from_secs(1), api.code(&query, json!({}))).await;
        assert_eq!(answer.unwrap(), "QUERY_TOO_COMPLEX");
    }
    assert_eq!(
        api.code("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", json!({})).await,
        "BAD_USER_INPUT"
    );
}

#[tokio::test]
async fn too_much_of_anything_is_refused() {
    let (store, _folder) = testing::sqlite().await;
    let api = Api::over(store);
    let mut aliases = "{".to_owned();
    for number in 0..101 {
        let _ = write!(aliases, " a{number}: serverInfo {{ version }}");
    }
    aliases.push('}');
    let deep =
        "{ images { nodes { hosts { nodes { images { nodes { hosts { nodes { images { nodes { hosts { nodes
        { images { nodes { id } } } } } } } } } } } } } } }";
    let wide = "{ images(first: 100) { nodes { vulnerabilities(first: 100) { nodes { id } } } } }";
    let directives = "{ serverInfo { version @include(if: true) @include(if: true) @include(if: true)
        @include(if: true) @include(if: true) } }";
    let long = format!("{{ serverInfo {{ version }} }} #{}", "x".repeat(65_536));
    for query in [aliases.as_str(), deep, wide, directives, &long] {
        let start: String = query.chars().take(60).collect();
        assert_eq!(api.code(query, json!({})).await, "QUERY_TOO_COMPLEX", "{start}");
    }
    let mut mutations = "mutation {".to_owned();
    for number in 0..11 {
        let _ = write!(mutations, " m{number}: startScan(input: {{}}) {{ clientMutationId }}");
    }
    mutations.push('}');
    assert_eq!(api.code(&mutations, json!({})).await, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn ordinary_documents_pass() {
    let (store, _folder) = testing::sqlite().await;
    let api = Api::over(store);
    api.data(INTROSPECTION, json!({})).await;
    let everything = "{ images(first: 100) { totalCount pageInfo { endCursor hasNextPage } edges { cursor node { id
        name digest size tags { reference host { name } } operatingSystem createdAt lastScannedAt scanStatus
        securityStatus securityReason hostCount containerCount vulnerabilityCounts { total critical high medium
        low unknown } categories { category status error } } } } }";
    api.data(everything, json!({})).await;
    let related = "{ containers(first: 20, filter: { state: [RUNNING] }) { nodes { name host { name } image { name
        vulnerabilities(first: 20, filter: { severity: [CRITICAL] }) { nodes { identifier package { name } } } } } } }";
    api.data(related, json!({})).await;
}

#[tokio::test]
async fn every_error_has_a_code() {
    let (store, _folder) = testing::sqlite().await;
    let api = Api::over(store);
    for query in [
        "{",
        "{ nothing }",
        "{ images(first: \"x\") { totalCount } }",
        "{ node }",
        "query A { viewer { name } } query B { viewer { name } }",
    ] {
        assert_eq!(api.code(query, json!({})).await, "BAD_USER_INPUT", "{query}");
    }
    let response =
        api.ask_as(Role::Viewer, "mutation { startScan(input: {}) { scanJob { id } } }", json!({})).await;
    let errors = serde_json::to_value(&response.errors).unwrap();
    assert_eq!(errors[0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_failing_database_is_an_internal_error_without_its_text() {
    let (store, _folder) = testing::sqlite().await;
    let api = Api::over(store);
    api.store.read().clone().close().await.unwrap();
    let response = api.ask_as(Role::Viewer, "{ images { totalCount } }", json!({})).await;
    let errors = serde_json::to_value(&response.errors).unwrap();
    assert_eq!(errors[0]["extensions"], json!({ "code": "INTERNAL", "requestId": "r1" }));
    assert!(!errors[0]["message"].as_str().unwrap().contains("pool"));
}
