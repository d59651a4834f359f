//! What a target is, told from its text and from what lies at that path.

use std::path::{Path, PathBuf};

use super::TargetError;
use crate::scan::analyse::ImageSource;
use crate::scan::sbom;

/// What `lazaret scan` was asked to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Images of an archive, or one of an engine.
    Image(ImageSource),
    /// A folder on its own: a root file system or a source tree.
    Folder(PathBuf),
    /// The file system of a container of an engine.
    Container {
        /// The engine's address.
        endpoint: String,
        /// The container's name or ID.
        container: String,
    },
    /// A bill of materials.
    Sbom(PathBuf),
    /// An image of a registry, by its reference.
    Registry(String),
}

/// Tells what a target is: an existing path, else a reference of the local engine. A prefix makes it plain: `archive:`,
/// `dir:`, `sbom:`, `engine:`, `container:`, `registry:`. Without one, a file of JSON is a bill of materials, and a
/// folder is an archive when it is an OCI layout, else it is read as it lies.
///
/// # Errors
/// When a path does not exist, or a reference is given without an engine.
pub(super) fn resolve(target: &str, engine: Option<&str>) -> Result<Target, TargetError> {
    match target.split_once(':') {
        Some(("archive", text)) => Ok(Target::Image(ImageSource::Archive(existing(text)?))),
        Some(("dir", text)) => {
            let path = existing(text)?;
            if path.is_dir() { Ok(Target::Folder(path)) } else { Err(TargetError::NoFolder(path)) }
        }
        Some(("sbom", text)) => Ok(Target::Sbom(existing(text)?)),
        Some(("engine", image)) => of_engine(image, engine),
        Some(("registry", reference)) => Ok(Target::Registry(reference.to_owned())),
        Some(("container", name)) => match engine {
            Some(endpoint) => {
                Ok(Target::Container { endpoint: endpoint.to_owned(), container: name.to_owned() })
            }
            None => Err(TargetError::NoEngineForContainer(name.to_owned())),
        },
        // A reference begins with a letter or digit; and nobody calls a repository something.tar.
        _ if target.starts_with(['/', '.', '~'])
            || target.split('.').skip(1).any(|part| part == "tar")
            || Path::new(target).exists() =>
        {
            let path = existing(target)?;
            if path.is_file() && sbom::may_be(&path) {
                return Ok(Target::Sbom(path));
            }
            let is_bare = path.is_dir() && !path.join("oci-layout").exists();
            Ok(if is_bare { Target::Folder(path) } else { Target::Image(ImageSource::Archive(path)) })
        }
        _ => of_engine(target, engine),
    }
}

fn existing(text: &str) -> Result<PathBuf, TargetError> {
    let path = PathBuf::from(text);
    if path.exists() { Ok(path) } else { Err(TargetError::NoSuchPath(path)) }
}

fn of_engine(image: &str, engine: Option<&str>) -> Result<Target, TargetError> {
    let image = image.to_owned();
    match engine {
        Some(endpoint) => Ok(Target::Image(ImageSource::Engine { endpoint: endpoint.to_owned(), image })),
        None => Err(TargetError::NoEngine(image)),
    }
}

/// What a person calls a folder: its path as given, or its own name where the path is only dots.
pub(super) fn folder_name(path: &Path) -> String {
    let given = path.display().to_string();
    if !given.chars().all(|c| matches!(c, '.' | '/')) || given.starts_with('/') {
        return given;
    }
    let real = path.canonicalize().ok();
    let own = real.as_deref().map(|real| real.file_name().map_or(real.as_os_str(), |name| name));
    own.map_or(given, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_path_wins_and_prefixes_make_it_plain() {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("image");
        std::fs::write(&archive, b"").expect("a file");
        let path = archive.display().to_string();
        let engine = Some("unix:///run/engine.sock");
        assert_eq!(
            resolve(&path, engine).expect("a path"),
            Target::Image(ImageSource::Archive(archive.clone()))
        );
        assert_eq!(
            resolve(&format!("archive:{path}"), None).expect("a path"),
            Target::Image(ImageSource::Archive(archive.clone()))
        );
        assert!(matches!(resolve(&format!("dir:{path}"), None), Err(TargetError::NoFolder(_))));
        let image = |name: &str| {
            Target::Image(ImageSource::Engine {
                endpoint: "unix:///run/engine.sock".to_owned(),
                image: name.to_owned(),
            })
        };
        assert_eq!(resolve("debian:12", engine).expect("a reference"), image("debian:12"));
        assert_eq!(resolve("engine:archive:1", engine).expect("a reference"), image("archive:1"));
        assert!(matches!(resolve("debian:12", None), Err(TargetError::NoEngine(_))));
        assert!(matches!(resolve("./nothing.tar", engine), Err(TargetError::NoSuchPath(_))));
        assert!(matches!(resolve("archive:nothing", engine), Err(TargetError::NoSuchPath(_))));
    }

    #[test]
    fn a_folder_is_an_archive_only_as_an_oci_layout() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, text) = (folder.path().to_path_buf(), folder.path().display().to_string());
        assert_eq!(resolve(&text, None).expect("a folder"), Target::Folder(path.clone()));
        let archive = Target::Image(ImageSource::Archive(path.clone()));
        assert_eq!(resolve(&format!("archive:{text}"), None).expect("a folder"), archive);
        std::fs::write(path.join("oci-layout"), b"{}").expect("a file");
        assert_eq!(resolve(&text, None).expect("a folder"), archive);
        assert_eq!(resolve(&format!("dir:{text}"), None).expect("a folder"), Target::Folder(path));
    }

    #[test]
    fn a_file_of_json_is_a_bill_of_materials() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("anything");
        std::fs::write(&path, b" {\"bomFormat\":\"CycloneDX\"}").expect("a file");
        let text = path.display().to_string();
        assert_eq!(resolve(&text, None).expect("a file"), Target::Sbom(path.clone()));
        assert_eq!(resolve(&format!("sbom:{text}"), None).expect("a file"), Target::Sbom(path.clone()));
        let archive = Target::Image(ImageSource::Archive(path));
        assert_eq!(resolve(&format!("archive:{text}"), None).expect("a file"), archive);
        assert!(matches!(resolve("sbom:nothing", None), Err(TargetError::NoSuchPath(_))));
    }

    #[test]
    fn a_folder_of_dots_is_called_by_its_own_name() {
        assert_eq!(folder_name(Path::new("src/app")), "src/app");
        assert_eq!(folder_name(Path::new("/")), "/");
        let here = std::env::current_dir().expect("a folder");
        let own = here.file_name().map(|name| name.to_string_lossy().into_owned());
        assert_eq!(Some(folder_name(Path::new("."))), own);
    }
}
