//! Databases whose last changes may lie in a file beside them: both have to be at hand before one can be read, and
//! either may come first.

use std::collections::BTreeMap;

use super::Warning;
use crate::Limits;
use crate::catalog::intact::Intact;
use crate::catalog::{self, Format, PackageFile};
use crate::content::Content;

/// What of such databases has passed by, by the path of the database.
#[derive(Default)]
pub(super) struct Logged {
    databases: BTreeMap<String, (Format, String, Content)>,
    logs: BTreeMap<String, (Format, Content)>,
}

impl Logged {
    /// Keeps a database, which is read as the content of `name`.
    pub(super) fn database(&mut self, path: &str, name: &str, format: Format, content: Content) {
        self.databases.insert(path.to_owned(), (format, name.to_owned(), content));
    }

    /// Keeps the log of the database at `path`.
    pub(super) fn log(&mut self, path: &str, format: Format, content: Content) {
        self.logs.insert(path.to_owned(), (format, content));
    }

    /// Drops what lies at `path`.
    pub(super) fn forget(&mut self, path: &str) {
        self.databases.remove(path);
        if let Some((_, database)) = catalog::log_of(path) {
            self.logs.remove(database);
        }
    }

    /// Reads each database with its log, and adds the files that it tells of to `intact`. A log whose database is in another layer cannot be read with it.
    pub(super) fn read(mut self, limits: &Limits, intact: &mut Intact) -> (Vec<PackageFile>, Vec<Warning>) {
        let (mut files, mut warnings) = (Vec::new(), Vec::new());
        for (path, (format, name, content)) in self.databases {
            let mut log = self.logs.remove(&path);
            let log = log.as_mut().map(|(_, content)| content);
            let (mut file, told) = catalog::parse_with_log(format, &name, content, log, limits, intact);
            file.path.clone_from(&path);
            warnings.extend(told.into_iter().map(|warning| Warning { path: path.clone(), ..warning }));
            files.push(file);
        }
        for (path, (format, log)) in self.logs {
            if !log.is_empty() {
                let suffix = format.log_suffix().unwrap_or_default();
                let message = format!(
                    "has changes that may not be written to {path}, which this layer does not hold; they are not covered"
                );
                warnings.push(Warning { path: format!("{path}{suffix}"), message });
            }
        }
        (files, warnings)
    }
}
