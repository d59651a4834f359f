//! Docker Engine, and Podman by its Docker-compatible socket.

mod export;
mod list;

use std::path::Path;
use std::time::Duration;

use bollard::models::{EventMessage, ImageInspect};
use bollard::query_parameters::EventsOptions;
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{Stream, TryStreamExt};
use lazaret_scanner::Digest;
use lazaret_scanner::image::{History, ImageConfig, StartConfig};

use super::snapshot::timestamp;

/// The engine answers lists within seconds, or something is wrong with it.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Why the engine did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address cannot be used.
    #[error(
        "the engine address `{endpoint}` cannot be used ({reason}); set DOCKER_HOST to unix:///path or tcp://host:port"
    )]
    Address {
        /// The address as given.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers, or not in time.
    #[error(
        "the container engine at {endpoint} does not answer ({reason}); is it running, and may this user open its socket?"
    )]
    Unreachable {
        /// The address.
        endpoint: String,
        /// The connection's error.
        reason: String,
    },
    /// The engine has no such image.
    #[error(
        "the engine at {endpoint} has no image `{image}`; `docker images` lists what it has, `docker pull` fetches it"
    )]
    NoSuchImage {
        /// The address.
        endpoint: String,
        /// The reference as given.
        image: String,
    },
    /// The engine has no such container.
    #[error("the engine at {endpoint} has no container `{container}`; `docker ps --all` lists what it has")]
    NoSuchContainer {
        /// The address.
        endpoint: String,
        /// The name as given.
        container: String,
    },
    /// The engine answered, but not with what was asked for.
    #[error("the engine at {endpoint} could not {what} ({reason})")]
    Refused {
        /// The address.
        endpoint: String,
        /// What it was asked for.
        what: String,
        /// Its answer.
        reason: String,
    },
}

impl EngineError {
    /// Whether the same request may succeed later without anybody doing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { .. })
    }
}

/// The address of the local engine: `DOCKER_HOST` when it is given, else the first standard socket that exists.
/// `runtime_dir` is `XDG_RUNTIME_DIR`, where rootless engines listen.
pub fn find_engine(docker_host: Option<&str>, runtime_dir: Option<&Path>) -> Option<String> {
    if let Some(host) = docker_host.filter(|host| !host.is_empty()) {
        return Some(host.to_owned());
    }
    let mut sockets = vec!["/var/run/docker.sock".into()];
    if let Some(folder) = runtime_dir {
        sockets.push(folder.join("docker.sock"));
    }
    sockets.push("/run/podman/podman.sock".into());
    if let Some(folder) = runtime_dir {
        sockets.push(folder.join("podman/podman.sock"));
    }
    sockets.iter().find(|socket| socket.exists()).map(|socket| format!("unix://{}", socket.display()))
}

/// A connection to one engine, speaking the newest version of the API that both sides know.
#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    endpoint: String,
    product: String,
    version: String,
}

/// An image as the engine describes it.
#[derive(Debug, Clone)]
pub struct InspectedImage {
    /// The engine's ID: the config digest, with the containerd image store that of a manifest.
    pub id: String,
    /// `repo:tag` references.
    pub tags: Vec<String>,
    /// The digest of its manifest in a registry, empty when unknown.
    pub manifest_digest: String,
    /// Bytes of its layers.
    pub size: u64,
    /// The configuration as far as the engine tells it.
    pub config: ImageConfig,
}

/// A container as the engine describes it.
#[derive(Debug, Clone)]
pub struct InspectedContainer {
    /// Its name, without a leading slash.
    pub name: String,
    /// The engine's ID of its image.
    pub image_id: String,
    /// The reference that it was made from, as given then.
    pub image: String,
}

impl Engine {
    /// Connects to `endpoint`, a `DOCKER_HOST` value, and agrees on a version of the API.
    ///
    /// # Errors
    /// When the address is unusable or nobody answers there.
    pub async fn connect(endpoint: &str) -> Result<Self, EngineError> {
        let address = |reason: String| EngineError::Address { endpoint: endpoint.to_owned(), reason };
        let docker = if endpoint.starts_with("unix://") {
            Docker::connect_with_unix(endpoint, REQUEST_TIMEOUT.as_secs(), API_DEFAULT_VERSION)
        } else if endpoint.starts_with("tcp://") || endpoint.starts_with("http://") {
            Docker::connect_with_http(endpoint, REQUEST_TIMEOUT.as_secs(), API_DEFAULT_VERSION)
        } else {
            return Err(address("its scheme is neither unix:// nor tcp://".to_owned()));
        }
        .map_err(|error| address(error.to_string()))?;
        let unreachable = |error: bollard::errors::Error| EngineError::Unreachable {
            endpoint: endpoint.to_owned(),
            reason: reason(&error),
        };
        let docker = docker.negotiate_version().await.map_err(unreachable)?;
        let version = docker.version().await.map_err(unreachable)?;
        let podman = version
            .components
            .iter()
            .flatten()
            .any(|component| component.name.to_lowercase().contains("podman"));
        Ok(Self {
            docker,
            endpoint: endpoint.to_owned(),
            product: if podman { "Podman" } else { "Docker Engine" }.to_owned(),
            version: version.version.unwrap_or_default(),
        })
    }

    /// The address it was connected by.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Product and version, `Docker Engine 20.10.24`.
    pub fn description(&self) -> String {
        format!("{} {}", self.product, self.version).trim_end().to_owned()
    }

    async fn inspect_raw(&self, image: &str) -> Result<ImageInspect, EngineError> {
        self.docker.inspect_image(image).await.map_err(|error| match &error {
            bollard::errors::Error::DockerResponseServerError { status_code: 400 | 404, .. } => {
                EngineError::NoSuchImage { endpoint: self.endpoint.clone(), image: image.to_owned() }
            }
            _ => self.failed(&format!("inspect `{image}`"), &error),
        })
    }

    /// Describes one image, named by ID or reference, with its diff IDs.
    ///
    /// # Errors
    /// When the engine has no such image, or does not answer.
    pub async fn inspect(&self, image: &str) -> Result<InspectedImage, EngineError> {
        let inspect = self.inspect_raw(image).await?;
        let mut diff_ids = Vec::new();
        for layer in inspect.root_fs.as_ref().and_then(|root| root.layers.as_ref()).into_iter().flatten() {
            let diff_id: Digest = layer.parse().map_err(|error| EngineError::Refused {
                endpoint: self.endpoint.clone(),
                what: format!("say of which layers `{image}` is made"),
                reason: format!("{error}"),
            })?;
            diff_ids.push(diff_id);
        }
        Ok(InspectedImage {
            manifest_digest: manifest_digest(inspect.repo_digests.as_deref().unwrap_or_default()),
            size: u64::try_from(inspect.size.unwrap_or(0)).unwrap_or(0),
            tags: real_tags(inspect.repo_tags.unwrap_or_default()),
            id: inspect.id.unwrap_or_else(|| image.to_owned()),
            config: ImageConfig {
                architecture: inspect.architecture.unwrap_or_default(),
                os: inspect.os.unwrap_or_default(),
                created: inspect.created,
                author: inspect.author.filter(|author| !author.is_empty()),
                history: self.history(image, diff_ids.len()).await?,
                diff_ids,
                start: start_config(inspect.config.unwrap_or_default()),
            },
        })
    }

    /// Describes one container, named by name or ID.
    ///
    /// # Errors
    /// When the engine has no such container, or does not answer.
    pub async fn inspect_container(&self, container: &str) -> Result<InspectedContainer, EngineError> {
        let found = self.docker.inspect_container(container, None).await.map_err(|error| match &error {
            bollard::errors::Error::DockerResponseServerError { status_code: 400 | 404, .. } => {
                EngineError::NoSuchContainer {
                    endpoint: self.endpoint.clone(),
                    container: container.to_owned(),
                }
            }
            _ => self.failed(&format!("inspect the container `{container}`"), &error),
        })?;
        let name = found.name.unwrap_or_else(|| container.to_owned());
        Ok(InspectedContainer {
            name: name.trim_start_matches('/').to_owned(),
            image_id: found.image.unwrap_or_default(),
            image: found.config.and_then(|config| config.image).unwrap_or_default(),
        })
    }

    /// The build steps, oldest first. The engine does not say which of them made a layer; when as many have a size as
    /// there are layers, those did, else none is taken for a layer's.
    async fn history(&self, image: &str, layers: usize) -> Result<Vec<History>, EngineError> {
        let steps = self
            .docker
            .image_history(image)
            .await
            .map_err(|error| self.failed("tell an image's history", &error))?;
        let is_clear = steps.iter().filter(|step| step.size > 0).count() == layers;
        let steps = steps.into_iter().rev();
        Ok(steps
            .map(|step| History {
                created: None,
                created_by: Some(step.created_by),
                empty_layer: !is_clear || step.size == 0,
            })
            .collect())
    }

    /// The engine's clock, in seconds since 1970 UTC.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn now(&self) -> Result<i64, EngineError> {
        let info = self.docker.info().await.map_err(|error| self.failed("tell the time", &error))?;
        Ok(timestamp(info.system_time.as_deref()).as_micros() / 1_000_000)
    }

    /// What happened on the engine since a moment of its clock and happens from now on: images and containers that come,
    /// change and go. Without a moment (0), from now on.
    pub fn events(&self, since: i64) -> impl Stream<Item = Result<EventMessage, EngineError>> + Send + use<> {
        let endpoint = self.endpoint.clone();
        let types = ["image", "container"].map(str::to_owned).to_vec();
        let options = EventsOptions {
            since: (since > 0).then(|| since.to_string()),
            until: None,
            filters: Some([("type".to_owned(), types)].into()),
        };
        self.docker.events(Some(options)).map_err(move |error| EngineError::Unreachable {
            endpoint: endpoint.clone(),
            reason: reason(&error),
        })
    }

    fn failed(&self, what: &str, error: &bollard::errors::Error) -> EngineError {
        let endpoint = self.endpoint.clone();
        match error {
            bollard::errors::Error::DockerResponseServerError { message, .. } => {
                EngineError::Refused { endpoint, what: what.to_owned(), reason: message.clone() }
            }
            bollard::errors::Error::JsonDataError { .. } => {
                EngineError::Refused { endpoint, what: what.to_owned(), reason: reason(error) }
            }
            _ => EngineError::Unreachable { endpoint, reason: reason(error) },
        }
    }
}

fn start_config(config: bollard::models::ImageConfig) -> StartConfig {
    StartConfig {
        environment: config.env.unwrap_or_default(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        entrypoint: config.entrypoint.unwrap_or_default(),
        command: config.cmd.unwrap_or_default(),
        health_check: config.healthcheck.and_then(|check| check.test).unwrap_or_default(),
        on_build: config.on_build.unwrap_or_default(),
    }
}

/// The innermost cause: the outer ones only say that a request failed.
fn reason(error: &bollard::errors::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// `repo@sha256:…` -> `sha256:…` of the first.
fn manifest_digest(repo_digests: &[String]) -> String {
    repo_digests
        .iter()
        .find_map(|reference| reference.split_once('@').map(|(_, digest)| digest.to_owned()))
        .unwrap_or_default()
}

/// Old engines write `<none>:<none>` for no tag.
fn real_tags(tags: Vec<String>) -> Vec<String> {
    tags.into_iter().filter(|tag| !tag.contains("<none>")).collect()
}
