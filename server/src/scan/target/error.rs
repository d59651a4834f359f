//! Why a target could not be scanned.

use std::path::PathBuf;

use sea_orm::DbErr;

use crate::advisories::AdvisoryError;
use crate::inventory::docker::EngineError;
use crate::registry::RegistryError;
use crate::scan::analyse::AnalyseError;
use crate::scan::layers::LayerStoreError;
use crate::scan::persist::PersistError;
use crate::scan::sbom::SbomFileError;
use crate::store::StoreError;

/// Why a target could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The path does not exist.
    #[error("there is no file or folder {}; check the path", .0.display())]
    NoSuchPath(PathBuf),
    /// What is there is no folder.
    #[error("{} is no folder; `archive:` before it reads a file as an image archive", .0.display())]
    NoFolder(PathBuf),
    /// It is no path, and there is no engine to ask.
    #[error(
        "`{0}` is no file or folder here, and there is no container engine to ask for an image of that name; give the path of an image archive, or set DOCKER_HOST"
    )]
    NoEngine(String),
    /// There is no engine to ask for a container.
    #[error("there is no container engine to ask for the container `{0}`; set DOCKER_HOST")]
    NoEngineForContainer(String),
    /// It is no path, and the engine does not answer.
    #[error(
        "`{image}` is no file or folder here, and the engine cannot be asked for an image of that name: {error}"
    )]
    EngineSilent {
        /// What was asked for.
        image: String,
        /// Why the engine cannot be asked.
        error: EngineError,
    },
    /// The archive holds several images, none with that name.
    #[error("{target} holds no image `{wanted}`; it holds {}", .there.join(", "))]
    NoSuchImage {
        /// The target.
        target: String,
        /// What was asked for.
        wanted: String,
        /// The references in it.
        there: Vec<String>,
    },
    /// The engine has the image for another platform.
    #[error(
        "the engine has `{image}` for {there} and not for {wanted}; `docker pull --platform {wanted} {image}` fetches it"
    )]
    OtherPlatform {
        /// What was asked for.
        image: String,
        /// The platform that the engine has.
        there: String,
        /// The platform that was asked for.
        wanted: String,
    },
    /// A registry does not give the image.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It cannot be read.
    #[error(transparent)]
    Analyse(#[from] AnalyseError),
    /// The bill of materials cannot be read.
    #[error(transparent)]
    Sbom(#[from] SbomFileError),
    /// The thread that read it died.
    #[error("reading the bill of materials failed inside Lazaret ({0}); the log has more")]
    SbomThread(#[from] tokio::task::JoinError),
    /// Its layers do not fit together.
    #[error(transparent)]
    Merge(#[from] PersistError),
    /// Matching failed.
    #[error(transparent)]
    Advisories(#[from] AdvisoryError),
    /// Layer analyses cannot be read or stored.
    #[error(transparent)]
    Layers(#[from] LayerStoreError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed.
    #[error("the store cannot be read: {0}")]
    Database(#[from] DbErr),
}
