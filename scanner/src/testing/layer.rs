//! Layers of an image.

use super::TarBuilder;

/// Writes the tar of one layer, with the names that container engines give to removals.
#[derive(Debug, Clone, Default)]
pub struct LayerBuilder {
    tar: TarBuilder,
}

impl LayerBuilder {
    /// A layer that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        Self { tar: self.tar.file(path, content) }
    }

    /// Adds a regular file that may be run, with a path of at most 100 bytes.
    #[must_use]
    pub fn program(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        Self { tar: self.tar.program(path, content) }
    }

    /// Adds a directory.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        Self { tar: self.tar.directory(path) }
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        Self { tar: self.tar.symlink(path, target) }
    }

    /// Adds a hard link.
    #[must_use]
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        Self { tar: self.tar.hardlink(path, target) }
    }

    /// Removes the path of lower layers.
    #[must_use]
    pub fn whiteout(self, path: &str) -> Self {
        let marker = match path.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/.wh.{name}"),
            None => format!(".wh.{path}"),
        };
        Self { tar: self.tar.file(marker, "") }
    }

    /// Removes all that lower layers have below the directory.
    #[must_use]
    pub fn opaque(self, directory: &str) -> Self {
        Self { tar: self.tar.file(format!("{directory}/.wh..wh..opq"), "") }
    }

    /// Adds the os-release of a distribution at `etc/os-release`.
    #[must_use]
    pub fn os_release(self, id: &str, version: &str, pretty_name: &str) -> Self {
        self.file(
            "etc/os-release",
            format!("ID={id}\nVERSION_ID=\"{version}\"\nPRETTY_NAME=\"{pretty_name}\"\n"),
        )
    }

    /// The tar.
    pub fn build(self) -> Vec<u8> {
        self.tar.build()
    }
}

impl From<TarBuilder> for LayerBuilder {
    fn from(tar: TarBuilder) -> Self {
        Self { tar }
    }
}
