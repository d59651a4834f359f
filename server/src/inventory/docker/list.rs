//! Listing an engine: all its images and containers as one snapshot.

use std::collections::HashSet;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, ImageInspect, ImageSummary};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptionsBuilder};
use futures_util::{StreamExt, TryStreamExt};
use lazaret_entities::Timestamp;
use lazaret_entities::container::ContainerState;
use lazaret_entities::host::HostKind;

use super::{Engine, EngineError, manifest_digest, real_tags};
use crate::inventory::snapshot::{
    ContainerSnapshot, HostSnapshot, ImageDetails, ImageSnapshot, Known, timestamp,
};

/// How many inspections the engine is asked for at a time.
const PARALLEL: usize = 8;

impl Engine {
    /// Lists all that the engine has. Details are asked for only where `known` lacks them, and for the containers in
    /// `changed`.
    ///
    /// # Errors
    /// When the engine stops answering. What vanishes between the list and its inspection is left out.
    pub async fn snapshot(
        &self,
        known: &Known,
        changed: &HashSet<String>,
    ) -> Result<HostSnapshot, EngineError> {
        let info = self.docker.info().await.map_err(|error| self.failed("describe itself", &error))?;
        let listed = self
            .docker
            .list_images(Some(ListImagesOptionsBuilder::new().all(false).build()))
            .await
            .map_err(|error| self.failed("list its images", &error))?;
        let containers = self
            .docker
            .list_containers(Some(ListContainersOptionsBuilder::new().all(true).build()))
            .await
            .map_err(|error| self.failed("list its containers", &error))?;

        let mut seen: HashSet<String> = listed.iter().map(|image| image.id.clone()).collect();
        // A container may run from an image that the list hides: one without a tag that has children.
        let hidden: Vec<String> = containers
            .iter()
            .filter_map(|container| container.image_id.clone())
            .filter(|id| !id.is_empty() && seen.insert(id.clone()))
            .collect();

        let mut images: Vec<ImageSnapshot> = futures_util::stream::iter(listed)
            .map(|summary| self.listed_image(summary, known))
            .buffered(PARALLEL)
            .try_filter_map(|image| async { Ok(image) })
            .try_collect()
            .await?;
        let more: Vec<ImageSnapshot> = futures_util::stream::iter(hidden)
            .map(|id| self.hidden_image(id))
            .buffered(PARALLEL)
            .try_collect()
            .await?;
        images.extend(more);
        let containers = futures_util::stream::iter(containers)
            .map(|summary| self.listed_container(summary, known, changed))
            .buffered(PARALLEL)
            .try_filter_map(|container| async { Ok(container) })
            .try_collect()
            .await?;

        Ok(HostSnapshot {
            endpoint: self.endpoint.clone(),
            kind: HostKind::Engine,
            name: info.name.unwrap_or_else(|| self.endpoint.clone()),
            engine_name: self.product.clone(),
            engine_version: info.server_version.unwrap_or_else(|| self.version.clone()),
            os: info.operating_system.unwrap_or_default(),
            kernel: info.kernel_version.unwrap_or_default(),
            architecture: info.architecture.unwrap_or_default(),
            storage_driver: info.driver.unwrap_or_default(),
            error: String::new(),
            images,
            containers,
        })
    }

    async fn listed_image(
        &self,
        summary: ImageSummary,
        known: &Known,
    ) -> Result<Option<ImageSnapshot>, EngineError> {
        let details = if known.images.contains(&summary.id) {
            None
        } else {
            match self.inspect_raw(&summary.id).await {
                Ok(inspect) => Some(details(&inspect)),
                Err(EngineError::NoSuchImage { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        Ok(Some(ImageSnapshot {
            digest: summary.id.clone(),
            engine_id: summary.id,
            manifest_digest: manifest_digest(&summary.repo_digests),
            location: String::new(),
            size: summary.size.max(0),
            tags: real_tags(summary.repo_tags),
            details,
        }))
    }

    async fn hidden_image(&self, id: String) -> Result<ImageSnapshot, EngineError> {
        let (size, tags, digests, details) = match self.inspect_raw(&id).await {
            Ok(inspect) => {
                let details = details(&inspect);
                (
                    inspect.size.unwrap_or(0),
                    inspect.repo_tags.unwrap_or_default(),
                    inspect.repo_digests.unwrap_or_default(),
                    Some(details),
                )
            }
            // Removed by force under a container that still runs: the container remains a fact.
            Err(EngineError::NoSuchImage { .. }) => (0, Vec::new(), Vec::new(), None),
            Err(error) => return Err(error),
        };
        Ok(ImageSnapshot {
            digest: id.clone(),
            engine_id: id,
            manifest_digest: manifest_digest(&digests),
            location: String::new(),
            size: size.max(0),
            tags: real_tags(tags),
            details,
        })
    }

    async fn listed_container(
        &self,
        summary: ContainerSummary,
        known: &Known,
        changed: &HashSet<String>,
    ) -> Result<Option<ContainerSnapshot>, EngineError> {
        let (Some(id), Some(image)) = (summary.id, summary.image_id.filter(|id| !id.is_empty())) else {
            return Ok(None);
        };
        let state = container_state(summary.state);
        let started_at = match known.containers.get(&id) {
            Some((before, started_at)) if *before == state && !changed.contains(&id) => *started_at,
            _ if state == ContainerState::Created => Timestamp::from_micros(0),
            _ => match self.docker.inspect_container(&id, None).await {
                Ok(inspect) => timestamp(inspect.state.and_then(|state| state.started_at).as_deref()),
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {
                    return Ok(None);
                }
                Err(error) => return Err(self.failed("inspect a container", &error)),
            },
        };
        let name = summary.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        Ok(Some(ContainerSnapshot {
            name: name.trim_start_matches('/').to_owned(),
            engine_id: id,
            image_engine_id: image,
            state,
            command: summary.command.unwrap_or_default(),
            created_at: Timestamp::from_micros(summary.created.unwrap_or(0).max(0).saturating_mul(1_000_000)),
            started_at,
        }))
    }
}

fn details(inspect: &ImageInspect) -> ImageDetails {
    ImageDetails {
        os: inspect.os.clone().unwrap_or_default(),
        architecture: inspect.architecture.clone().unwrap_or_default(),
        author: inspect.author.clone().unwrap_or_default(),
        created_at: timestamp(inspect.created.as_deref()),
    }
}

fn container_state(state: Option<ContainerSummaryStateEnum>) -> ContainerState {
    match state {
        Some(ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::STOPPING) => {
            ContainerState::Running
        }
        Some(ContainerSummaryStateEnum::PAUSED) => ContainerState::Paused,
        Some(ContainerSummaryStateEnum::RESTARTING) => ContainerState::Restarting,
        Some(ContainerSummaryStateEnum::EXITED) => ContainerState::Exited,
        Some(ContainerSummaryStateEnum::REMOVING) => ContainerState::Removing,
        Some(ContainerSummaryStateEnum::DEAD) => ContainerState::Dead,
        Some(ContainerSummaryStateEnum::CREATED | ContainerSummaryStateEnum::EMPTY) | None => {
            ContainerState::Created
        }
    }
}
