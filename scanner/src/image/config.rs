//! The image configuration (OCI image-spec, config.md), read with the tolerance that real images need.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{History, ImageConfig, StartConfig};
use crate::Digest;

/// Why a configuration could not be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the image configuration cannot be read: {0}; export the image again, or make it again with a current tool"
)]
pub struct ConfigError(#[from] serde_json::Error);

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    author: Option<String>,
    rootfs: RawRootfs,
    #[serde(default)]
    history: Option<Vec<RawHistory>>,
    #[serde(default)]
    config: Value,
}

/// What of `config` has the form that it should have: a label that is a number must not make the image unreadable.
fn start(config: &Value) -> StartConfig {
    StartConfig {
        environment: part(&config["Env"]),
        labels: part(&config["Labels"]),
        entrypoint: words(&config["Entrypoint"]),
        command: words(&config["Cmd"]),
        health_check: words(&config["Healthcheck"]["Test"]),
        on_build: part(&config["OnBuild"]),
    }
}

fn part<T: DeserializeOwned + Default>(value: &Value) -> T {
    T::deserialize(value).unwrap_or_default()
}

/// Old builders wrote one text where the specification wants a list.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        list => part(list),
    }
}

#[derive(Deserialize)]
struct RawRootfs {
    // `null` is what Go writes for an image without layers.
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

#[derive(Deserialize)]
struct RawHistory {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    empty_layer: Option<bool>,
}

/// Reads an image configuration. An error when it is no JSON or has no `rootfs`.
pub fn parse_config(json: &[u8]) -> Result<ImageConfig, ConfigError> {
    let raw: RawConfig = serde_json::from_slice(json)?;
    let history = raw.history.unwrap_or_default().into_iter().map(|step| History {
        created: step.created,
        created_by: step.created_by,
        empty_layer: step.empty_layer.unwrap_or_default(),
    });
    Ok(ImageConfig {
        architecture: raw.architecture.unwrap_or_default(),
        os: raw.os.unwrap_or_default(),
        created: raw.created,
        author: raw.author.filter(|author| !author.is_empty()),
        diff_ids: raw.rootfs.diff_ids.unwrap_or_default(),
        history: history.collect(),
        start: start(&raw.config),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_another_form_is_left_out_and_the_rest_is_read() {
        let json = br#"{"rootfs":{"diff_ids":null},"config":{"Env":["A=1"],"Labels":{"n":1},"Cmd":"run it",
            "Entrypoint":null,"Healthcheck":{"Test":["CMD","curl"]},"OnBuild":["RUN x"]}}"#;
        let start = parse_config(json).unwrap().start;
        assert_eq!(start.environment, ["A=1"]);
        assert!(start.labels.is_empty() && start.entrypoint.is_empty());
        assert_eq!(
            (start.command, start.health_check),
            (vec!["run it".to_owned()], vec!["CMD".to_owned(), "curl".to_owned()])
        );
        assert_eq!(start.on_build, ["RUN x"]);
        assert_eq!(parse_config(br#"{"rootfs":{},"config":null}"#).unwrap().start, StartConfig::default());
    }
}
