//! A root file system on its own, without an image round it: a folder, or a tar such as an engine's export of a
//! container. It is read as one layer.

use std::path::Path;

use super::blob::{self, Blob};
use super::{ArchiveError, Open, ReadOptions};
use crate::image::unread;
use crate::layer::{Analysers, Folder, LayerAnalysis};
use crate::meter::Meter;

/// Reads a folder. Links are not followed and devices not opened; a file that cannot be read is a warning.
///
/// No tar is made, so the diff ID of the answer is none: it is a digest over the listing and the files that were read,
/// and the size is that of the files.
pub fn folder(root: &Path, options: &ReadOptions<'_>) -> Result<LayerAnalysis, ArchiveError> {
    let place = root.display().to_string();
    let meter = Meter::new(options.progress, options.cancelled);
    let folder = Folder::open(root, &options.limits, &meter, &options.inspectors);
    let folder = folder.map_err(|error| ArchiveError::from_io(&place, error))?;
    let layer_error = |error| ArchiveError::from_layer(&place, error);
    let mut analysis = folder.analyse().map_err(layer_error)?;
    for file in unread(&[Some(&analysis)]) {
        folder.read_again(&file.path, &file.name, file.want, &mut analysis).map_err(layer_error)?;
    }
    Ok(analysis)
}

/// Reads a tar. It is opened a second time when a link names content that passed by. `place` names it in errors.
pub fn tar(place: &str, open: &Open<'_>, options: &ReadOptions<'_>) -> Result<LayerAnalysis, ArchiveError> {
    let meter = Meter::new(options.progress, options.cancelled);
    let opened = || open().map_err(|error| ArchiveError::from_io(place, error));
    let read =
        Blob::read(place, meter.wrap(opened()?), &options.limits, &options.inspectors, Analysers::ALL)?;
    let Some(mut analysis) = read.analysis else { return Err(ArchiveError::Truncated(place.to_owned())) };
    let wanted = unread(&[Some(&analysis)]);
    if !wanted.is_empty() {
        blob::read_again(place, meter.wrap(opened()?), &options.limits, &wanted, &mut analysis)?;
    }
    Ok(analysis)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::Limits;
    use crate::image::merge;
    use crate::layer::FileKind;
    use crate::testing::LayerBuilder;

    const STATUS: &str = "Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n\n";

    fn root(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn read(folder: &TempDir) -> LayerAnalysis {
        super::folder(folder.path(), &ReadOptions::default()).unwrap()
    }

    fn names(analysis: &LayerAnalysis) -> Vec<String> {
        merge(&[analysis]).packages.into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn a_folder_is_one_layer_and_its_digest_is_that_of_what_was_looked_at() {
        let files = [
            ("etc/os-release", "ID=debian\nVERSION_ID=12\n"),
            ("var/lib/dpkg/status", STATUS),
            ("srv/.wh.notes", "an ordinary name here"),
        ];
        let (one, same) = (read(&root(&files)), read(&root(&files)));
        assert_eq!(one, same);
        assert_eq!(names(&one), ["bash"]);
        assert_eq!(merge(&[&one]).distro.unwrap().ecosystem.as_deref(), Some("Debian:12"));
        let paths: Vec<&str> = one.files.iter().map(|file| file.path.as_str()).collect();
        assert!(paths.is_sorted() && paths.contains(&"srv/.wh.notes"), "{paths:?}");
        assert_eq!(one.size, files.iter().map(|(_, text)| text.len() as u64).sum::<u64>());

        let mut changed = files;
        let other = STATUS.replace("5.2", "5.3");
        changed[1].1 = &other;
        assert_ne!(read(&root(&changed)).diff_id, one.diff_id);
    }

    #[test]
    fn trap_links_are_followed_inside_of_the_folder_alone() {
        let outside = root(&[("status", STATUS)]);
        let folder = root(&[
            ("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"),
            ("data/status", STATUS),
            ("data/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}"),
        ]);
        let at = |path: &str| folder.path().join(path);
        for path in ["etc", "var/lib/dpkg", "lib/apk/db", "srv/node_modules/a"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        symlink("../usr/lib/os-release", at("etc/os-release")).unwrap();
        symlink("/data/status", at("var/lib/dpkg/status")).unwrap();
        symlink(outside.path().join("status"), at("lib/apk/db/installed")).unwrap();
        symlink(outside.path(), at("srv/away")).unwrap();
        symlink("..", at("srv/loop")).unwrap();
        fs::hard_link(at("data/package.json"), at("srv/node_modules/a/package.json")).unwrap();
        let analysis = read(&folder);
        assert_eq!(names(&analysis), ["bash", "a"]);
        assert!(!analysis.files.iter().any(|file| file.path.starts_with("srv/away/")));
    }

    #[test]
    fn what_cannot_be_read_is_a_warning_and_the_rest_is_kept() {
        let folder = root(&[
            ("var/lib/dpkg/status", STATUS),
            ("srv/node_modules/big/package.json", &format!("{{\"name\":\"big\",{}}}", " ".repeat(4_000))),
        ]);
        let fifo = folder.path().join("srv/node_modules/pipe/package.json");
        fs::create_dir_all(fifo.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let limits = Limits { file_bytes: 1_000, ..Limits::default() };
        let analysis = super::folder(folder.path(), &ReadOptions { limits, ..ReadOptions::default() });
        let analysis = analysis.unwrap();
        assert_eq!(names(&analysis), ["bash"]);
        assert_eq!(analysis.warnings.len(), 1, "{:?}", analysis.warnings);
        assert_eq!(analysis.warnings[0].path, "srv/node_modules/big/package.json");
        let fifo = analysis.files.iter().find(|file| file.path.ends_with("pipe/package.json")).unwrap();
        assert_eq!(fifo.kind, FileKind::Special);
    }

    #[test]
    fn limits_and_a_stop_end_the_walk() {
        let folder = root(&[("a/b", ""), ("a/c", ""), ("d", "")]);
        let limits = Limits { entries: 2, ..Limits::default() };
        let refused = super::folder(folder.path(), &ReadOptions { limits, ..ReadOptions::default() });
        assert!(matches!(refused, Err(ArchiveError::LimitExceeded { .. })), "{refused:?}");
        let stopped =
            super::folder(folder.path(), &ReadOptions { cancelled: &|| true, ..ReadOptions::default() });
        assert!(matches!(stopped, Err(ArchiveError::Cancelled)), "{stopped:?}");
        let absent = super::folder(&folder.path().join("d"), &ReadOptions::default());
        assert!(matches!(absent, Err(ArchiveError::Io { .. })), "{absent:?}");
    }

    #[test]
    fn a_tar_on_its_own_is_read_again_for_what_links_name() {
        let layer = LayerBuilder::new()
            .os_release("debian", "12", "Debian 12")
            .file("data/status", STATUS)
            .symlink("var/lib/dpkg/status", "/data/status")
            .build();
        let open = || -> std::io::Result<Box<dyn std::io::Read>> {
            Ok(Box::new(std::io::Cursor::new(layer.clone())))
        };
        let analysis = tar("the export", &open, &ReadOptions::default()).unwrap();
        assert_eq!(names(&analysis), ["bash"]);
        assert_eq!(analysis.diff_id, crate::Digest::of(&layer));
    }
}
