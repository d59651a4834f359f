//! An image of a registry, whose manifests and blobs are fetched when they are asked for.

use std::io::{self, Read};

use serde_json::json;

use super::ArchiveError;
use super::manifest::document_bytes;
use super::random::too_large;
use crate::{Digest, Limits};

/// How manifests and blobs of one repository are fetched. What the registry lacks is [`io::ErrorKind::NotFound`].
/// Digests need no checking by whoever implements it.
pub trait Fetch: Sync {
    /// The bytes of a manifest or an index.
    fn manifest(&self, digest: &Digest) -> io::Result<Vec<u8>>;
    /// Opens a configuration or a layer.
    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read>>;
}

/// An image of a registry.
pub struct Remote<'a> {
    /// The reference that led to it.
    pub reference: &'a str,
    /// The digest of its manifest or index.
    pub manifest: Digest,
    /// Fetches what it is made of.
    pub fetch: &'a dyn Fetch,
}

impl Remote<'_> {
    /// The index that an archive of this image alone would have.
    pub(super) fn index(&self) -> Vec<u8> {
        json!({ "manifests": [{ "digest": self.manifest.to_string() }] }).to_string().into_bytes()
    }

    pub(super) fn manifest(&self, name: &str, limits: &Limits) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(digest) = digest_of(name) else { return Ok(None) };
        let most = document_bytes(limits);
        match self.fetch.manifest(&digest) {
            Ok(bytes) if bytes.len() as u64 > most => Err(too_large(name, most)),
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ArchiveError::from_io(name, error)),
        }
    }

    pub(super) fn open(&self, location: &str) -> io::Result<Box<dyn Read>> {
        let digest = digest_of(location).ok_or(io::ErrorKind::NotFound)?;
        self.fetch.blob(&digest)
    }
}

/// The digest of `blobs/sha256/<hex>`, the only names that an index leads to.
pub(super) fn digest_of(name: &str) -> Option<Digest> {
    format!("sha256:{}", name.strip_prefix("blobs/sha256/")?).parse().ok()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use crate::archive::tests::all_but;
    use crate::archive::{Contents, Platform, Platforms, ReadOptions, Source, index, read};
    use crate::testing::{Compression, ImageBuilder, LayerBuilder, OciLayout};

    /// The files of an OCI layout as a registry, which remembers what was asked of it.
    struct Files {
        files: BTreeMap<String, Vec<u8>>,
        asked: Mutex<Vec<String>>,
    }

    impl Files {
        fn of(layout: OciLayout) -> Self {
            Self { files: layout.files(), asked: Mutex::default() }
        }

        fn top(&self) -> Digest {
            let index: serde_json::Value = serde_json::from_slice(&self.files["index.json"]).unwrap();
            index["manifests"][0]["digest"].as_str().unwrap().parse().unwrap()
        }

        fn get(&self, kind: &str, digest: &Digest) -> io::Result<Vec<u8>> {
            self.asked.lock().unwrap().push(format!("{kind} {digest}"));
            let file = self.files.get(&format!("blobs/sha256/{}", digest.hex()));
            file.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        }

        fn asked(&self) -> Vec<String> {
            std::mem::take(&mut self.asked.lock().unwrap())
        }

        fn read(&self, options: &ReadOptions<'_>) -> Result<Contents, ArchiveError> {
            let remote = Remote { reference: "example.org/app:1", manifest: self.top(), fetch: self };
            read(&Source::Registry(remote), options)
        }
    }

    impl Fetch for Files {
        fn manifest(&self, digest: &Digest) -> io::Result<Vec<u8>> {
            self.get("manifest", digest)
        }

        fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read>> {
            Ok(Box::new(io::Cursor::new(self.get("blob", digest)?)))
        }
    }

    fn image(architecture: &str) -> ImageBuilder {
        let layer = |name: &str| LayerBuilder::new().file(name, architecture);
        ImageBuilder::new()
            .tag("builder/name:0")
            .platform("linux", architecture)
            .layer(layer("a"))
            .layer(layer("b"))
    }

    fn multi() -> Files {
        let layout = OciLayout::new().image(image("arm64")).image(image("amd64")).image(image("s390x"));
        Files::of(layout.nested().with_attestations().compression(Compression::Gzip))
    }

    fn only(platform: &str) -> ReadOptions<'static> {
        let platforms = Platforms::Only(platform.parse().unwrap());
        ReadOptions { platforms, ..ReadOptions::default() }
    }

    #[test]
    fn trap_of_an_index_one_platform_is_fetched_and_nothing_else() {
        let files = multi();
        let contents = files.read(&only("linux/amd64")).unwrap();
        assert_eq!(contents.images.len(), 1);
        assert_eq!(contents.images[0].id, image("amd64").id());
        assert_eq!(contents.images[0].tags, ["example.org/app:1"]);
        assert_eq!(contents.layers.len(), 2);
        // The index, the manifest, the configuration and two layers.
        assert_eq!(files.asked().len(), 5);
    }

    #[test]
    fn an_image_without_the_platform_says_what_it_has() {
        let error = multi().read(&only("linux/riscv64")).unwrap_err();
        let ArchiveError::NoSuchPlatform { there, .. } = &error else { panic!("{error}") };
        assert_eq!(there, &["linux/amd64", "linux/arm64", "linux/s390x"]);
        // One image on its own, that no index lists, has a platform too.
        let single = Files::of(OciLayout::new().image(image("arm64")));
        assert!(matches!(single.read(&only("linux/amd64")), Err(ArchiveError::NoSuchPlatform { .. })));
        let prefer = Platforms::Prefer(Platform::new("linux", "amd64", ""));
        let contents = single.read(&ReadOptions { platforms: prefer, ..ReadOptions::default() }).unwrap();
        assert_eq!(contents.images[0].config.architecture, "arm64");
    }

    #[test]
    fn known_layers_are_not_fetched_and_sizes_are_told_before() {
        let files = multi();
        let remote = Remote { reference: "example.org/app:1", manifest: files.top(), fetch: &files };
        let platforms = only("linux/amd64").platforms;
        let images = index(&Source::Registry(remote), &crate::Limits::default(), &platforms).unwrap();
        let fetched = files.asked();
        assert_eq!(fetched.iter().filter(|asked| asked.starts_with("blob")).count(), 1, "the configuration");
        assert!(images[0].size > 0);
        let known = image("amd64").diff_ids()[0];
        let options = ReadOptions { missing: &|diff_id| all_but(*diff_id, known), ..only("linux/amd64") };
        let contents = files.read(&options).unwrap();
        assert_eq!(contents.layers.len(), 1);
        assert_eq!(files.asked().iter().filter(|asked| asked.starts_with("blob")).count(), 2);
    }

    #[test]
    fn what_is_missing_or_not_what_was_promised_is_an_error() {
        let mut files = multi();
        let manifest = files.top();
        let blob = format!("blobs/sha256/{}", manifest.hex());
        files.files.get_mut(&blob).unwrap().push(b' ');
        let mismatch = files.read(&only("linux/amd64")).unwrap_err();
        assert!(matches!(mismatch, ArchiveError::DigestMismatch { .. }), "{mismatch}");

        let plain = || OciLayout::new().image(image("amd64"));
        let layer = image("amd64").diff_ids()[1];
        let lacking = Files::of(plain().without_blob(layer));
        let missing = lacking.read(&ReadOptions::default()).unwrap_err();
        assert!(matches!(missing, ArchiveError::MissingLayer { .. }), "{missing}");
        let told = RefCell::new(0);
        let options = ReadOptions { progress: &|bytes| *told.borrow_mut() = bytes, ..ReadOptions::default() };
        Files::of(plain()).read(&options).unwrap();
        assert!(*told.borrow() > 0);
    }
}
