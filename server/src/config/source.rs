//! From text to one tree of values. The tree of the defaults says which keys exist and of which type they are.

use std::path::Path;

use serde_json::{Map, Value};

use super::{ConfigError, Environment};

/// Variables that are no keys: they name files that are read elsewhere, or steer the log and the tests.
const NO_KEYS: [&str; 3] = ["LAZARET_CONFIG", "LAZARET_ADMIN_TOKEN_FILE", "LAZARET_LOG"];

/// Kubernetes sets such variables in every container beside a service named `lazaret`; they are not meant for us.
fn set_by_kubernetes(name: &str) -> bool {
    name.starts_with("LAZARET_SERVICE_") || name == "LAZARET_PORT" || name.starts_with("LAZARET_PORT_")
}

/// Reads TOML.
pub(super) fn parse(text: &str, origin: &str) -> Result<Map<String, Value>, ConfigError> {
    let malformed = |error: config::ConfigError| ConfigError::Malformed {
        origin: origin.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    };
    config::Config::builder()
        .add_source(config::File::from_str(text, config::FileFormat::Toml))
        .build()
        .map_err(malformed)?
        .try_deserialize()
        .map_err(malformed)
}

/// Reads a TOML file.
pub(super) fn read(path: &Path) -> Result<Map<String, Value>, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    parse(&text, &path.display().to_string())
}

/// Lays `written` over `tree`. All unknown keys are named at once.
pub(super) fn merge(
    tree: &mut Map<String, Value>,
    written: Map<String, Value>,
    defaults: &Map<String, Value>,
    origin: &str,
) -> Result<(), ConfigError> {
    let mut unknown = Vec::new();
    for (key, value) in written {
        match (defaults.get(&key), value) {
            (None, _) => unknown.push(key),
            (Some(Value::Object(known)), Value::Object(section)) => {
                for (name, value) in section {
                    match known.get(&name) {
                        None => unknown.push(format!("{key}.{name}")),
                        Some(default) => {
                            let dotted = format!("{key}.{name}");
                            same_type(&dotted, default, &value, origin)?;
                            set(tree, &dotted, value);
                        }
                    }
                }
            }
            (Some(default), value) => {
                same_type(&key, default, &value, origin)?;
                tree.insert(key, value);
            }
        }
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(ConfigError::UnknownKeys { origin: origin.to_owned(), keys: unknown })
    }
}

/// Lays the `LAZARET_*` variables over `tree`.
pub(super) fn apply_environment(
    tree: &mut Map<String, Value>,
    defaults: &Map<String, Value>,
    environment: &Environment,
) -> Result<(), ConfigError> {
    let keys = dotted_keys(defaults);
    let mut unknown = Vec::new();
    for (name, text) in
        environment.range("LAZARET_".to_owned()..).take_while(|(name, _)| name.starts_with("LAZARET_"))
    {
        if NO_KEYS.contains(&name.as_str()) || name.starts_with("LAZARET_TEST_") || set_by_kubernetes(name) {
            continue;
        }
        match keys.iter().find(|(key, _)| variable(key) == *name) {
            Some((key, default)) => set(tree, key, typed(name, text, default)?),
            None => unknown.push(name.clone()),
        }
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(ConfigError::UnknownKeys { origin: "the environment".into(), keys: unknown })
    }
}

/// Sets the value of a dotted key; a section that is not there is made.
pub(super) fn set(tree: &mut Map<String, Value>, dotted: &str, value: Value) {
    match dotted.split_once('.') {
        None => {
            tree.insert(dotted.to_owned(), value);
        }
        Some((section, name)) => {
            let entry = tree.entry(section).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(section) = entry {
                section.insert(name.to_owned(), value);
            }
        }
    }
}

/// The variable of a key: `http.listen` is `LAZARET_HTTP_LISTEN`.
fn variable(dotted: &str) -> String {
    format!("LAZARET_{}", dotted.replace('.', "_").to_uppercase())
}

/// All keys with their defaults.
fn dotted_keys(defaults: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut keys = Vec::new();
    for (key, value) in defaults {
        match value {
            Value::Object(section) => {
                keys.extend(section.iter().map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            value => keys.push((key.clone(), value)),
        }
    }
    keys
}

/// A variable's text as a value of the default's type.
fn typed(name: &str, text: &str, default: &Value) -> Result<Value, ConfigError> {
    let malformed = |reason: &str| ConfigError::Malformed {
        origin: name.to_owned(),
        reason: format!("`{text}` is {reason}"),
    };
    match default {
        // An empty variable is how compose files and shells say "not set".
        Value::Bool(_) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Value::Bool(true)),
            "0" | "false" | "no" | "off" | "" => Ok(Value::Bool(false)),
            _ => Err(malformed("neither true nor false")),
        },
        Value::Number(_) if text.is_empty() => Ok(default.clone()),
        Value::Number(_) => {
            text.trim().parse::<u64>().map(Value::from).map_err(|_| malformed("no whole number"))
        }
        Value::Array(_) => Ok(Value::Array(
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect(),
        )),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// Refuses a value whose type is not the default's.
fn same_type(dotted: &str, default: &Value, value: &Value, origin: &str) -> Result<(), ConfigError> {
    let same = matches!(
        (default, value),
        (Value::Bool(_), Value::Bool(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::String(_), Value::String(_))
            | (Value::Array(_), Value::Array(_))
    );
    if same {
        return Ok(());
    }
    let expected = match default {
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Object(_) => "a section",
        _ => "a text in quotes",
    };
    Err(ConfigError::Malformed { origin: origin.to_owned(), reason: format!("{dotted} must be {expected}") })
}
