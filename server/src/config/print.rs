//! The configuration in force as TOML, without passwords.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Config, ConfigError};

impl Config {
    /// The values in force as TOML; passwords in addresses are replaced by `***`.
    ///
    /// # Errors
    /// A data folder or file name that is no UTF-8.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let mut shown = self.clone();
        shown.database.url = self.database.redacted();
        shown.egress.proxy = super::sections::redacted(&self.egress.proxy);
        let tree = serde_json::to_value(&shown).map_err(|error| ConfigError::Malformed {
            origin: "the configuration".into(),
            reason: error.to_string(),
        })?;
        let mut text = String::new();
        let Value::Object(tree) = tree else { return Ok(text) };
        let (sections, values): (Vec<_>, Vec<_>) = tree.iter().partition(|(_, value)| value.is_object());
        for (key, value) in values {
            line(&mut text, key, value);
        }
        for (key, section) in sections {
            let _ = write!(text, "\n[{key}]\n");
            for (name, value) in section.as_object().into_iter().flatten() {
                line(&mut text, name, value);
            }
        }
        Ok(text)
    }
}

// JSON's numbers, booleans, strings and lists of strings are written as TOML writes them.
fn line(text: &mut String, key: &str, value: &Value) {
    let _ = writeln!(text, "{key} = {value}");
}
