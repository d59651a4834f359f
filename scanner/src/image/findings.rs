//! Secrets and malware of an image, each with the place where it lies.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::ImageConfig;
use super::view::View;
use crate::layer::{LayerAnalysis, MalwareAnalysis, MalwareFile, Secrets};
use crate::secret::Secret;

/// A secret in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSecret {
    /// What was found.
    pub secret: Secret,
    /// What it was found in.
    pub source: SecretSource,
    /// The file, without a leading slash; of a configuration the instruction's name (`ENV API_PASSWORD`, `LABEL owner`,
    /// `ENTRYPOINT`, `CMD`); of the history the step (`step 3`, 1 the oldest).
    pub path: String,
    /// Index of the layer, 0 the lowest; `None` where the place is no layer's.
    pub layer: Option<usize>,
    /// The build command or configuration line with its secrets made unreadable; of a file empty.
    pub instruction: String,
    /// Index of the layer that deletes or replaces the file: the secret is still in the image, buried.
    pub buried_by: Option<usize>,
}

/// What a secret was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretSource {
    /// A file of a layer.
    File,
    /// The image's configuration: environment, labels, entry point, command.
    Config,
    /// A step of the build history.
    History,
}

impl SecretSource {
    /// Its name in JSON and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::Config => "CONFIG",
            Self::History => "HISTORY",
        }
    }
}

/// A file with malware in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMalware {
    /// The file, and what the engines say of it.
    pub file: MalwareFile,
    /// Index of the layer, 0 the lowest.
    pub layer: usize,
    /// Index of the layer that deletes or replaces the file: it is still in the image, buried.
    pub buried_by: Option<usize>,
}

/// The secrets in the files of an image, its layers lowest first: those that were searched. A secret is listed once per
/// path; a file that an upper layer writes again with the same secret in it buries nothing.
pub fn file_secrets(layers: &[&LayerAnalysis]) -> Vec<ImageSecret> {
    let files = layers.iter().enumerate().flat_map(|(index, layer)| {
        let files = layer.secrets.iter().flat_map(|analysis| &analysis.files);
        files.flat_map(move |file| file.secrets.iter().map(move |secret| (index, file.path.as_str(), secret)))
    });
    let found = files.map(|(index, path, secret)| {
        let identity = (path, secret.rule.as_str(), secret.fingerprint.as_str());
        (index, path, identity, secret)
    });
    stacked(layers, found, |layer, path, secret, buried_by| ImageSecret {
        secret: secret.clone(),
        source: SecretSource::File,
        path: path.to_owned(),
        layer: Some(layer),
        instruction: String::new(),
        buried_by,
    })
}

/// The malware in the files of an image, its layers lowest first, by the analysis that `of` gives of each.
pub fn malware<'a>(
    layers: &[&'a LayerAnalysis],
    of: impl Fn(&'a LayerAnalysis) -> Option<&'a MalwareAnalysis>,
) -> Vec<ImageMalware> {
    let analyses = layers.iter().copied().map(of).enumerate();
    let files = analyses.flat_map(|(index, analysis)| {
        let files = analysis.into_iter().flat_map(|analysis| &analysis.files);
        files.map(move |file| (index, file))
    });
    let found = files.map(|(index, file)| {
        let identity = (file.path.as_str(), file.within.as_str(), file.sha256.as_str());
        (index, file.path.as_str(), identity, file)
    });
    stacked(layers, found, |layer, _, file, buried_by| ImageMalware { file: file.clone(), layer, buried_by })
}

/// What was found in files, each identity once, with the layer that brought it first and the layer that buries it.
fn stacked<'a, K: Ord, T: Copy, F>(
    layers: &[&LayerAnalysis],
    found: impl Iterator<Item = (usize, &'a str, K, T)>,
    make: impl Fn(usize, &'a str, T, Option<usize>) -> F,
) -> Vec<F> {
    let layers: Vec<_> = layers.iter().copied().map(Some).collect();
    let none = HashSet::new();
    let view = View::new(&layers, &none);
    let mut unique: BTreeMap<K, (usize, &'a str, T, Option<usize>)> = BTreeMap::new();
    for (index, path, identity, what) in found {
        let buried_by = view.covered_by(index, path);
        match unique.get_mut(&identity) {
            // Changing a mode or an owner writes the whole file again.
            Some(known) if known.3 == Some(index) => (known.2, known.3) = (what, buried_by),
            Some(known) if known.3.is_some() => *known = (index, path, what, buried_by),
            Some(_) => {}
            None => {
                unique.insert(identity, (index, path, what, buried_by));
            }
        }
    }
    unique.into_values().map(|(layer, path, what, buried_by)| make(layer, path, what, buried_by)).collect()
}

/// The secrets that stand in the configuration and the build history of an image. What the history says of an instruction
/// that the configuration still has is not listed again.
pub fn config_secrets(config: &ImageConfig, search: Secrets<'_>) -> Vec<ImageSecret> {
    let mut found = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut add = |source, path: String, layer, text: &str| {
        for secret in search.rules.search_text(search.key, source, text) {
            if source == SecretSource::Config {
                known.insert(secret.fingerprint.clone());
            } else if known.contains(&secret.fingerprint) {
                continue;
            }
            let instruction = search.rules.redact(text);
            found.push(ImageSecret {
                secret,
                source,
                path: path.clone(),
                layer,
                instruction,
                buried_by: None,
            });
        }
    };
    let start = &config.start;
    for variable in &start.environment {
        let name = variable.split_once('=').map_or(variable.as_str(), |(name, _)| name);
        add(SecretSource::Config, format!("ENV {name}"), None, variable);
    }
    for (name, value) in &start.labels {
        add(SecretSource::Config, format!("LABEL {name}"), None, &format!("{name}={value}"));
    }
    let commands = [
        ("ENTRYPOINT", &start.entrypoint),
        ("CMD", &start.command),
        ("HEALTHCHECK", &start.health_check),
        ("ONBUILD", &start.on_build),
    ];
    for (name, words) in commands {
        add(SecretSource::Config, name.to_owned(), None, &words.join(" "));
    }
    let mut layers = 0..config.diff_ids.len();
    for (number, step) in config.history.iter().enumerate() {
        let layer = if step.empty_layer { None } else { layers.next() };
        let text = step.created_by.as_deref().unwrap_or_default();
        add(SecretSource::History, format!("step {}", number + 1), layer, text);
    }
    found
}

/// Makes every secret in the configuration and the build history unreadable, so that they can be stored and shown.
pub fn redact_config(config: &mut ImageConfig, search: Secrets<'_>) {
    for step in &mut config.history {
        if let Some(text) = &mut step.created_by {
            *text = search.rules.redact(text);
        }
    }
    // Nothing shows how a container is started.
    config.start = super::StartConfig::default();
}
