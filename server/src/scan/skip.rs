//! Folders and files of an image that a scan leaves out because it was asked to.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use lazaret_scanner::image::SecretSource;

use super::persist::Merged;

/// A pattern that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{pattern}` is no pattern of paths: {reason}; write it like srv/app or **/node_modules")]
pub struct BadPattern {
    /// The pattern.
    pattern: String,
    /// What is wrong with it.
    reason: String,
}

/// What is left out.
#[derive(Debug, Clone, Default)]
pub struct Skip {
    folders: GlobSet,
    files: GlobSet,
}

impl Skip {
    /// Leaves out all below folders and all files that match one of these patterns. They begin at the root, with or
    /// without a slash; `*` stands for any name, `**` for any number of folders.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn new(folders: &[String], files: &[String]) -> Result<Self, BadPattern> {
        Ok(Self { folders: set(folders)?, files: set(files)? })
    }

    /// Whether the file at `path` (without a leading slash) is left out; what lies in an archive goes with it.
    pub fn covers(&self, path: &str) -> bool {
        let file = path.split_once("!/").map_or(path, |(file, _)| file);
        if self.files.is_match(file) {
            return true;
        }
        !self.folders.is_empty() && file.match_indices('/').any(|(at, _)| self.folders.is_match(&file[..at]))
    }

    /// Takes what is left out from what was read of an image.
    pub fn apply(&self, merged: &mut Merged) {
        merged.analysis.packages.retain(|package| !self.covers(&package.path));
        merged.analysis.warnings.retain(|warning| !self.covers(&warning.path));
        if let Some(Ok(secrets)) = &mut merged.secrets {
            secrets.found.retain(|found| found.source != SecretSource::File || !self.covers(&found.path));
            secrets.warnings.retain(|warning| !self.covers(&warning.path));
        }
        if let Some(malware) = &mut merged.malware {
            let rules = malware.rules.as_mut().ok().map(|rules| (&mut rules.found, &mut rules.warnings));
            let clamd = malware.clamd.as_mut().and_then(|clamd| clamd.as_mut().ok());
            for (found, warnings) in
                rules.into_iter().chain(clamd.map(|clamd| (&mut clamd.found, &mut clamd.warnings)))
            {
                found.retain(|found| !self.covers(&found.file.path));
                warnings.retain(|warning| !self.covers(&warning.path));
            }
        }
    }
}

fn set(patterns: &[String]) -> Result<GlobSet, BadPattern> {
    let bad = |pattern: &str, error: &globset::Error| BadPattern {
        pattern: pattern.to_owned(),
        reason: error.kind().to_string(),
    };
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let trimmed = pattern.trim_start_matches("./").trim_matches('/');
        let glob = GlobBuilder::new(trimmed).literal_separator(true).build();
        builder.add(glob.map_err(|error| bad(pattern, &error))?);
    }
    builder.build().map_err(|error| bad(&patterns.join(", "), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(folders: &[&str], files: &[&str]) -> Skip {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Skip::new(&owned(folders), &owned(files)).unwrap()
    }

    #[test]
    fn folders_cover_what_is_below_them() {
        let path = "srv/app/node_modules/lodash/package.json";
        for pattern in ["srv", "/srv/app/", "srv/*/node_modules", "**/node_modules", "./srv"] {
            assert!(skip(&[pattern], &[]).covers(path), "{pattern}");
        }
        for pattern in ["app", "srv/node_modules", "srv/app/node_modules/lodash/package.json", "sr"] {
            assert!(!skip(&[pattern], &[]).covers(path), "{pattern}");
        }
    }

    #[test]
    fn files_are_meant_whole_and_archives_take_their_content_along() {
        for pattern in ["opt/app.jar", "/opt/*.jar", "**/app.jar"] {
            assert!(skip(&[], &[pattern]).covers("opt/app.jar!/BOOT-INF/lib/log4j.jar"), "{pattern}");
        }
        assert!(!skip(&[], &["opt"]).covers("opt/app.jar"));
        assert!(!Skip::default().covers("opt/app.jar"));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let error = Skip::new(&["a[".to_owned()], &[]).unwrap_err();
        assert!(error.to_string().contains("`a[`"), "{error}");
    }
}
